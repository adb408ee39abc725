"""Lengths of time on the command line, e.g. ``30d``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final

import click

__all__ = ["read_span"]

_WRITTEN: Final = re.compile(r"([0-9]{1,6})([mhdwy])")
_UNITS: Final[Mapping[str, timedelta]] = MappingProxyType(
    {
        "m": timedelta(minutes=1),
        "h": timedelta(hours=1),
        "d": timedelta(days=1),
        "w": timedelta(weeks=1),
        "y": timedelta(days=365),
    }
)
_LONGEST: Final = timedelta(days=36_500)


def read_span(_: click.Context, __: click.Parameter, value: str | None) -> timedelta | None:
    """Read a length of time, as the callback of an option: minutes, hours, days, weeks or years; up to 100 years.

    Raises:
        BadParameter: It is none.
    """
    if value is None:
        return None
    found = _WRITTEN.fullmatch(value)
    span = int(found[1]) * _UNITS[found[2]] if found else timedelta()
    if not timedelta() < span <= _LONGEST:
        raise click.BadParameter(f"{value[:40]!r} is no length of time such as 90m, 12h, 30d, 8w or 1y, up to 100y.")
    return span
