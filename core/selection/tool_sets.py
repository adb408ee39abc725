"""What selection comes to: the tools of one request, what the prompt gains, and the record of why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from ..plugins.catalog import RegisteredRule, RegisteredTool
from .decisions import Decision
from .rules import PromptSettings, Verdict

__all__ = ["Conflict", "Judgement", "Selection", "ToolSet"]


class Judgement(msgspec.Struct, frozen=True):
    """A rule's verdict on one prompt.

    Attributes:
        place: The rule's place among those of the scope.
        rule: The rule.
        verdict: What it answered.
        ms: Milliseconds that it took; 0 when it was not asked by itself.
    """

    place: int
    rule: RegisteredRule
    verdict: Verdict
    ms: float = 0.0


class Selection(msgspec.Struct, frozen=True):
    """A rule that selected, and the ids of its tools that are presented."""

    judgement: Judgement
    tools: tuple[str, ...]


class Conflict(msgspec.Struct, frozen=True):
    """Two selected rules that want different values of a setting; both as ``plugin: rule = value``."""

    setting: str
    kept: str
    dropped: str


class ToolSet(msgspec.Struct, frozen=True, kw_only=True):
    """What selection made for one request.

    Attributes:
        tools: The tools to present, in the catalog's order.
        additions: Texts that the system message gains, each once.
        settings: What the selected rules want of the settings, conflicts resolved.
        selections: The rules that selected.
        conflicts: Where rules disagreed.
        decisions: For each candidate tool, what was decided and why.
        reasons: Why each of the tools is presented, by their ids.
    """

    tools: tuple[RegisteredTool, ...] = ()
    additions: tuple[str, ...] = ()
    settings: PromptSettings = PromptSettings()
    selections: tuple[Selection, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    decisions: Sequence[Decision] = ()
    reasons: Mapping[str, str] = msgspec.field(default_factory=dict)
