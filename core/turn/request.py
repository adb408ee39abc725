"""What one prompt asks for: frozen, and the same whoever sent it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ..jsontext import JsonObject
from .messages import Message

__all__ = ["ANONYMOUS", "Caller", "EffectiveSettings", "PromptRequest", "ToolChoice"]

ToolChoice: TypeAlias = str | Mapping[str, Any]
"""``none``, ``auto``, ``required``, or OpenAI's object that names one tool."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a prompt.

    Attributes:
        name: A label for logs and tools, e.g. ``anonymous`` or the name of an API key; never the key.
    """

    name: str = "anonymous"


ANONYMOUS = Caller()


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptRequest:
    """One prompt.

    Attributes:
        messages: The thread, oldest first, ending with what is to be answered.
        model: ``provider/model``, a bare model of the default provider, an alias, or None for the default.
        system_role: System text of the operator's; None for none.
        temperature: 0 to 2; None leaves it to selected rules, then to the provider's settings, then to the vendor.
        max_completion_tokens: The most tokens of an answer; None as above.
        options: Further parameters of the OpenAI protocol, passed on as they are (``seed``, ``stop``, ``top_p``, …).
        tools: The caller's own tools in OpenAI's form; their calls are handed back, never run here.
        tool_choice: The caller's choice; it binds the first round.
        stream: Whether the provider is asked to stream.
        request_id: Names this request in logs, errors and replies.
        caller: Who asks.
    """

    messages: tuple[Message, ...]
    model: str | None = None
    system_role: str | None = None
    temperature: float | None = None
    max_completion_tokens: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    tools: tuple[JsonObject, ...] = ()
    tool_choice: ToolChoice | None = None
    stream: bool = False
    request_id: str = ""
    caller: Caller = ANONYMOUS


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveSettings:
    """What a turn really uses, computed once: request, then selected rules, then the provider's defaults.

    Attributes:
        provider: Name of the provider.
        model: The model's name as the provider knows it.
        temperature: As sent upstream; None when the vendor's own default applies.
        max_completion_tokens: As sent upstream; None when the vendor's own default applies.
    """

    provider: str
    model: str
    temperature: float | None = None
    max_completion_tokens: int | None = None
