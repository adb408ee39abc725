"""Completions and chunks of the OpenAI protocol, turned into each other without loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..jsontext import JsonObject

__all__ = ["ChunkFold", "completion_as_chunk", "completion_as_chunks"]

_FRAME = ("id", "created", "model", "system_fingerprint", "service_tier")
"""Members that a completion and each of its chunks share."""
_NOTHING = ("", 0)
"""Values of these that say nothing: some vendors fill them in later chunks only."""
_ONCE = frozenset({"role", "id", "type", "expires_at"})
"""Texts that do not grow: a later piece repeats them."""


def completion_as_chunks(completion: Mapping[str, Any]) -> Iterator[JsonObject]:
    """Give a whole completion as the chunks of a stream: the messages, then the reasons to finish, then the usage.

    Args:
        completion: A ``chat.completion`` object.

    Yields:
        ``chat.completion.chunk`` objects; folded, they give the completion again.
    """
    frame: JsonObject = {"object": "chat.completion.chunk"}
    frame |= {key: completion[key] for key in _FRAME if key in completion}
    choices = completion.get("choices") or []
    yield {**frame, "choices": [_message_delta(choice) for choice in choices]}
    ends = [
        {"index": choice.get("index", 0), "delta": {}, "finish_reason": choice.get("finish_reason")}
        for choice in choices
    ]
    yield {**frame, "choices": ends}
    if completion.get("usage") is not None:
        yield {**frame, "choices": [], "usage": completion["usage"]}


def completion_as_chunk(completion: Mapping[str, Any]) -> JsonObject:
    """Give a whole completion as one chunk, for whoever reads answers as chunks only; folded, it gives the same."""
    chunk: JsonObject = {**completion, "object": "chat.completion.chunk"}
    chunk["choices"] = [
        _message_delta(choice, choice.get("finish_reason")) for choice in completion.get("choices") or ()
    ]
    return chunk


def _message_delta(choice: Mapping[str, Any], end: str | None = None) -> JsonObject:
    delta = dict(choice.get("message") or {})
    if delta.get("tool_calls"):
        delta["tool_calls"] = [{**call, "index": place} for place, call in enumerate(delta["tool_calls"])]
    else:
        delta.pop("tool_calls", None)
    start: JsonObject = {"index": choice.get("index", 0), "delta": delta, "finish_reason": end}
    if choice.get("logprobs") is not None:
        start["logprobs"] = choice["logprobs"]
    return start


class ChunkFold:
    """Gathers the chunks of one stream into the completion that they make."""

    def __init__(self) -> None:
        self._frame: JsonObject = {}
        self._missing = set(_FRAME)
        self._choices: dict[int, _Choice] = {}
        self._usage: JsonObject | None = None

    def add(self, chunk: Mapping[str, Any]) -> None:
        """Take in the next chunk; chunks of one choice come in order."""
        if not self._missing.isdisjoint(chunk):
            self._note_frame(chunk)
        if chunk.get("usage") is not None:
            self._usage = chunk["usage"]
        for piece in chunk.get("choices") or ():
            index = piece.get("index", 0)
            choice = self._choices.get(index)
            if choice is None:
                choice = self._choices[index] = _Choice()
            choice.add(piece)

    def _note_frame(self, chunk: Mapping[str, Any]) -> None:
        """Note what all chunks share; the first that says something is believed."""
        for key in _FRAME:
            value = chunk.get(key)
            if value is not None and key in self._missing:
                self._frame[key] = value
                if value not in _NOTHING:
                    self._missing.remove(key)

    def completion(self) -> JsonObject:
        """The completion so far."""
        completion: JsonObject = {
            "id": self._frame.get("id", ""),
            "object": "chat.completion",
            "created": self._frame.get("created", 0),
            "model": self._frame.get("model", ""),
            "choices": [choice.finished(index) for index, choice in sorted(self._choices.items())],
        }
        for key, value in self._frame.items():
            completion.setdefault(key, value)
        if self._usage is not None:
            completion["usage"] = self._usage
        return completion


class _Choice:
    """One choice under way. Texts are kept in pieces: joined anew with each piece, long ones would take for ever."""

    __slots__ = ("_end", "_logprobs", "_message", "_texts")

    def __init__(self) -> None:
        self._message: JsonObject = {}
        self._texts: dict[str, list[str]] = {}
        self._logprobs: JsonObject | None = None
        self._end: str | None = None

    def add(self, piece: Mapping[str, Any]) -> None:
        delta = piece.get("delta")
        if delta:
            for key, value in delta.items():
                if value is None:
                    if key != "tool_calls":
                        self._message.setdefault(key, None)
                elif key in _ONCE:
                    self._message[key] = value
                elif type(value) is str:
                    pieces = self._texts.get(key)
                    if pieces is None:
                        self._message[key] = value  # holds the member's place
                        self._texts[key] = [value]
                    else:
                        pieces.append(value)
                else:
                    self._texts.pop(key, None)
                    _merge_member(self._message, key, value)
        if piece.get("logprobs") is not None:
            self._logprobs = _joined_logprobs(self._logprobs, piece["logprobs"])
        if piece.get("finish_reason") is not None:
            self._end = piece["finish_reason"]

    def finished(self, index: int) -> JsonObject:
        message: JsonObject = {"role": "assistant", "content": None, "refusal": None, **self._message}
        for key, pieces in self._texts.items():
            message[key] = "".join(pieces)
        if isinstance(message.get("tool_calls"), dict):
            message["tool_calls"] = [call for _, call in sorted(message["tool_calls"].items())]
        if message["content"] == "" and message.get("tool_calls"):
            message["content"] = None
        return {
            "index": index,
            "message": message,
            "logprobs": self._logprobs,
            "finish_reason": self._end or "stop",
        }


def _merge_member(message: JsonObject, key: str, value: Any) -> None:
    """Join texts, gather calls by their index, and let anything else replace what was there."""
    if value is None:
        if key != "tool_calls":
            message.setdefault(key, None)
    elif key == "tool_calls":
        calls = message.setdefault("tool_calls", {})
        for fragment in value:
            _merge_call(calls.setdefault(fragment.get("index", len(calls)), {}), fragment)
    elif key in _ONCE:
        message[key] = value
    elif isinstance(value, str) and isinstance(message.get(key), str):
        message[key] += value
    elif isinstance(value, list) and isinstance(message.get(key), list):
        message[key] = [*message[key], *value]
    elif isinstance(value, dict) and isinstance(message.get(key), dict):
        message[key] = dict(message[key])
        for name, item in value.items():
            _merge_member(message[key], name, item)
    else:
        message[key] = value


def _merge_call(call: JsonObject, fragment: Mapping[str, Any]) -> None:
    """Join the fragments of one tool call: its arguments grow, the rest comes once."""
    for key, value in fragment.items():
        if key == "index" or value is None:
            continue
        if isinstance(value, dict):
            inner = call.setdefault(key, {})
            for name, item in value.items():
                if name in {"arguments", "input"} and isinstance(inner.get(name), str):
                    inner[name] += item or ""
                elif item is not None and not inner.get(name):
                    inner[name] = item
        elif not call.get(key):
            call[key] = value


def _joined_logprobs(before: JsonObject | None, piece: Mapping[str, Any]) -> JsonObject:
    """Join pieces; the lists that come of it are ours, and grow in place."""
    if before is None:
        return {key: list(value) if isinstance(value, list) else value for key, value in piece.items()}
    for key, value in piece.items():
        if isinstance(value, list):
            if isinstance(before.get(key), list):
                before[key] += value
            else:
                before[key] = list(value)
        elif value is not None or key not in before:
            before[key] = value
    return before
