"""What is said in a turn, in the form that OpenTelemetry's conventions give messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..jsontext import JsonObject, dumps
from ..redaction import redact_text

__all__ = ["answers_as_text", "messages_as_text"]


def messages_as_text(messages: Iterable[Mapping[str, Any]]) -> str:
    """The messages of a request as JSON, with what looks like a key hidden."""
    return _text([_message(message) for message in messages])


def answers_as_text(choices: Iterable[Mapping[str, Any]]) -> str:
    """The choices of a completion as JSON, likewise."""
    return _text(
        [
            {**_message(choice.get("message") or {}), "finish_reason": str(choice.get("finish_reason") or "")}
            for choice in choices
        ]
    )


def _text(messages: list[JsonObject]) -> str:
    return redact_text(dumps(messages).decode())


def _message(message: Mapping[str, Any]) -> JsonObject:
    return {"role": str(message.get("role") or "assistant"), "parts": list(_parts(message))}


def _parts(message: Mapping[str, Any]) -> Iterator[JsonObject]:
    content = message.get("content")
    if message.get("role") == "tool":
        yield {"type": "tool_call_response", "id": message.get("tool_call_id"), "response": content}
    elif isinstance(content, str):
        yield {"type": "text", "content": content}
    elif isinstance(content, (list, tuple)):
        for part in content:
            is_text = isinstance(part, Mapping) and part.get("type") == "text"
            yield {"type": "text", "content": part.get("text")} if is_text else _other(part)
    for call in message.get("tool_calls") or ():
        inner = call.get("function") or call.get("custom") or {}
        yield {
            "type": "tool_call",
            "id": call.get("id"),
            "name": inner.get("name"),
            "arguments": inner.get("arguments"),
        }


def _other(part: object) -> JsonObject:
    """A picture or a sound: named, as its bytes belong into no trace."""
    return {"type": str(part.get("type")) if isinstance(part, Mapping) else "unknown"}
