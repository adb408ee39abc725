"""Decisions about tools, as callers get to see them."""

from __future__ import annotations

from collections.abc import Iterable

from ..jsontext import JsonObject
from ..selection.decisions import Decision, Decisions, decision_as_json
from ..selection.scope import NOT_OFFERED

__all__ = ["shown_decisions"]


def shown_decisions(decisions: Iterable[Decision]) -> list[JsonObject]:
    """The decisions that streams and replies hold: what else is installed is nothing to an LLM client's callers."""
    if not isinstance(decisions, Decisions) or decisions.withheld is not None:
        return [decision_as_json(decision) for decision in decisions if decision.rule != NOT_OFFERED]
    base, changes = decisions.base, decisions.changes
    return [
        decision_as_json(changes[place]) if place in changes else base.as_json(place)
        for place, decision in enumerate(base.decisions)
        if decision.rule != NOT_OFFERED
    ]
