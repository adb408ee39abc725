"""The provider protocol: who completes a chat."""

from __future__ import annotations

import operator
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from ..jsontext import JsonObject

if TYPE_CHECKING:
    from .relay import RelayReply, RelayRequest

__all__ = ["Capabilities", "CompletionCall", "ModelInfo", "Provider", "copied", "masked", "prune"]

_SHORTEST_SHOWN = 12
_PLAIN = 2
_SCALARS = frozenset({str, int, float, bool})
_SCHEMAS = frozenset({"parameters", "schema"})
"""Members that hold JSON Schemas."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model that a provider offers.

    Attributes:
        id: The provider's own name for it, e.g. ``gpt-4o-mini``.
        owned_by: Who made or runs it.
        created: Seconds since the epoch; 0 when unknown.
    """

    id: str
    owned_by: str = ""
    created: int = 0


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a model can do, as far as a turn has to know before it asks.

    Attributes:
        tools: Whether it takes tools; if not, none are presented and the decisions say so.
    """

    tools: bool = True


@dataclass(frozen=True, kw_only=True)
class CompletionCall:
    """One upstream call: what ``prepare_completion`` hooks see and a provider is asked.

    Attributes:
        model: The model's name as the provider knows it.
        messages: The thread in the OpenAI protocol's form, system message first.
        tools: Tools in OpenAI's form; empty for none.
        tool_choice: ``none``, ``auto``, ``required``, an object that names a tool, or None for the vendor's default.
        temperature: 0 to 2, or None for the vendor's default.
        max_completion_tokens: The most tokens of the answer, or None for the vendor's default.
        options: Further parameters of the protocol, passed on as they are.
        request_id: The request that this call serves.
        round: Number of the round within its turn, from 1.
    """

    model: str
    messages: tuple[Mapping[str, Any], ...]
    tools: tuple[JsonObject, ...] = ()
    tool_choice: str | Mapping[str, Any] | None = None
    temperature: float | None = None
    max_completion_tokens: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    request_id: str = ""
    round: int = 1

    def body(self) -> JsonObject:
        """The call in the OpenAI protocol's form, without nulls and without ``stream``; a copy, to be changed at will.

        Vendors differ from here (``max_tokens``, fixed temperatures); the provider's quirks see to that.
        """
        body: JsonObject = copied(self._body)
        return body

    def shared_body(self) -> JsonObject:
        """The same for those who only read: what it holds is shared with the call, and threads are long."""
        return dict(self._body)

    @cached_property
    def _body(self) -> JsonObject:
        body: JsonObject = {**self.options, "model": self.model, "messages": self.messages}
        if self.tools:
            body |= {"tools": self.tools, "tool_choice": self.tool_choice}
        body |= {"temperature": self.temperature, "max_completion_tokens": self.max_completion_tokens}
        pruned: JsonObject = prune(body)
        return pruned


def copied(value: Any) -> Any:
    """A copy of a JSON value, at any depth."""
    if isinstance(value, Mapping):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [copied(item) for item in value]
    return value


def prune(value: Any) -> Any:
    """Drop every null member of every object, at any depth: some vendors refuse explicit nulls.

    JSON Schemas are left as they are: in them a null (``"const": null``) means something. What holds no null is given
    back as it is, not copied: threads are long, and are sent again and again.
    """
    kind = type(value)
    if kind is dict:
        return _pruned(value)
    if kind is list or kind is tuple or isinstance(value, (list, tuple)):
        # a message of role and text alone, as nearly all of a long thread are, is told at a glance
        items = [
            item
            if type(item) is dict and len(item) == _PLAIN and type(item.get("role")) is type(item.get("content")) is str
            else prune(item)
            for item in value
        ]
        same = kind is list and all(map(operator.is_, items, value))
        return value if same else items
    return _pruned(value) if kind not in _SCALARS and isinstance(value, Mapping) else value


def _pruned(value: Mapping[str, Any]) -> Mapping[str, Any]:
    changed: JsonObject | None = None if type(value) is dict else dict(value)
    for key, item in value.items():
        kind = type(item)
        if kind in _SCALARS or (key in _SCHEMAS and (kind is dict or isinstance(item, Mapping))):
            continue
        kept = None if item is None else prune(item)
        if kept is item and item is not None:
            continue
        if changed is None:
            changed = dict(value)
        if item is None:
            del changed[key]
        else:
            changed[key] = kept
    return value if changed is None else changed


def masked(key: str) -> str:
    """A key as it may be shown: its last four characters, or nothing of one so short that these would tell much."""
    return f"****{key[-4:]}" if len(key) >= _SHORTEST_SHOWN else "****"


class Provider(Protocol):
    """Completes chats. Subclass it and write :meth:`complete`; the rest has working defaults.

    A provider belongs to one host. It holds no request: everything about a call is in the call. What goes wrong is
    raised as an exception of the ``openai`` package (or a subclass), whose meaning the error table knows.
    """

    name: str
    """The name before the slash in ``provider/model``: lower-case letters, digits, ``_`` and ``-``."""

    default_model: str | None = None
    """Asked when a prompt names no model."""

    default_temperature: float | None = None
    """Sent when neither the prompt nor a rule says one; None sends none."""

    default_max_completion_tokens: int | None = None
    """Sent when neither the prompt nor a rule says one; None sends none."""

    known_models: Sequence[str] | None = None
    """All models there are, when that is known without asking; None leaves unknown names to the vendor."""

    base_url: str | None = None
    """Root of its API as it may be shown: without a user, a password or a key; None when it has none."""

    key_hint: str | None = None
    """The key that it sends, all but its end masked, see :func:`masked`; None when it sends none."""

    configured: bool = True
    """Whether it has what it needs to be asked, e.g. a key; listings show it."""

    async def complete(self, call: CompletionCall) -> JsonObject:
        """Answer a call in one piece.

        Returns:
            OpenAI's ``chat.completion`` object; ``usage`` may be missing.

        Raises:
            openai.OpenAIError: Any failure, in the openai package's classes.
        """
        ...

    async def stream(self, call: CompletionCall) -> AsyncIterator[JsonObject]:
        """Answer a call piece by piece: OpenAI's ``chat.completion.chunk`` objects.

        The default asks :meth:`complete` and gives its answer as chunks. Closing the iterator ends the upstream call.

        Raises:
            openai.OpenAIError: Any failure; before the first chunk if it can be told by then.
        """
        from .chunks import completion_as_chunks

        for chunk in completion_as_chunks(await self.complete(call)):
            yield chunk

    def relay(self, request: RelayRequest) -> AbstractAsyncContextManager[RelayReply]:  # noqa: ARG002  (as below)
        """Send a caller's request as it is and give what comes back: nothing is decoded, translated or tried again.

        A status that is no success is a reply like any. Leaving the context closes the connection, unless the body was
        read to its end. The default raises when it is entered.

        Raises:
            openai.OpenAIError: There is no reply; when it breaks off, its body raises.
            BadRequest: The provider has no raw passthrough (``relay_unsupported``).
        """
        from .relay import NoRelay

        return NoRelay(self.name)

    async def models(self) -> Sequence[ModelInfo]:
        """The models on offer; asked when somebody lists them, so it may go to the network."""
        return [ModelInfo(model, owned_by=self.name) for model in self.known_models or ()]

    def capabilities(self, model: str) -> Capabilities:  # noqa: ARG002  (for those who override it)
        """What a model can do; must not block."""
        return Capabilities()

    async def aclose(self) -> None:
        """Let go of connections; called once, when the host closes."""
        return  # not an empty body: type checkers take that of a protocol for abstract
