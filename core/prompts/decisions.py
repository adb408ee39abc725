"""Decisions about tools, as callers get to see them."""

from __future__ import annotations

from collections.abc import Iterable

from ..jsontext import JsonObject
from ..selection.decisions import Decision, decision_as_json
from ..selection.scope import NOT_OFFERED

__all__ = ["shown_decisions"]


def shown_decisions(decisions: Iterable[Decision]) -> list[JsonObject]:
    """The decisions that streams and replies hold: what else is installed is nothing to an LLM client's callers."""
    return [decision_as_json(decision) for decision in decisions if decision.rule != NOT_OFFERED]
