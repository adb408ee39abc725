"""From the body of ``POST /v1/chat/completions`` to a :class:`PromptRequest`; every refusal names its parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ..errors import BadRequest
from ..jsontext import JsonObject
from ..turn.request import ANONYMOUS, Caller, PromptRequest
from .chat_tools import check_tool_choice, check_tools
from .json_object import json_object
from .params import OPTIONS, boolean, object_with, temperature
from .prompt_body import checked, messages_of, most_tokens

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


class ChatRequest(msgspec.Struct, frozen=True):
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
    messages = messages_of(asked, limit=max_messages)
    stream = checked(asked, "stream", boolean)
    options = checked(asked, "stream_options", object_with)
    tools = check_tools(asked.get("tools"))
    return ChatRequest(
        PromptRequest(
            messages=messages,
            model=model,
            temperature=checked(asked, "temperature", temperature),
            # 0 is taken, since clients send it, and the provider says what it thinks of it
            max_completion_tokens=most_tokens(asked, least=0),
            options=_options(asked),
            tools=tools,
            tool_choice=check_tool_choice(asked.get("tool_choice")),
            stream=bool(stream),
            request_id=request_id,
            caller=caller,
        ),
        include_usage=_include_usage(options),
    )


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
