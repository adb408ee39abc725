"""What selection decided, and why."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Decision"]


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
    """

    tool: str | None
    plugin: str
    rule: str
    kept: bool
    reason: str
    terms: tuple[str, ...] = ()
    ms: float = 0.0
