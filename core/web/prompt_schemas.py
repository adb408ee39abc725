"""What prompts to LLM clients look like, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final, cast

from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, RequestBody

from ..jsontext import JsonObject
from .envelope import Envelope
from .operations import OurOperation

__all__ = ["PromptEnvelope", "PromptOperation"]

_REQUEST: Final[JsonObject] = {
    "title": "PromptRequest",
    "type": "object",
    "required": ["messages"],
    "additionalProperties": False,
    "properties": {
        "session_key": {
            "type": ["string", "null"],
            "pattern": "^[0-9a-fA-F]{64}$",
            "description": "The session; left out for a new one. X-Session-Key says the same.",
        },
        "messages": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["role"],
                "properties": {"role": {"type": "string"}, "content": {"type": ["string", "array", "null"]}},
            },
        },
        "stream": {"type": "boolean", "default": False},
        "temperature": {"type": "number", "minimum": 0, "maximum": 2},
        "max_completion_tokens": {
            "type": "integer",
            "minimum": 1,
            "description": "At most what the client itself says",
        },
        "max_tokens": {"type": "integer", "minimum": 1},
        "top_p": {"type": "number", "minimum": 0, "maximum": 1},
        "frequency_penalty": {"type": "number", "minimum": -2, "maximum": 2},
        "presence_penalty": {"type": "number", "minimum": -2, "maximum": 2},
        "seed": {"type": "integer"},
        "stop": {"type": ["string", "array"], "items": {"type": "string"}},
        "response_format": {"type": "object"},
        "reasoning_effort": {"type": "string"},
        "user": {"type": "string"},
    },
}

_EVENT: Final[JsonObject] = {
    "title": "TurnEvent",
    "type": "object",
    "description": "The data of one server-sent event; `event` says its kind and `id` its place. See docs/prompts.md.",
}


class PromptEnvelope(Envelope, frozen=True, kw_only=True):
    """The chat completion with ``metadata`` and ``promptdock``."""

    data: dict[str, Any]


class PromptOperation(OurOperation):
    """A prompt: its body is read by our own parser, and it answers in two media types."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.request_body = RequestBody(required=True, content={"application/json": _media(_REQUEST)})
        answered = (self.responses or {}).get("200")
        if isinstance(answered, OpenAPIResponse):
            answered.content = {**(answered.content or {}), "text/event-stream": _media(_EVENT)}


def _media(schema: JsonObject) -> OpenAPIMediaType:
    return OpenAPIMediaType(schema=cast("Any", schema))
