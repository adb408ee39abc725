"""What replies are made of, for the OpenAPI document: the documented parts of OpenAI's objects and of our own."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from ..jsontext import JsonObject
from .envelope import Envelope

__all__ = [
    "CHAT_REQUEST",
    "CHUNK",
    "ChatCompletion",
    "ErrorResponse",
    "Health",
    "Model",
    "ModelList",
    "Part",
    "PluginList",
    "Problem",
    "ProviderList",
    "Readiness",
    "ToolList",
]


class Error(msgspec.Struct, frozen=True):
    """What went wrong, in OpenAI's words."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorResponse(msgspec.Struct, frozen=True):
    """An error under ``/v1``."""

    error: Error


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """An error elsewhere: problem details, RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    param: str | None = None


class Usage(msgspec.Struct, frozen=True):
    """Tokens over all rounds of a turn."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class AnswerMessage(msgspec.Struct, frozen=True):
    """The assistant's message."""

    role: Literal["assistant"]
    content: str | None
    refusal: str | None = None
    tool_calls: list[dict[str, Any]] | None = None


class Choice(msgspec.Struct, frozen=True):
    """One answer."""

    index: int
    message: AnswerMessage
    finish_reason: Literal["stop", "length", "tool_calls", "content_filter", "function_call"]
    logprobs: dict[str, Any] | None = None


class ChatCompletion(msgspec.Struct, frozen=True):
    """OpenAI's ``chat.completion``; ``promptdock`` is our addition."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[Choice]
    usage: Usage | None = None
    promptdock: dict[str, Any] | None = None


class Model(msgspec.Struct, frozen=True):
    """A name that ``model`` takes."""

    id: str
    created: int
    owned_by: str
    object: Literal["model"] = "model"


class ModelList(msgspec.Struct, frozen=True):
    """All names that ``model`` takes."""

    data: list[Model]
    object: Literal["list"] = "list"


class PluginWarning(msgspec.Struct, frozen=True):
    """What a plugin uses that is deprecated, and the line that its author has to write instead."""

    hook: str
    argument: str | None
    since: str
    removed_in: str
    write: str
    message: str


class Plugin(msgspec.Struct, frozen=True):
    """A plugin that was found, loaded or not."""

    name: str
    distribution: str
    version: str
    state: Literal["loaded", "quarantined", "denied"]
    reason: str | None
    remedy: str | None
    hooks: list[str]
    load_ms: float
    warnings: list[PluginWarning]


class PluginList(Envelope, frozen=True, kw_only=True):
    """All plugins, in load order."""

    data: list[Plugin]


class Tool(msgspec.Struct, frozen=True):
    """A registered tool."""

    id: str
    name: str
    description: str
    parameters: dict[str, Any]
    plugin: str


class ToolList(Envelope, frozen=True, kw_only=True):
    """All tools, in load order."""

    data: list[Tool]


class Provider(msgspec.Struct, frozen=True):
    """A registered provider."""

    name: str
    plugin: str
    default_model: str | None
    configured: bool


class ProviderList(Envelope, frozen=True, kw_only=True):
    """All providers, in load order."""

    data: list[Provider]


class Health(msgspec.Struct, frozen=True):
    """The process is alive."""

    status: Literal["ok"] = "ok"


class Quarantined(msgspec.Struct, frozen=True):
    """A plugin that is not loaded, and why."""

    name: str
    reason: str | None
    remedy: str | None


class Part(msgspec.Struct, frozen=True):
    """How a part of the server is.

    ``degraded``: prompts are answered all the same, or some of them. ``failed``: none are.
    """

    name: str
    state: Literal["ok", "degraded", "failed"]
    detail: str | None = None


class Readiness(msgspec.Struct, frozen=True):
    """Whether prompts are answered, and how each part is; plugins in quarantine do not keep the others from serving."""

    status: Literal["ready", "not_ready"]
    plugins: int
    quarantined: list[Quarantined]
    parts: list[Part]


_NAMED: Final[JsonObject] = {"type": "object", "required": ["type"]}

CHAT_REQUEST: Final[JsonObject] = {
    "title": "ChatCompletionRequest",
    "type": "object",
    "required": ["model", "messages"],
    "description": "OpenAI's request. Parameters that are not named here are checked where OpenAI documents them, and "
    "passed on.",
    "properties": {
        "model": {"type": "string", "description": "'provider/model', or a model of the default provider"},
        "messages": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["role"],
                "properties": {
                    "role": {"enum": ["system", "developer", "user", "assistant", "tool", "function"]},
                    "content": {"type": ["string", "array", "null"]},
                    "tool_calls": {"type": "array", "items": {"type": "object"}},
                    "tool_call_id": {"type": "string"},
                },
            },
        },
        "stream": {"type": "boolean", "default": False},
        "stream_options": {"type": "object", "properties": {"include_usage": {"type": "boolean"}}},
        "temperature": {"type": "number", "minimum": 0, "maximum": 2},
        "top_p": {"type": "number", "minimum": 0, "maximum": 1},
        "max_completion_tokens": {"type": "integer", "minimum": 0},
        "n": {"type": "integer", "minimum": 1, "maximum": 128},
        "seed": {"type": "integer"},
        "stop": {"type": ["string", "array"], "items": {"type": "string"}, "maxItems": 4},
        "tools": {"type": "array", "maxItems": 128, "items": _NAMED},
        "tool_choice": {"anyOf": [{"enum": ["none", "auto", "required"]}, _NAMED]},
        "response_format": _NAMED,
        "user": {"type": "string"},
    },
    "additionalProperties": True,
}
"""The request body, as a JSON schema."""

CHUNK: Final[JsonObject] = {
    "title": "ChatCompletionChunk",
    "type": "object",
    "required": ["id", "object", "created", "model", "choices"],
    "properties": {
        "id": {"type": "string"},
        "object": {"const": "chat.completion.chunk"},
        "created": {"type": "integer"},
        "model": {"type": "string"},
        "choices": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["index", "delta", "finish_reason"],
                "properties": {
                    "index": {"type": "integer"},
                    "delta": {"type": "object"},
                    "finish_reason": {"type": ["string", "null"]},
                },
            },
        },
        "usage": {"type": ["object", "null"]},
        "promptdock": {"type": "object"},
    },
}
"""The data of each server-sent event of a stream, save the last one, which is ``[DONE]``."""
