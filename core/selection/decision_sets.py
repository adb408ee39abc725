"""Decisions as they are stored: a set that many turns share, and what one turn has of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from ..jsontext import JsonObject
from .decisions import Decision, DecisionBase, Decisions, decision_as_json

__all__ = ["StoredDecisions", "restored_decisions", "stored_decisions"]


class StoredDecisions(msgspec.Struct, frozen=True, kw_only=True):
    """The decisions of one turn, in two parts.

    Attributes:
        set_id: Names the part that turns share; it follows from what that says, so the same set has the same id in
            every process.
        base: That part.
        overrides: What this turn has of its own, as JSON: decisions with their place ``at``; and, when no tool at all
            is presented, the members that the decisions before the place ``upto`` have instead of their own.
    """

    set_id: UUID
    base: DecisionBase
    overrides: list[JsonObject]

    def base_as_json(self) -> list[JsonObject]:
        """The shared part as JSON; wanted once, when its id is not stored yet."""
        return [decision_as_json(decision) for decision in self.base.decisions]


def stored_decisions(decisions: Sequence[Decision]) -> StoredDecisions:
    """Take the decisions of a turn apart.

    Args:
        decisions: As ``TurnStarted`` has them; of any other sequence, nothing is known to be shared but all of it.
    """
    if not isinstance(decisions, Decisions):
        decisions = _all_shared(decisions)
    overrides = [{"at": place, **decision_as_json(decision)} for place, decision in sorted(decisions.changes.items())]
    if decisions.withheld is not None:
        overrides.append(
            {"upto": decisions.base.offered, "kept": False, "reason": decisions.withheld, "overruled": True}
        )
    return StoredDecisions(set_id=decisions.base.id, base=decisions.base, overrides=overrides)


def restored_decisions(base: Sequence[Mapping[str, Any]], overrides: Iterable[Mapping[str, Any]]) -> list[JsonObject]:
    """Put the decisions of a turn together again.

    Args:
        base: As :meth:`StoredDecisions.base_as_json` gave it.
        overrides: As :attr:`StoredDecisions.overrides` were.

    Returns:
        Each decision as :func:`~promptdock.selection.decisions.decision_as_json` gives it, in their order.
    """
    whole = [dict(decision) for decision in base]
    for override in overrides:
        said = {name: value for name, value in override.items() if name not in {"at", "upto"}}
        if "at" in override:
            whole[override["at"]] = said
        else:
            for decision in whole[: override["upto"]]:
                decision.update(said)
    return whole


def _all_shared(decisions: Sequence[Decision]) -> Decisions:
    base = DecisionBase([replace(decision, ms=0.0) for decision in decisions])
    return Decisions(base, {place: decision for place, decision in enumerate(decisions) if decision.ms})
