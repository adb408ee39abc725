"""What selection decided, and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from ..jsontext import JsonObject

__all__ = ["Decision", "decision_as_json"]


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
    """

    tool: str | None
    plugin: str
    rule: str
    kept: bool
    reason: str
    terms: tuple[str, ...] = ()
    ms: float = 0.0
    overruled: bool = False


def decision_as_json(decision: Decision) -> JsonObject:
    """A decision as rows, streams, replies and explanations hold it."""
    return {**asdict(decision), "ms": round(decision.ms, 3)}
