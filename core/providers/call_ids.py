"""Giving every tool call of a stream an index and an id of its own: not all vendors do."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from ..jsontext import JsonObject, dumps_text

__all__ = ["CallIds"]


class CallIds:
    """Fills in what the chunks of one stream leave out.

    Some compatible servers send several calls without ``index`` or all with index 0, send the id empty, give two calls
    the same id, or send arguments as an object; OpenAI's own never do. Answers are matched to calls by id, so each call
    needs one of its own.
    """

    def __init__(self) -> None:
        self._ids: dict[tuple[int, int], str] = {}
        self._given: dict[tuple[int, int], str] = {}
        self._last: dict[int, int] = {}
        self._moved: dict[tuple[int, int], int] = {}

    def fill(self, chunk: JsonObject) -> JsonObject:
        """Give the chunk with complete calls; the same object when it holds no calls."""
        for choice in chunk.get("choices") or ():
            delta = choice.get("delta")
            if delta and delta.get("tool_calls"):
                return {**chunk, "choices": [self._fill_choice(choice) for choice in chunk["choices"]]}
        return chunk

    def _fill_choice(self, choice: JsonObject) -> JsonObject:
        delta = choice.get("delta") or {}
        if not delta.get("tool_calls"):
            return choice
        calls = [self._fill_call(choice.get("index", 0), call) for call in delta["tool_calls"]]
        return {**choice, "delta": {**delta, "tool_calls": calls}}

    def _fill_call(self, choice: int, call: Mapping[str, Any]) -> JsonObject:
        index = self._place(choice, call)
        self._last[choice] = index
        key = (choice, index)
        filled: JsonObject = {**call, "index": index}
        inner = call.get("function")
        if isinstance(inner, Mapping) and isinstance(inner.get("arguments"), Mapping):
            filled["function"] = {**inner, "arguments": dumps_text(inner["arguments"])}
        if key in self._ids:
            filled.pop("id", None)
            return filled
        given = call.get("id")
        taken = any(place[0] == choice and known == given for place, known in self._ids.items())
        self._given[key] = given or ""
        self._ids[key] = filled["id"] = given if given and not taken else f"call_{secrets.token_hex(12)}"
        if not call.get("type"):
            filled["type"] = "custom" if call.get("custom") else "function"
        return filled

    def _place(self, choice: int, call: Mapping[str, Any]) -> int:
        """Where a fragment belongs: at its index, unless that is missing or taken by another call."""
        index: int | None = call.get("index")
        last = self._last.get(choice)
        begins = bool((call.get("function") or call.get("custom") or {}).get("name"))
        if index is None:
            return 0 if last is None else last + 1 if begins else last
        here = (choice, self._moved.get((choice, index), index))
        if here in self._ids and begins and call.get("id") and call["id"] != self._given[here]:
            moved = max(place for owner, place in self._ids if owner == choice) + 1
            self._moved[choice, index] = moved
            return moved
        return here[1]
