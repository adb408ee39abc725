"""The calls that a prompt asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ...jsontext import JsonObject
from .clauses import Clause, Prompt
from .fill import Filler
from .match import CLEARLY, SPOKEN_OF, OfferedTool, best_tool, best_tools, rarity_of
from .schemas import type_of
from .supply import Supply

__all__ = ["PlannedCall", "follow_up", "plan_calls"]

_MOST_FOLLOWING = 80
"""Characters of a prompt that only makes sense after another one."""
_FOLLOWS = re.compile(r"\s*(?:and|or|then|also|what about|how about|now|same)\b", re.IGNORECASE)

_MOST_COMPARED = 100
"""Tools up to which each piece of a clause is compared with every one."""
_NEARLY = 0.8
"""Part of the best score from which on a tool comes into question when the best one lacks an argument."""
_LISTED = frozenset({"name", "quoted", "expression"})
"""What a list of is a call for each."""


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """A call to make.

    Attributes:
        name: The tool's name.
        arguments: Its arguments.
        needs: What it needs and the prompt does not say, so that the arguments are made up.
    """

    name: str
    arguments: JsonObject
    needs: tuple[str, ...] = ()


def plan_calls(prompt: Prompt, tools: Sequence[OfferedTool], *, at_least_one: bool) -> list[PlannedCall]:
    """Choose the calls that a prompt asks for.

    Args:
        prompt: The prompt, taken apart.
        tools: The tools to choose from.
        at_least_one: Whether to call the best one even if the prompt hardly speaks of it.

    Returns:
        The calls, in the order of the prompt, each once.
    """
    if not tools:
        return []
    rarity = rarity_of(tools)
    found: list[PlannedCall] = []
    speaking: list[OfferedTool] = []
    for clause in _by_tool(prompt.clauses, tools, rarity):
        ranked = best_tools(tools, clause, rarity)
        score, tool = ranked[0]
        if score < SPOKEN_OF or (tool in speaking and not _stands_alone(tool, clause)):
            continue
        calls = _calls(tool, clause, prompt.whole)
        for nearly, other in ranked[1:]:
            if calls[0].needs and nearly >= max(SPOKEN_OF, _NEARLY * score) and other not in speaking:
                tried = _calls(other, clause, prompt.whole)
                tool, calls = (tool, calls) if tried[0].needs else (other, tried)
        speaking.append(tool)
        found += [call for call in calls if call not in found]
    if len(speaking) == 1:
        found = _completed(found, speaking[0], prompt.whole)
    if not found and (at_least_one or len(prompt.clauses) > 1):
        score, tool = best_tool(tools, prompt.whole, rarity)
        if at_least_one or score >= SPOKEN_OF:
            found = _calls(tool, prompt.whole, prompt.whole)
    return found


def _by_tool(clauses: Sequence[Clause], tools: Sequence[OfferedTool], rarity: Mapping[str, float]) -> Iterator[Clause]:
    """Cut clauses where the pieces speak of different tools: "the weather in Paris, and 2 + 2"."""
    for clause in clauses:
        seams = clause.seams() if 1 < len(tools) <= _MOST_COMPARED else []
        kept: list[int] = []
        sure = SPOKEN_OF if any(item.kind == "expression" for item in clause.evidence) else CLEARLY
        before: OfferedTool | None = None
        for start, piece in zip([0, *seams], clause.cut(seams), strict=True):
            score, tool = best_tool(tools, piece, rarity)
            if score < sure:
                continue
            if before is not None and tool is not before:
                kept.append(start)
            before = tool
        yield from clause.cut(kept)


def _completed(calls: list[PlannedCall], tool: OfferedTool, whole: Clause) -> list[PlannedCall]:
    """Add optional arguments that other clauses speak of: "Weather in Oslo? In fahrenheit, please."."""
    said = Filler(tool.parameters, tool.supply(whole)).fill()
    more = said if isinstance(said, dict) else {}
    return [replace(call, arguments={**more, **call.arguments}) for call in calls]


def _stands_alone(tool: OfferedTool, clause: Clause) -> bool:
    """Whether a clause has all that a second call of a tool needs; otherwise it only says more about the first."""
    supply = tool.supply(clause)
    filler = Filler(tool.parameters, supply)
    filler.fill()
    return not filler.missing and bool(supply.taken)


def follow_up(prompt: Prompt, tools: Sequence[OfferedTool], before: PlannedCall) -> list[PlannedCall]:
    """Repeat a call with what a short prompt like "And in Rome?" puts in the place of the former arguments."""
    tool = next((tool for tool in tools if tool.name == before.name), None)
    if tool is None or not _FOLLOWS.match(prompt.whole.text) or len(prompt.whole.text) > _MOST_FOLLOWING:
        return []
    supply = tool.supply(prompt.whole)
    filler = Filler(tool.parameters, supply)
    arguments = filler.fill()
    if not supply.taken or filler.missing or not isinstance(arguments, dict):
        return []
    return [PlannedCall(tool.name, {**before.arguments, **arguments})]


def _calls(tool: OfferedTool, clause: Clause, whole: Clause) -> list[PlannedCall]:
    """The calls of one tool that a clause asks for: more than one when it lists several names for the one argument."""
    supply = tool.supply(clause)
    filler = Filler(tool.parameters, supply)
    arguments = filler.fill()
    needs = filler.needs
    if filler.missing and clause is not whole:  # the arguments may stand in another clause
        wider = Filler(tool.parameters, tool.supply(whole))
        again = wider.fill()
        if wider.missing < filler.missing or len(wider.needs) < len(needs):
            arguments, needs = again, wider.needs
    first = PlannedCall(tool.name, arguments if isinstance(arguments, dict) else {}, tuple(needs))
    return [first, *_siblings(tool, first, supply)]


def _siblings(tool: OfferedTool, first: PlannedCall, supply: Supply) -> list[PlannedCall]:
    """More calls for "Paris, Rome and Oslo", when the tool needs just one text."""
    needed = [entry for entry in tool.properties if entry.required]
    if len(needed) != 1 or needed[0].scalar is None or type_of(needed[0].scalar) != "string":
        return []
    name = needed[0].name
    evidence = supply.clause.evidence
    kinds = {item.kind for item in evidence if item.value == first.arguments.get(name)} & _LISTED
    listed = [item for item in evidence if item.kind in kinds and not item.weak]
    place = next((at for at, item in enumerate(listed) if item.value == first.arguments.get(name)), None)
    calls: list[PlannedCall] = []
    while place is not None and place + 1 < len(listed):
        gap = supply.clause.text[listed[place].end : listed[place + 1].start].strip()
        if gap not in (",", "and", ", and", "&", "、", "和"):
            break
        place += 1
        calls.append(PlannedCall(tool.name, {**first.arguments, name: listed[place].value}))
    return calls
