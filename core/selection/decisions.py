"""What selection decided, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from ..jsontext import JsonObject

__all__ = ["Decision", "decision_as_json", "decision_from_json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What became of one candidate tool, by one rule.

    Attributes:
        tool: Stable id of the tool; None for a rule that only adds system text or settings.
        plugin: Id of the plugin that owns it.
        rule: The rule that spoke, or ``no rule``.
        kept: Whether the tool is presented (or the rule's text added).
        reason: Why, in a few words.
        terms: The search terms that hit, if that is how the rule decides.
        ms: Milliseconds that the rule took.
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


def decision_as_json(decision: Decision) -> JsonObject:
    """A decision as rows, streams, replies and explanations hold it."""
    return {**asdict(decision), "ms": round(decision.ms, 3)}


def decision_from_json(stored: Mapping[str, Any]) -> Decision:
    """A decision as it was before :func:`decision_as_json`; what older rows lack has its default."""
    known = {field.name: stored[field.name] for field in fields(Decision) if field.name in stored}
    return Decision(**{**known, "terms": tuple(known.get("terms", ()))})
