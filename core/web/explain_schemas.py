"""What explanations look like, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final, cast

from litestar.openapi.spec import OpenAPIMediaType, RequestBody

from ..jsontext import JsonObject
from .envelope import Envelope
from .operations import OurOperation

__all__ = ["ExplainEnvelope", "ExplainOperation"]

_REQUEST: Final[JsonObject] = {
    "title": "ExplainRequest",
    "type": "object",
    "additionalProperties": False,
    "description": "Either `prompt` or `messages`.",
    "properties": {
        "prompt": {"type": "string", "description": "What the user says"},
        "messages": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["role"],
                "properties": {"role": {"type": "string"}, "content": {"type": ["string", "array", "null"]}},
            },
        },
        "llm_client": {"type": "string", "description": "Name or id of an LLM client that the caller may prompt"},
        "model": {"type": "string"},
        "tools": {"type": "array", "items": {"type": "object"}},
        "tool_choice": {"type": ["string", "object"]},
        "why_not": {"type": "string", "description": "A tool's name or id, or a plugin's id"},
    },
}


class ExplainEnvelope(Envelope, frozen=True, kw_only=True):
    """What was decided; see docs/explain.md."""

    data: dict[str, Any]


class ExplainOperation(OurOperation):
    """An explanation: its body is read by our own parser."""

    def __post_init__(self) -> None:
        super().__post_init__()
        schema = cast("Any", _REQUEST)
        self.request_body = RequestBody(required=True, content={"application/json": OpenAPIMediaType(schema=schema)})
