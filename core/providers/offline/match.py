"""Which tool a clause speaks of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from typing import Any

from ...jsontext import JsonObject
from .clauses import Clause
from .fits import is_expression, is_place, is_placed
from .keywords import sound
from .properties import Property, read_properties
from .schemas import resolved, type_of
from .supply import Supply
from .words import content_stems, kin, split_name, word_list

__all__ = ["CLEARLY", "SPOKEN_OF", "OfferedTool", "best_tool", "best_tools", "rarity_of", "read_tools"]

_MOST_TOOLS = 1_000
_MOST_DESCRIBED = 4_000
_MOST_TRIED = 3
SPOKEN_OF = 3.0
"""Score from which on a clause speaks of a tool."""
CLEARLY = 4.0
"""Score from which on a few words speak of a tool of their own."""
_DATE = frozenset({"date"})
_NAMED = 10.0
"""Score of a tool whose name stands in the clause as it is written."""


@dataclass(frozen=True, slots=True)
class OfferedTool:
    """A tool that the call presents.

    Attributes:
        name: Its wire name.
        parameters: The JSON Schema of its arguments.
        name_stems: Stems of the words of its name that say something.
        described: Stems of the words of its description.
        parameter_stems: Stems of the names and values of its parameters.
        properties: Its parameters.
    """

    name: str
    parameters: JsonObject
    name_stems: frozenset[str]
    described: frozenset[str]
    parameter_stems: frozenset[str]
    properties: tuple[Property, ...]

    def supply(self, clause: Clause) -> Supply:
        """What a clause offers for the arguments of this tool."""
        return Supply(clause, self.name_stems | self.parameter_stems)


def read_tools(tools: Sequence[object]) -> list[OfferedTool]:
    """Read the function tools of a call; what is none is left out."""
    found: list[OfferedTool] = []
    for tool in tools[:_MOST_TOOLS]:
        function = tool.get("function") if isinstance(tool, Mapping) else None
        if isinstance(function, Mapping) and isinstance(function.get("name"), str):
            found.append(_read_tool(function))
    return found


def _read_tool(function: Mapping[str, Any]) -> OfferedTool:
    parameters: JsonObject = sound(function.get("parameters"))
    parameters.setdefault("type", "object")
    properties = read_properties(resolved(parameters, parameters), parameters)
    inner = [word for entry in properties for word in split_name(entry.name)]
    for entry in properties:
        inner += [word for value in entry.schema.get("enum", ()) for word in split_name(str(value)[:100])]
    return OfferedTool(
        name=function["name"],
        parameters=parameters,
        name_stems=content_stems(split_name(function["name"])),
        described=content_stems(word_list(str(function.get("description") or "")[:_MOST_DESCRIBED])),
        parameter_stems=content_stems(inner),
        properties=tuple(properties),
    )


def _score(tool: OfferedTool, clause: Clause, rarity: Mapping[str, float]) -> float:
    """How much a clause speaks of a tool: shared words, rare ones more, and arguments of the right kind."""
    if re.search(rf"(?<![\w]){re.escape(tool.name)}(?![\w])", clause.text) and ("_" in tool.name or len(tool.name) > 3):
        return _NAMED
    score = 0.0
    for word in tool.name_stems:
        if word in clause.stems:
            score += 3.0 * rarity.get(word, 1.0)
        elif not kin(word).isdisjoint(clause.stems):
            score += 1.5 * rarity.get(word, 1.0)
    for word in clause.stems & (tool.described - tool.name_stems):
        score += 1.5 * rarity.get(word, 1.0)
    for word in clause.stems & (tool.parameter_stems - tool.described - tool.name_stems):
        score += 1.0 * rarity.get(word, 1.0)
    return score + _affinity(tool, clause)


def _affinity(tool: OfferedTool, clause: Clause) -> float:
    """What the kinds of evidence add: an expression for a tool that takes one, dates for one that takes dates."""
    kinds = {item.kind for item in clause.evidence if item.kind != "date" or item.origin == "written"}
    score = 0.0
    if "date" in kinds and any(map(_takes_dates, tool.properties)):
        counted = any(item.origin == "implied" for item in clause.evidence)
        written = sum(item.kind == "date" and item.origin == "written" for item in clause.evidence)
        score += 4.0 if counted else 3.0 if written > 1 else 2.0
    for entry in tool.properties:
        schema = sound(entry.schema.get("items")) or entry.schema
        if "expression" in kinds and is_expression(entry.subject) and entry.required:
            score += 4.0
        if entry.required and is_place(entry.subject) and any(map(is_placed, clause.evidence)):
            score += 1.5
        if entry.required and type_of(schema) in ("integer", "number") and "enum" not in schema:
            score += 0.5 if "number" in kinds else -1.0
    return score


def _takes_dates(entry: Property) -> bool:
    """Whether a property holds a date or dates, and is none of the choices about them."""
    schema = sound(entry.schema.get("items")) or entry.schema
    return "enum" not in schema and (schema.get("format") == "date" or entry.subject.named(_DATE))


def best_tool(tools: Sequence[OfferedTool], clause: Clause, rarity: Mapping[str, float]) -> tuple[float, OfferedTool]:
    """The tool that a clause speaks of most, with its score; the first of equals."""
    return best_tools(tools, clause, rarity)[0]


def best_tools(
    tools: Sequence[OfferedTool], clause: Clause, rarity: Mapping[str, float]
) -> list[tuple[float, OfferedTool]]:
    """The few tools that a clause speaks of most, with their scores, the best first; equals in their order."""
    return nlargest(_MOST_TRIED, ((_score(tool, clause, rarity), tool) for tool in tools), key=lambda pair: pair[0])


def rarity_of(tools: Sequence[OfferedTool]) -> dict[str, float]:
    """Weights of words: one that many tools share tells them apart less."""
    shared: dict[str, int] = {}
    for tool in tools:
        for word in tool.name_stems | tool.described | tool.parameter_stems:
            shared[word] = shared.get(word, 0) + 1
    return {word: 1.0 / (1.0 + 2.0 * (count - 1) / len(tools)) for word, count in shared.items() if len(tools) > 1}
