"""Plugin ``date_calculator``: differences between dates, earlier and later dates, and their formats."""

from __future__ import annotations

from collections.abc import Sequence

from promptdock import SelectionRule, Tool, hookimpl

__all__ = ["register_selection_rules", "register_tools"]


@hookimpl
def register_tools() -> Sequence[Tool]:
    """One tool, ``date_calculator``."""
    from .tool import calculate_dates

    return [calculate_dates]


@hookimpl
def register_selection_rules() -> Sequence[SelectionRule]:
    """Present it when the prompt talks about dates, or holds one."""
    from .rule import selection_rules
    from .tool import calculate_dates

    return selection_rules(calculate_dates)
