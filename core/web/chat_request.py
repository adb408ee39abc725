"""From the body of ``POST /v1/chat/completions`` to a :class:`PromptRequest`; every refusal names its parameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..errors import BadRequest
from ..jsontext import JsonObject
from ..turn.messages import PRIVATE_ROLES, check_thread
from ..turn.request import ANONYMOUS, Caller, PromptRequest
from .chat_tools import check_tool_choice, check_tools
from .json_object import json_object
from .params import OPTIONS, boolean, integer, number, object_with

__all__ = ["ChatRequest", "parse_chat_request"]

_OWN: Final = frozenset(
    {
        "max_completion_tokens",
        "max_tokens",
        "messages",
        "model",
        "stream",
        "stream_options",
        "temperature",
        "tool_choice",
        "tools",
    }
)
"""Members that have a place of their own in a prompt; the others are its options."""


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A chat completion as it was asked for.

    Attributes:
        prompt: What is asked.
        include_usage: Whether a streamed reply ends with a chunk about tokens.
    """

    prompt: PromptRequest
    include_usage: bool = False


def parse_chat_request(
    body: bytes, *, max_messages: int, request_id: str = "", caller: Caller = ANONYMOUS
) -> ChatRequest:
    """Read a request.

    Args:
        body: The request's body.
        max_messages: The most messages to take.
        request_id: Names the request.
        caller: Who asks.

    Raises:
        BadRequest: Not strict JSON, or not what the protocol knows.
    """
    asked = json_object(body)
    model = asked.get("model")
    if not isinstance(model, str) or not model.strip():
        raise BadRequest("'model' must be given, as text: 'provider/model' or a model's name.", param="model")
    messages = check_thread(asked.get("messages"), limit=max_messages)
    if all(message["role"] in PRIVATE_ROLES for message in messages):
        raise BadRequest("'messages' holds nothing but narration: send at least one message.", param="messages")
    stream = _checked(asked, "stream", boolean)
    options = _checked(asked, "stream_options", object_with)
    tools = check_tools(asked.get("tools"))
    return ChatRequest(
        PromptRequest(
            messages=messages,
            model=model,
            temperature=_checked(asked, "temperature", number(0, 2)),
            max_completion_tokens=_most_tokens(asked),
            options=_options(asked),
            tools=tools,
            tool_choice=check_tool_choice(asked.get("tool_choice")),
            stream=bool(stream),
            request_id=request_id,
            caller=caller,
        ),
        include_usage=_include_usage(options),
    )


def _checked(asked: Mapping[str, Any], name: str, check: Any) -> Any:
    """A parameter, or None when it is not given or null; ``check`` refuses what is wrong."""
    value = asked.get(name)
    if value is not None:
        check(value, name)
    return value


def _most_tokens(asked: Mapping[str, Any]) -> int | None:
    """The newer name wins; 0 is taken, since clients send it, and the provider says what it thinks of it."""
    older = _checked(asked, "max_tokens", integer(0))
    newer = _checked(asked, "max_completion_tokens", integer(0))
    most: int | None = older if newer is None else newer
    return most


def _options(asked: Mapping[str, Any]) -> JsonObject:
    options = {name: value for name, value in asked.items() if name not in _OWN and value is not None}
    for name, value in options.items():
        if name in OPTIONS:
            OPTIONS[name](value, name)
    return options


def _include_usage(options: Mapping[str, Any] | None) -> bool:
    wanted = (options or {}).get("include_usage")
    if wanted is not None:
        boolean(wanted, "stream_options.include_usage")
    return bool(wanted)
