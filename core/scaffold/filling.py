"""The packaged templates, and filling them in."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from string import Template

__all__ = ["fill"]


def fill(template: str, values: Mapping[str, str]) -> str:
    """Fill a template in.

    Args:
        template: Its name in the folder ``templates``, without the ending ``.txt``, which keeps programs from taking
            templates for what they become.
        values: What stands for each ``$name`` in it.
    """
    text = (files(__package__) / "templates" / f"{template}.txt").read_text(encoding="utf-8")
    return Template(text).substitute(values)
