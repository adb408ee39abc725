"""Giving every tool call of a stream an index and an id of its own: not all vendors do."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from ..jsontext import JsonObject

__all__ = ["CallIds"]


class CallIds:
    """Fills in what the chunks of one stream leave out.

    Some compatible servers send several calls without ``index``, send the id empty, or give two calls the same id;
    OpenAI's own never do. Answers are matched to calls by id, so each needs one.
    """

    def __init__(self) -> None:
        self._ids: dict[tuple[int, int], str] = {}
        self._last: dict[int, int] = {}

    def fill(self, chunk: JsonObject) -> JsonObject:
        """Give the chunk with complete calls; the same object when nothing is missing."""
        if not any((choice.get("delta") or {}).get("tool_calls") for choice in chunk.get("choices") or ()):
            return chunk
        return {**chunk, "choices": [self._fill_choice(choice) for choice in chunk["choices"]]}

    def _fill_choice(self, choice: JsonObject) -> JsonObject:
        delta = choice.get("delta") or {}
        if not delta.get("tool_calls"):
            return choice
        calls = [self._fill_call(choice.get("index", 0), call) for call in delta["tool_calls"]]
        return {**choice, "delta": {**delta, "tool_calls": calls}}

    def _fill_call(self, choice: int, call: Mapping[str, Any]) -> JsonObject:
        index = call.get("index")
        if index is None:
            index = self._guess_index(choice, call)
        self._last[choice] = index
        key = (choice, index)
        filled: JsonObject = {**call, "index": index}
        if key in self._ids:
            filled.pop("id", None)
            return filled
        given = call.get("id")
        taken = any(place[0] == choice and known == given for place, known in self._ids.items())
        self._ids[key] = filled["id"] = given if given and not taken else f"call_{secrets.token_hex(12)}"
        if not call.get("type"):
            filled["type"] = "custom" if call.get("custom") else "function"
        return filled

    def _guess_index(self, choice: int, call: Mapping[str, Any]) -> int:
        """A fragment that names a function begins a call; any other goes on with the last one."""
        last = self._last.get(choice)
        if last is None:
            return 0
        begins = bool((call.get("function") or call.get("custom") or {}).get("name"))
        return last + 1 if begins else last
