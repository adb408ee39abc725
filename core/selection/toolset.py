"""The tool set of one request: its tools, what the prompt gains, and the record of why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ..plugins.catalog import Catalog, RegisteredTool
from .decisions import Decision
from .judge import Judgement
from .rules import PromptSettings

__all__ = ["Conflict", "Selection", "ToolSet", "make_tool_set"]

_SETTINGS: tuple[Literal["model", "temperature", "max_completion_tokens"], ...] = (
    "model",
    "temperature",
    "max_completion_tokens",
)


@dataclass(frozen=True, slots=True)
class Selection:
    """A rule that selected, and the ids of its tools that are presented."""

    judgement: Judgement
    tools: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two selected rules that want different values of a setting; both as ``plugin: rule = value``."""

    setting: str
    kept: str
    dropped: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSet:
    """What selection made for one request.

    Attributes:
        tools: The tools to present, in the catalog's order.
        additions: Texts that the system message gains, each once.
        settings: What the selected rules want of the settings, conflicts resolved.
        selections: The rules that selected.
        conflicts: Where rules disagreed.
        decisions: For each candidate tool, what was decided and why.
    """

    tools: tuple[RegisteredTool, ...] = ()
    additions: tuple[str, ...] = ()
    settings: PromptSettings = field(default_factory=PromptSettings)
    selections: tuple[Selection, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    decisions: tuple[Decision, ...] = ()

    def reason_for(self, tool_id: str) -> str:
        """Why a tool is presented."""
        return "; ".join(item.reason for item in self.decisions if item.kept and item.tool == tool_id)


def make_tool_set(
    catalog: Catalog,
    judgements: Sequence[Judgement],
    *,
    provider: str,
    withheld: str | None = None,
    taken: Iterable[str] = (),
) -> ToolSet:
    """Make the tool set from the rules' verdicts.

    Args:
        catalog: The tools there are.
        judgements: Every rule's verdict, in the catalog's order.
        provider: The provider that will be asked; rules' settings for another one do not count.
        withheld: A reason to present no tool at all, e.g. that the model takes none.
        taken: Wire names of the caller's own tools; ours of the same name are left out.

    Returns:
        The tool set.
    """
    refused = frozenset(taken)
    decisions = tuple(
        decision
        for tool in catalog.tools.values()
        for decision in _decide(tool, judgements, withheld, tool.name in refused)
    )
    kept = {decision.tool for decision in decisions if decision.kept}
    selections = tuple(
        Selection(item, tuple(tool for tool in item.rule.tools if tool in kept))
        for item in judgements
        if item.verdict.selected and (not item.rule.tools or not kept.isdisjoint(item.rule.tools))
    )
    settings, conflicts = _merged_settings(selections, provider)
    additions = dict.fromkeys(
        selection.judgement.rule.rule.system for selection in selections if selection.judgement.rule.rule.system
    )
    return ToolSet(
        tools=tuple(tool for tool in catalog.tools.values() if tool.id in kept),
        additions=tuple(text for text in additions if text),
        settings=settings,
        selections=selections,
        conflicts=conflicts,
        decisions=(*decisions, *_decide_toolless(judgements)),
    )


def _decide(
    tool: RegisteredTool, judgements: Sequence[Judgement], withheld: str | None, taken: bool
) -> Iterable[Decision]:
    found = [_from_rule(tool, item) for item in judgements if tool.id in item.rule.tools]
    if not found:
        reason = "no rule speaks for it, so it is always presented"
        found = [
            Decision(
                tool=tool.id,
                plugin=tool.plugin.name,
                rule="no rule",
                kept=True,
                reason=reason,
                name=tool.name,
                distribution=tool.plugin.distribution,
                version=tool.plugin.version,
            )
        ]
    if withheld is not None:
        return [replace(item, kept=False, reason=withheld, overruled=True) for item in found]
    if taken:
        reason = f"the caller brings a tool of the name {tool.name!r}"
        return [replace(item, kept=False, reason=reason, overruled=True) for item in found]
    return found


def _from_rule(tool: RegisteredTool | None, item: Judgement) -> Decision:
    return Decision(
        tool=None if tool is None else tool.id,
        plugin=item.rule.plugin.name,
        rule=item.rule.rule.description,
        kept=item.verdict.selected,
        reason=item.verdict.reason,
        terms=item.verdict.terms,
        ms=item.ms,
        name=None if tool is None else tool.name,
        distribution=item.rule.plugin.distribution,
        version=item.rule.plugin.version,
    )


def _decide_toolless(judgements: Sequence[Judgement]) -> Iterable[Decision]:
    return (_from_rule(None, item) for item in judgements if not item.rule.tools)


def _merged_settings(selections: Sequence[Selection], provider: str) -> tuple[PromptSettings, tuple[Conflict, ...]]:
    """Give each setting to the rule of the highest priority; among equals to the first in the catalog's order."""
    ranked = sorted(selections, key=lambda selection: -selection.judgement.rule.rule.priority)
    merged: dict[str, Any] = {}
    conflicts: list[Conflict] = []
    for name in _SETTINGS:
        wanted = [(value, item) for item in ranked if (value := _wanted(item, name, provider)) is not None]
        if not wanted:
            continue
        first, winner = wanted[0]
        merged[name] = first
        conflicts += [
            Conflict(name, _label(winner, first), _label(loser, value)) for value, loser in wanted[1:] if value != first
        ]
    return PromptSettings(provider=provider, **merged), tuple(conflicts)


def _wanted(selection: Selection, name: str, provider: str) -> str | float | int | None:
    settings = selection.judgement.rule.rule.settings
    if settings is None or settings.provider not in (None, provider):
        return None
    value: str | float | int | None = getattr(settings, name)
    return value


def _label(selection: Selection, value: object) -> str:
    rule = selection.judgement.rule
    return f"{rule.plugin.name}: {rule.rule.description} = {value}"
