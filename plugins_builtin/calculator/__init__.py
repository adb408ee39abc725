"""Plugin ``calculator``: exact arithmetic for models, which are bad at it."""

from __future__ import annotations

from collections.abc import Sequence

from promptdock import SelectionRule, Tool, hookimpl

__all__ = ["register_selection_rules", "register_tools"]


@hookimpl
def register_tools() -> Sequence[Tool]:
    """One tool, ``calculator``."""
    from .tool import calculate

    return [calculate]


@hookimpl
def register_selection_rules() -> Sequence[SelectionRule]:
    """Present it when the prompt talks about calculating, or simply holds arithmetic."""
    from .rule import selection_rules
    from .tool import calculate

    return selection_rules(calculate)
