"""Decisions about tools, as rows, streams and replies hold them."""

from __future__ import annotations

from dataclasses import asdict

from ..jsontext import JsonObject
from ..selection.decisions import Decision

__all__ = ["decision_as_json"]


def decision_as_json(decision: Decision) -> JsonObject:
    """A decision as plain JSON."""
    return {**asdict(decision), "ms": round(decision.ms, 3)}
