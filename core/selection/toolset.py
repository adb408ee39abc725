"""Making the tool set of one request from what the rules answered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from msgspec.structs import replace

from .candidates import Candidates, decision_of
from .decisions import Decision, Decisions
from .rules import PromptSettings, Verdict
from .tool_sets import Conflict, Judgement, Selection, ToolSet

__all__ = ["make_tool_set"]

_SETTINGS: tuple[Literal["model", "temperature", "max_completion_tokens"], ...] = (
    "model",
    "temperature",
    "max_completion_tokens",
)
_SLOW_MS: Final = 1.0
"""Milliseconds from which on a rule that decided as for any prompt has a decision of its own, which tells them."""


def make_tool_set(
    candidates: Candidates,
    judgements: Sequence[Judgement],
    *,
    provider: str,
    withheld: str | None = None,
    taken: Iterable[str] = (),
) -> ToolSet:
    """Make the tool set from the rules' verdicts.

    Args:
        candidates: The tools there are.
        judgements: What :func:`~promptdock.selection.judge.judge` gave.
        provider: The provider that will be asked; rules' settings for another one do not count.
        withheld: A reason to present no tool at all, e.g. that the model takes none.
        taken: Wire names of the caller's own tools; ours of the same name are left out.

    Returns:
        The tool set.
    """
    changes = _changes(candidates, judgements)
    refused = {} if withheld is not None else {tool: name for name in taken for tool in candidates.named(name)}
    for tool, name in refused.items():
        reason = f"the caller brings a tool of the name {name!r}"
        for place in candidates.of_tool(tool):
            decision = changes.get(place) or candidates.base.decisions[place]
            changes[place] = replace(decision, kept=False, reason=reason, overruled=True)
    is_usual = not changes and withheld is None
    known = candidates.usual.get(provider) if is_usual else None
    if known is not None:
        return known
    kept = () if withheld is not None else _kept(candidates, changes, refused)
    selections = _selections(judgements, frozenset(kept))
    settings, conflicts = _merged_settings(selections, provider)
    systems = [selection.judgement.rule.rule.system for selection in selections]
    made = ToolSet(
        tools=tuple([candidates.catalog.tools[tool] for tool in kept]),
        additions=tuple(dict.fromkeys([text for text in systems if text])),
        settings=settings,
        selections=selections,
        conflicts=conflicts,
        decisions=Decisions(candidates.base, changes, withheld=withheld),
        reasons={tool: _reason(candidates, changes, tool) for tool in kept},
    )
    if is_usual and not selections:  # rules that select for every prompt may say something else each time
        candidates.usual[provider] = made
    return made


def _changes(candidates: Candidates, judgements: Sequence[Judgement]) -> dict[int, Decision]:
    """The decisions that a prompt changes, or that took so long that it is worth telling."""
    base, tools = candidates.base.decisions, candidates.catalog.tools
    changes: dict[int, Decision] = {}
    for item in judgements:
        for place in candidates.of_rule(item.place):
            before = base[place]
            if item.ms >= _SLOW_MS or not _says(before, item.verdict):
                changes[place] = decision_of(None if before.tool is None else tools[before.tool], item)
    return changes


def _says(decision: Decision, verdict: Verdict) -> bool:
    return decision.kept == verdict.selected and decision.reason == verdict.reason and decision.terms == verdict.terms


def _kept(candidates: Candidates, changes: Mapping[int, Decision], refused: Collection[str]) -> tuple[str, ...]:
    """Ids of the tools that are presented, in the catalog's order."""
    added = {item.tool for item in changes.values() if item.kept and item.tool is not None}
    if added:
        return tuple([tool for tool in candidates.in_order(added.union(candidates.presented)) if tool not in refused])
    return tuple([tool for tool in candidates.presented if tool not in refused])


def _selections(judgements: Sequence[Judgement], kept: Collection[str]) -> tuple[Selection, ...]:
    """The rules that selected, save those whose tools are all left out."""
    selected = []
    for item in judgements:
        if item.verdict.selected:
            tools = tuple([tool for tool in item.rule.tools if tool in kept])
            if tools or not item.rule.tools:
                selected.append(Selection(item, tools))
    return tuple(selected)


def _reason(candidates: Candidates, changes: Mapping[int, Decision], tool: str) -> str:
    """Why a tool is presented."""
    decided = [changes.get(place) or candidates.base.decisions[place] for place in candidates.of_tool(tool)]
    return "; ".join([item.reason for item in decided if item.kept])


def _merged_settings(selections: Sequence[Selection], provider: str) -> tuple[PromptSettings, tuple[Conflict, ...]]:
    """Give each setting to the rule of the highest priority; among equals to the first in the catalog's order."""
    speaking = [selection for selection in selections if selection.judgement.rule.rule.settings is not None]
    if not speaking:
        return PromptSettings(provider=provider), ()
    ranked = sorted(speaking, key=lambda selection: -selection.judgement.rule.rule.priority)
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
