"""What the fake upstream answers: completions, errors and faults, as data.

One reply serves both forms of a request: a ``chat.completion`` object, or the chunks of a stream when it asks for one.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

__all__ = [
    "Abort",
    "Reply",
    "completion",
    "drop",
    "error",
    "events",
    "raw",
    "text",
    "tool_calls",
]

Json = dict[str, Any]
Abort = Literal["before_headers", "mid_body"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One scripted answer; :meth:`but` gives a changed copy.

    Attributes:
        completion: The answer as a ``chat.completion`` object.
        stream: The chunks of a stream, when they are not to be made from ``completion``; bytes are sent as they are,
            objects as one event each.
        body: Raw bytes, sent as they are to either form of request.
        status: HTTP status.
        headers: Further headers.
        delay: Seconds before the headers.
        gap: Seconds before each event of a stream.
        gate: The reply waits for this before its headers.
        hang_after: After this many events (or, without a stream, after the headers) nothing more comes.
        abort: Close the connection instead of answering, or in the middle of the body.
        abort_after: How many events of a stream are sent before ``abort="mid_body"``.
        split: Send the body of a stream in pieces of this many bytes.
        crlf: End the lines of a stream with CR LF.
        pings: A comment before each event, as some vendors send to keep the connection.
        done: End a stream with ``[DONE]``.
        usage_always: Send usage in a stream though nobody asked.
        pieces: Characters of each content or arguments delta.
    """

    completion: Json | None = None
    stream: tuple[Json | bytes, ...] | None = None
    body: bytes | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    gap: float = 0.0
    gate: threading.Event | None = None
    hang_after: int | None = None
    abort: Abort | None = None
    abort_after: int = 1
    split: int | None = None
    crlf: bool = False
    pings: bool = False
    done: bool = True
    usage_always: bool = False
    pieces: int = 7

    def but(self, **changes: Any) -> Reply:
        """The same reply, save for these attributes."""
        return replace(self, **changes)


def completion(
    message: Json, *, finish_reason: str = "stop", usage: tuple[int, int] | None = (10, 2), model: str = "fake-model"
) -> Json:
    """A ``chat.completion`` object around one message."""
    body: Json = {
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": model,
        "choices": [
            {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish_reason, "logprobs": None}
        ],
        "usage": None,
    }
    if usage is not None:
        prompt, answer = usage
        body["usage"] = {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}
    return body


def text(
    content: str, *, usage: tuple[int, int] | None = (10, 2), finish_reason: str = "stop", **options: Any
) -> Reply:
    """Answer with text. ``options`` are those of :class:`Reply`."""
    message = {"content": content, "refusal": None}
    return Reply(completion=completion(message, usage=usage, finish_reason=finish_reason), **options)


def tool_calls(
    calls: Sequence[tuple[str, Mapping[str, Any] | str]],
    *,
    content: str | None = None,
    usage: tuple[int, int] | None = (10, 5),
    **options: Any,
) -> Reply:
    """Ask for tools: pairs of a wire name and its arguments (an object, or a text that is sent as it is).

    The calls get the ids ``call_0``, ``call_1``, ….
    """
    asked = [
        {
            "id": f"call_{index}",
            "type": "function",
            "function": {"name": name, "arguments": given if isinstance(given, str) else json.dumps(given)},
        }
        for index, (name, given) in enumerate(calls)
    ]
    message = {"content": content, "tool_calls": asked}
    return Reply(completion=completion(message, usage=usage, finish_reason="tool_calls"), **options)


def raw(body: Json | bytes | str, **options: Any) -> Reply:
    """Answer with this: an object as a completion, bytes or text as they are."""
    if isinstance(body, dict):
        return Reply(completion=body, **options)
    return Reply(body=body.encode() if isinstance(body, str) else body, **options)


def events(*chunks: Json | bytes, **options: Any) -> Reply:
    """A stream of exactly these chunks (objects) and bytes; add ``done=False`` to leave out ``[DONE]``."""
    return Reply(stream=chunks, **options)


def error(
    status: int,
    message: str | Json = "The fake upstream refuses.",
    *,
    code: str | None = None,
    param: str | None = None,
    headers: Mapping[str, str] | None = None,
    **options: Any,
) -> Reply:
    """Answer with an error in OpenAI's form, or with ``message`` as the whole body when it is an object."""
    body = (
        message
        if isinstance(message, dict)
        else {"error": {"message": message, "type": "fake_error", "param": param, "code": code}}
    )
    return Reply(body=json.dumps(body).encode(), status=status, headers=headers or {}, **options)


def drop() -> Reply:
    """Close the connection without a word."""
    return Reply(abort="before_headers")


def chunks_of(reply: Reply, *, include_usage: bool) -> Iterator[Json | bytes]:
    """The events of a reply to a streaming request, without ``[DONE]``."""
    if reply.stream is not None or reply.completion is None:
        yield from reply.stream or ()
        return
    whole = reply.completion
    if "choices" not in whole:
        yield whole
        return
    head: Json = {name: whole[name] for name in ("id", "created", "model") if name in whole}
    head["object"] = "chat.completion.chunk"
    for choice in whole["choices"]:
        for delta in _deltas(choice["message"], reply.pieces):
            yield {**head, "choices": [{"index": choice["index"], "delta": delta, "finish_reason": None}]}
        yield {**head, "choices": [{"index": choice["index"], "delta": {}, "finish_reason": choice["finish_reason"]}]}
    if whole.get("usage") is not None and (include_usage or reply.usage_always):
        yield {**head, "choices": [], "usage": whole["usage"]}


def _deltas(message: Json, pieces: int) -> Iterator[Json]:
    yield {"role": "assistant", "content": "" if message.get("content") is not None else None}
    for piece in _cut(message.get("content") or "", pieces):
        yield {"content": piece}
    for index, call in enumerate(message.get("tool_calls") or ()):
        function = call["function"]
        first = {"index": index, "id": call["id"], "type": "function"}
        yield {"tool_calls": [{**first, "function": {"name": function["name"], "arguments": ""}}]}
        for piece in _cut(function["arguments"], pieces):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _cut(whole: str, length: int) -> Iterator[str]:
    for start in range(0, len(whole), length):
        yield whole[start : start + length]
