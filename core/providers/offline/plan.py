"""The calls that a prompt asks for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ...jsontext import JsonObject
from .clauses import Clause, Prompt
from .fill import Filler
from .match import SPOKEN_OF, OfferedTool, best_tool, rarity_of
from .schemas import type_of
from .supply import Supply

__all__ = ["PlannedCall", "follow_up", "plan_calls"]

_MOST_FOLLOWING = 80
"""Characters of a prompt that only makes sense after another one."""
_FOLLOWS = re.compile(r"\s*(?:and|or|then|also|what about|how about|now|same)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """A call to make: the tool's name and its arguments."""

    name: str
    arguments: JsonObject


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
    for clause in prompt.clauses:
        score, tool = best_tool(tools, clause, rarity)
        if score >= SPOKEN_OF and (tool not in speaking or _stands_alone(tool, clause)):
            speaking.append(tool)
            found += [call for call in _calls(tool, clause, prompt.whole) if call not in found]
    if len(speaking) == 1:
        found = _completed(found, speaking[0], prompt.whole)
    if not found and (at_least_one or len(prompt.clauses) > 1):
        score, tool = best_tool(tools, prompt.whole, rarity)
        if at_least_one or score >= SPOKEN_OF:
            found = _calls(tool, prompt.whole, prompt.whole)
    return found


def _completed(calls: list[PlannedCall], tool: OfferedTool, whole: Clause) -> list[PlannedCall]:
    """Add optional arguments that other clauses speak of: "Weather in Oslo? In fahrenheit, please."."""
    said = Filler(tool.parameters, tool.supply(whole)).fill()
    more = said if isinstance(said, dict) else {}
    return [PlannedCall(call.name, {**more, **call.arguments}) for call in calls]


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
    if filler.missing and clause is not whole:  # the arguments may stand in another clause
        wider = Filler(tool.parameters, tool.supply(whole))
        again = wider.fill()
        if wider.missing < filler.missing:
            arguments = again
    first = PlannedCall(tool.name, arguments if isinstance(arguments, dict) else {})
    return [first, *_siblings(tool, first, supply)]


def _siblings(tool: OfferedTool, first: PlannedCall, supply: Supply) -> list[PlannedCall]:
    """More calls for "Paris, Rome and Oslo", when the tool needs just one text."""
    needed = [entry for entry in tool.properties if entry.required]
    if len(needed) != 1 or needed[0].scalar is None or type_of(needed[0].scalar) != "string":
        return []
    name = needed[0].name
    listed = [item for item in supply.clause.evidence if item.kind in ("name", "quoted") and not item.weak]
    place = next((at for at, item in enumerate(listed) if item.value == first.arguments.get(name)), None)
    calls: list[PlannedCall] = []
    while place is not None and place + 1 < len(listed):
        gap = supply.clause.text[listed[place].end : listed[place + 1].start].strip()
        if gap not in (",", "and", ", and", "&", "、", "和"):
            break
        place += 1
        calls.append(PlannedCall(tool.name, {**first.arguments, name: listed[place].value}))
    return calls
