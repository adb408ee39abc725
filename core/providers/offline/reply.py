"""Answers in the OpenAI protocol's form, whole and in chunks."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...jsontext import JsonObject, dumps_text
from ..base import CompletionCall
from .answer import Answer
from .tokens import count, count_messages, pieces

__all__ = ["as_chunks", "as_completion"]

_MOST_CHOICES = 128
_FINGERPRINT = "offline-rules-1"


@dataclass(frozen=True, slots=True)
class _Text:
    """A text as far as the caller wants it, in tokens."""

    pieces: tuple[str, ...]
    finish_reason: str


def as_completion(call: CompletionCall, answer: Answer) -> JsonObject:
    """The answer as a ``chat.completion`` object."""
    text = _limited(call, answer)
    key = _key(call)
    message = _message(answer, text, key)
    choices = [
        {
            "index": index,
            "message": message if index == 0 else _message(answer, text, f"{key}-{index}"),
            "logprobs": _logprobs(call, text.pieces) if not answer.calls else None,
            "finish_reason": text.finish_reason,
        }
        for index in range(_choices(call))
    ]
    return {
        "id": f"chatcmpl-{key}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": call.model,
        "choices": choices,
        "usage": _usage(call, answer, text, len(choices)),
        "system_fingerprint": _FINGERPRINT,
    }


def _choices(call: CompletionCall) -> int:
    wanted = call.options.get("n")
    return min(max(wanted, 1), _MOST_CHOICES) if isinstance(wanted, int) else 1


def _key(call: CompletionCall) -> str:
    """An id for the answer, the same for the same call, another for every other."""
    told = repr((call.request_id, call.round, call.body()))
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _limited(call: CompletionCall, answer: Answer) -> _Text:
    if answer.calls:
        return _Text((), "function_call" if answer.legacy else "tool_calls")
    text = _stopped(answer.text, call.options.get("stop"))
    tokens = pieces(text)
    limit = call.max_completion_tokens
    if limit is None:
        limit = call.options.get("max_tokens")
    if isinstance(limit, int) and limit < len(tokens):
        return _Text(tuple(tokens[: max(limit, 0)]), "length")
    return _Text(tuple(tokens), "stop")


def _stopped(text: str, stop: Any) -> str:
    marks = [stop] if isinstance(stop, str) else list(stop) if isinstance(stop, Sequence) else []
    places = [text.find(mark) for mark in marks if isinstance(mark, str) and mark]
    return text[: min((place for place in places if place >= 0), default=len(text))]


def _message(answer: Answer, text: _Text, key: str) -> JsonObject:
    if not answer.calls:
        return {"role": "assistant", "content": "".join(text.pieces), "refusal": None}
    functions = [{"name": call.name, "arguments": dumps_text(call.arguments)} for call in answer.calls]
    message: JsonObject = {"role": "assistant", "content": None, "refusal": None}
    if answer.legacy:
        return {**message, "function_call": functions[0]}
    calls = [
        {"id": f"call_{key}-{number}", "type": "function", "function": function}
        for number, function in enumerate(functions)
    ]
    return {**message, "tool_calls": calls}


def _logprobs(call: CompletionCall, tokens: Sequence[str]) -> JsonObject | None:
    """Certainty itself: rules have no doubts. One alternative at most, since there never was another."""
    if not call.options.get("logprobs"):
        return None
    asked = bool(call.options.get("top_logprobs"))
    content: list[JsonObject] = []
    for token in tokens:
        entry: JsonObject = {"token": token, "logprob": 0.0, "bytes": list(token.encode("utf-8", "replace"))}
        content.append({**entry, "top_logprobs": [entry] if asked else []})
    return {"content": content, "refusal": None}


def _usage(call: CompletionCall, answer: Answer, text: _Text, choices: int) -> JsonObject:
    asked = count_messages([*call.messages, *call.tools, call.options.get("functions")])
    written = len(text.pieces) + sum(count(call.name) + count(dumps_text(call.arguments)) for call in answer.calls)
    return {
        "prompt_tokens": asked,
        "completion_tokens": written * choices,
        "total_tokens": asked + written * choices,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def as_chunks(completion: JsonObject) -> Iterator[JsonObject]:
    """A completion as ``chat.completion.chunk`` objects, token by token; the last one has the usage."""
    head = {key: completion[key] for key in ("id", "created", "model", "system_fingerprint")}

    def chunk(choices: list[JsonObject], usage: JsonObject | None = None) -> JsonObject:
        return {**head, "object": "chat.completion.chunk", "choices": choices, "usage": usage}

    for choice in completion["choices"]:
        for delta, logprobs in _deltas(choice):
            yield chunk([{"index": choice["index"], "delta": delta, "logprobs": logprobs, "finish_reason": None}])
        last = {"index": choice["index"], "delta": {}, "logprobs": None, "finish_reason": choice["finish_reason"]}
        yield chunk([last])
    yield chunk([], completion["usage"])


def _deltas(choice: JsonObject) -> Iterator[tuple[JsonObject, JsonObject | None]]:
    """What each chunk of a choice adds, with the log probabilities of its tokens."""
    message = choice["message"]
    calls = message.get("tool_calls")
    function = message.get("function_call")
    text = message["content"]
    yield {"role": "assistant", "content": None if text is None else "", "refusal": None}, None
    for number, call in enumerate(calls or ()):
        first = {"index": number, "id": call["id"], "type": "function", "function": {"name": call["function"]["name"]}}
        first["function"]["arguments"] = ""
        yield {"tool_calls": [first]}, None
        for piece in pieces(call["function"]["arguments"]):
            yield {"tool_calls": [{"index": number, "function": {"arguments": piece}}]}, None
    if function:
        yield {"function_call": {"name": function["name"], "arguments": ""}}, None
        for piece in pieces(function["arguments"]):
            yield {"function_call": {"arguments": piece}}, None
    if text is not None:
        certain = (choice["logprobs"] or {}).get("content")
        for number, piece in enumerate(pieces(text)):
            logprobs = {"content": [certain[number]], "refusal": None} if certain else None
            yield {"content": piece}, logprobs
