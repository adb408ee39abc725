"""What selection decided, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from types import MappingProxyType
from typing import Any, overload
from uuid import NAMESPACE_OID, UUID, uuid5

import msgspec
from msgspec.structs import replace

from ..jsontext import JsonObject, dumps

__all__ = ["Decision", "DecisionBase", "Decisions", "decision_as_json", "decision_from_json"]


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one candidate tool, by one rule.

    Attributes:
        tool: Stable id of the tool; None for a rule that only adds system text or settings.
        plugin: Id of the plugin that owns it.
        rule: The rule that spoke, or ``no rule``.
        kept: Whether the tool is presented (or the rule's text added).
        reason: Why, in a few words.
        terms: The search terms that hit, if that is how the rule decides.
        ms: Milliseconds that the rule took; 0 for what is looked up for all rules together, or told without asking, and
            where the rule took less than one to decide as it does for most prompts.
        overruled: Whether the reason lies outside of the rule, which would have had its tool presented or not all the
            same: the LLM client does not offer it, the caller brings a tool of its name, the model takes no tools.
        name: The tool's wire name; None as for ``tool``.
        distribution: The distribution that brings the plugin; empty for a rule of an LLM client's own.
        version: The distribution's version; empty when unknown.
    """

    tool: str | None
    plugin: str
    rule: str
    kept: bool
    reason: str
    terms: tuple[str, ...] = ()
    ms: float = 0.0
    overruled: bool = False
    name: str | None = None
    distribution: str = ""
    version: str = ""


class DecisionBase:
    """What is decided where a prompt gives no cause: shared by all prompts that the same tools are offered to.

    Args:
        decisions: One for each candidate tool and rule, in the order in which they are shown.
        offered: How many of them, from the first on, are about tools that are offered to these prompts.

    Attributes:
        decisions: As given.
        offered: As given.
    """

    def __init__(self, decisions: Sequence[Decision] = (), *, offered: int = 0) -> None:
        self.decisions = tuple(decisions)
        self._as_json: dict[int, JsonObject] = {}
        self.offered = offered

    def as_json(self, place: int) -> JsonObject:
        """The decision at a place as JSON, made once for all prompts: read it, never change it."""
        made = self._as_json.get(place)
        if made is None:
            made = self._as_json[place] = decision_as_json(self.decisions[place])
        return made

    @cached_property
    def id(self) -> UUID:
        """Follows from what the decisions say, and is the same in every process; what rules took does not count."""
        said = [{**decision_as_json(decision), "ms": 0.0} for decision in self.decisions]
        return uuid5(NAMESPACE_OID, sha256(dumps(said)).hexdigest())


class Decisions(Sequence[Decision]):
    """The decisions of one prompt, read like a tuple of them: a base, and what differs from it.

    Hundreds of tools may be installed and few be decided about otherwise than for any prompt, so they are put together
    when somebody looks.

    Args:
        base: What holds where nothing else is said.
        changes: The decisions that differ, by their places.
        withheld: Why no tool at all is presented, or None.

    Attributes:
        base: As given.
        changes: As given.
        withheld: As given.
    """

    __slots__ = ("base", "changes", "withheld")

    def __init__(
        self, base: DecisionBase, changes: Mapping[int, Decision] | None = None, *, withheld: str | None = None
    ) -> None:
        self.base = base
        self.changes: Mapping[int, Decision] = MappingProxyType(changes or {})
        self.withheld = withheld

    def __len__(self) -> int:
        return len(self.base.decisions)

    @overload
    def __getitem__(self, index: int) -> Decision: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Decision, ...]: ...

    def __getitem__(self, index: int | slice) -> Decision | tuple[Decision, ...]:
        places = range(len(self.base.decisions))[index]
        return tuple(map(self._at, places)) if isinstance(places, range) else self._at(places)

    def __iter__(self) -> Iterator[Decision]:
        return map(self._at, range(len(self)))

    def _at(self, place: int) -> Decision:
        decision = self.changes.get(place) or self.base.decisions[place]
        if self.withheld is None or place >= self.base.offered:
            return decision
        return replace(decision, kept=False, reason=self.withheld, overruled=True)

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, (Decisions, tuple)) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (tuple(self),)


def decision_as_json(decision: Decision) -> JsonObject:
    """A decision as rows, streams, replies and explanations hold it."""
    return {
        "tool": decision.tool,
        "plugin": decision.plugin,
        "rule": decision.rule,
        "kept": decision.kept,
        "reason": decision.reason,
        "terms": decision.terms,
        "ms": round(decision.ms, 3),
        "overruled": decision.overruled,
        "name": decision.name,
        "distribution": decision.distribution,
        "version": decision.version,
    }


def decision_from_json(stored: Mapping[str, Any]) -> Decision:
    """A decision as it was before :func:`decision_as_json`; what older rows lack has its default."""
    known = {name: stored[name] for name in Decision.__struct_fields__ if name in stored}
    return Decision(**{**known, "terms": tuple(known.get("terms", ()))})
