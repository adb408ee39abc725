"""From the body of a prompt to an LLM client to a :class:`PromptRequest`; every refusal names its parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ..errors import BadRequest
from ..jsontext import JsonObject
from ..store.sessions import check_session_key
from ..turn.request import Caller, PromptRequest
from .json_object import json_object
from .params import OPTIONS, boolean, temperature
from .prompt_body import checked, messages_of, most_tokens

__all__ = ["AskedPrompt", "parse_prompt", "session_key_of"]

_OVERRIDES: Final = frozenset(
    {"frequency_penalty", "presence_penalty", "reasoning_effort", "response_format", "seed", "stop", "top_p", "user"}
)
"""Parameters of the OpenAI protocol that a caller may say for one prompt, besides temperature and length."""

_OWN: Final = frozenset({"max_completion_tokens", "max_tokens", "messages", "session_key", "stream", "temperature"})


class AskedPrompt(msgspec.Struct, frozen=True):
    """A prompt as it was asked for.

    Attributes:
        request: What is asked.
        session_key: The session that is meant; None for a new one.
    """

    request: PromptRequest
    session_key: str | None


def parse_prompt(
    body: bytes, *, header_key: str | None, max_messages: int, request_id: str, caller: Caller
) -> AskedPrompt:
    """Read a prompt.

    Args:
        body: The request's body.
        header_key: What ``X-Session-Key`` says.
        max_messages: The most messages to take.
        request_id: Names the request.
        caller: Who asks.

    Raises:
        BadRequest: Not strict JSON, or not what a prompt may say.
    """
    asked = json_object(body)
    _refuse_unknown(asked)
    request = PromptRequest(
        messages=messages_of(asked, limit=max_messages),
        temperature=checked(asked, "temperature", temperature),
        max_completion_tokens=most_tokens(asked, least=1),
        options=_options(asked),
        stream=bool(checked(asked, "stream", boolean)),
        request_id=request_id,
        caller=caller,
    )
    return AskedPrompt(request, session_key_of(asked, header_key))


def session_key_of(asked: Mapping[str, Any], header_key: str | None) -> str | None:
    """The session that a request means: by its body or by ``X-Session-Key``; never by the URL, which ends up in logs.

    Raises:
        BadRequest: It is no session key, or the two are not the same.
    """
    given = asked.get("session_key")
    keys = {check_session_key(key) for key in (given, header_key) if key is not None}
    if len(keys) > 1:
        raise BadRequest("'session_key' and the header X-Session-Key name two sessions.", param="session_key")
    return keys.pop() if keys else None


def _refuse_unknown(asked: Mapping[str, Any]) -> None:
    for name in asked:
        if name not in _OWN and name not in _OVERRIDES:
            known = ", ".join(sorted(_OWN | _OVERRIDES))
            raise BadRequest(
                f"{name[:64]!r} cannot be said in a prompt to an LLM client; known are: {known}.", param=name[:64]
            )


def _options(asked: Mapping[str, Any]) -> JsonObject:
    options = {name: asked[name] for name in sorted(_OVERRIDES) if asked.get(name) is not None}
    for name, value in options.items():
        OPTIONS[name](value, name)
    return options
