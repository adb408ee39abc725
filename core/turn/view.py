"""What the caller gets to see of the rounds of a turn: one answer, without the calls of our own tools."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ..jsontext import JsonObject

__all__ = ["CallerView"]

_NOT_AS_IT_COMES = frozenset({"role", "tool_calls"})
_EMPTY: tuple[object, ...] = ("", [])
_BREAK = "\n\n"
"""Set between the texts of two rounds, so that they do not run into each other."""


class CallerView:
    """Shows the chunks of all rounds as the chunks of one answer.

    Args:
        handed_back: Wire names of the caller's own tools; only their calls are shown.
    """

    def __init__(self, handed_back: Collection[str]) -> None:
        self._handed_back = frozenset(handed_back)
        self._greeted: set[int] = set()
        self._spoke: set[int] = set()
        self._break_due: set[int] = set()
        self._ends: dict[int, str] = {}
        self._fragments: dict[tuple[int, int], JsonObject | int | None] = {}
        self._shown_calls: dict[int, int] = {}

    def show(self, chunk: Mapping[str, Any]) -> tuple[JsonObject, ...]:
        """Give what the caller sees of a chunk: ``choices`` without ``finish_reason``; empty when nothing."""
        shown = []
        for choice in chunk.get("choices") or ():
            seen = self._show_choice(choice)
            if seen is not None:
                shown.append(seen)
        return tuple(shown)

    def end_round(self) -> None:
        """Note that another round follows: its predecessor's reasons to finish are nobody's business."""
        self._ends.clear()
        self._fragments.clear()
        self._break_due |= self._spoke
        self._spoke.clear()

    def say(self, text: str) -> tuple[JsonObject, ...]:
        """Give a text of promptdock's own as a delta of the first choice."""
        choice = self._show_choice({"index": 0, "delta": {"content": text}})
        return () if choice is None else (choice,)

    def finish(self, reason: str | None = None) -> tuple[JsonObject, ...]:
        """Give the last ``choices``: each choice's reason to finish, or one reason for all."""
        indices = sorted(self._greeted | self._ends.keys()) or (0,)
        return tuple([self._last(index, reason or self._end(index)) for index in indices])

    def _last(self, index: int, reason: str) -> JsonObject:
        delta: JsonObject = {} if index in self._greeted else {"role": "assistant", "content": ""}
        return {"index": index, "delta": delta, "logprobs": None, "finish_reason": reason}

    def _end(self, index: int) -> str:
        """A vendor's "tool_calls" without any call to show would leave the caller waiting for one."""
        end = self._ends.get(index, "stop")
        return "stop" if end == "tool_calls" and index not in self._shown_calls else end

    def _show_choice(self, choice: Mapping[str, Any]) -> JsonObject | None:
        index = choice.get("index", 0)
        if choice.get("finish_reason") is not None:
            self._ends[index] = choice["finish_reason"]
        delta: JsonObject = {}
        for key, value in (choice.get("delta") or {}).items():
            # a role alone says nothing yet: the caller's reply must not begin before there is something to reply
            if value is not None and value not in _EMPTY and key not in _NOT_AS_IT_COMES:
                delta[key] = value
        calls = choice.get("delta") and choice["delta"].get("tool_calls")
        if calls and (shown := self._show_calls(index, calls)):
            delta["tool_calls"] = shown
        if not delta and choice.get("logprobs") is None:
            return None
        if isinstance(delta.get("content"), str):
            if index in self._break_due:
                delta["content"] = _BREAK + delta["content"]
                self._break_due.discard(index)
            self._spoke.add(index)
        if index not in self._greeted:
            self._greeted.add(index)
            delta = {"role": "assistant", "content": "", **delta}
        return {"index": index, "delta": delta, "logprobs": choice.get("logprobs"), "finish_reason": None}

    def _show_calls(self, choice: int, fragments: Collection[Mapping[str, Any]]) -> list[JsonObject]:
        shown: list[JsonObject] = []
        for fragment in fragments:
            key = (choice, fragment.get("index", 0))
            place = self._fragments.get(key, {})
            if isinstance(place, dict):  # not known yet whose call this is
                held = _joined(place, fragment)
                name = _name(held)
                if not name:
                    self._fragments[key] = held
                    continue
                place = self._next_place(choice) if name in self._handed_back else None
                self._fragments[key] = place
                fragment = held
            if place is not None:
                shown.append({**fragment, "index": place})
        return shown

    def _next_place(self, choice: int) -> int:
        place = self._shown_calls.get(choice, 0)
        self._shown_calls[choice] = place + 1
        return place


def _name(call: Mapping[str, Any]) -> str:
    inner = call.get("function") or call.get("custom") or {}
    name: str = inner.get("name") or ""
    return name


def _joined(before: Mapping[str, Any], fragment: Mapping[str, Any]) -> JsonObject:
    """Join the first fragments of a call, for vendors that send the name late."""
    joined: JsonObject = {**before, **{key: value for key, value in fragment.items() if value is not None}}
    for kind in ("function", "custom"):
        parts = [part[kind] for part in (before, fragment) if part.get(kind)]
        if len(parts) > 1:
            texts = {key: "".join(part.get(key) or "" for part in parts) for key in ("arguments", "input")}
            joined[kind] = {**parts[0], **parts[1], **{key: text for key, text in texts.items() if text}}
    return joined
