"""What one prompt asks for: frozen, and the same whoever sent it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from ..jsontext import JsonObject
from .messages import Message

__all__ = [
    "ANONYMOUS",
    "Caller",
    "EffectiveSettings",
    "PromptDefaults",
    "PromptRequest",
    "SelectionRuleSpec",
    "ToolChoice",
    "ToolScope",
]

ToolChoice: TypeAlias = str | Mapping[str, Any]
"""``none``, ``auto``, ``required``, or OpenAI's object that names one tool."""


class Caller(msgspec.Struct, frozen=True):
    """Who sent a prompt.

    Attributes:
        name: A label for logs and tools, e.g. ``anonymous`` or the name of an API key; never the key.
    """

    name: str = "anonymous"


ANONYMOUS = Caller()


class PromptDefaults(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of whom the prompt is addressed to, e.g. of an LLM client; None says nothing.

    The first of these to say a setting counts: the request itself, selected rules, these defaults, the provider's
    defaults, the fallbacks here.

    Attributes:
        model: ``provider/model``, a bare model of the default provider, or an alias.
        temperature: 0 to 2.
        max_completion_tokens: The most tokens of an answer.
        fallback_temperature: Where the provider says none, too.
        fallback_max_completion_tokens: Where the provider says none, too.
    """

    model: str | None = None
    temperature: float | None = None
    max_completion_tokens: int | None = None
    fallback_temperature: float | None = None
    fallback_max_completion_tokens: int | None = None


class SelectionRuleSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A selection rule as data; its tools follow it instead of the rules of their own plugins.

    Attributes:
        tools: Stable ids, ``plugin.tool``; none for a rule that only adds system text.
        directive: ``always`` selects for every prompt, ``search_terms`` when one of the terms is referred to.
        terms: Words or phrases, as :class:`~promptdock.SearchTerms` takes them; at least one for ``search_terms``.
        scope: Where the terms are looked up: in the newest user text, or in all of the thread's.
        system: Text that the system message gains while the rule selects.
        priority: Of two rules that want different settings, the higher one wins.
    """

    tools: tuple[str, ...] = ()
    directive: Literal["always", "search_terms"] = "always"
    terms: tuple[str, ...] = ()
    scope: Literal["input", "thread"] = "input"
    system: str | None = None
    priority: int = 0


class ToolScope(msgspec.Struct, frozen=True, kw_only=True):
    """Which of the installed tools a prompt may see at all; what is outside is neither presented nor run.

    Attributes:
        plugins: Ids of the plugins whose tools and rules count; None for all.
        tools: Stable ids, ``plugin.tool``, of the tools of those plugins that count; None for all of them.
        rules: Rules in place of the plugins' own, for the tools that they name.
    """

    plugins: tuple[str, ...] | None = None
    tools: tuple[str, ...] | None = None
    rules: tuple[SelectionRuleSpec, ...] = ()

    def __post_init__(self) -> None:
        for name in ("plugins", "tools", "rules"):  # lists will do, and are not kept
            given = getattr(self, name)
            if isinstance(given, list):
                msgspec.structs.force_setattr(self, name, tuple(given))


class PromptRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One prompt.

    Attributes:
        messages: The thread, oldest first, ending with what is to be answered.
        model: ``provider/model``, a bare model of the default provider, an alias, or None: that of ``defaults``, then
            the default provider's.
        system_role: System text of the operator's; None for none.
        temperature: 0 to 2; None leaves it to selected rules, then to ``defaults``, then to the provider's settings,
            then to the vendor.
        max_completion_tokens: The most tokens of an answer; None as above.
        options: Further parameters of the OpenAI protocol, passed on as they are (``seed``, ``stop``, ``top_p``, …).
        tools: The caller's own tools in OpenAI's form; their calls are handed back, never run here.
        tool_choice: The caller's choice; it binds the first round.
        stream: Whether the provider is asked to stream.
        request_id: Names this request in logs, errors and replies.
        caller: Who asks.
        defaults: What holds where neither the request nor a rule says anything.
        scope: Which of the installed tools count; None for all of them.
        turn_id: Names the turn, and the completion that comes of it; None makes a new id.
    """

    messages: tuple[Message, ...]
    model: str | None = None
    system_role: str | None = None
    temperature: float | None = None
    max_completion_tokens: int | None = None
    options: Mapping[str, Any] = msgspec.field(default_factory=dict)
    tools: tuple[JsonObject, ...] = ()
    tool_choice: ToolChoice | None = None
    stream: bool = False
    request_id: str = ""
    caller: Caller = ANONYMOUS
    defaults: PromptDefaults = PromptDefaults()
    scope: ToolScope | None = None
    turn_id: str | None = None


class EffectiveSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a turn really uses, computed once; see :class:`PromptDefaults` for the order.

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
