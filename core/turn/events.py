"""The events of a turn: frozen records, in one order, from which every reply, log line and stored row is made.

They are structs of ``msgspec`` rather than dataclasses, as every turn makes many of them: a frozen dataclass sets its
members one by one in Python, and takes ten times as long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import msgspec

from ..errors import ErrorInfo
from ..jsontext import JsonObject
from ..selection.decisions import Decision
from .messages import Message
from .request import EffectiveSettings

__all__ = [
    "CompletionDelta",
    "CompletionReceived",
    "CompletionRequested",
    "Event",
    "PluginCalled",
    "PluginResponded",
    "PluginSelected",
    "ProviderInitialized",
    "SettingsConflicted",
    "ToolPresented",
    "ToolProgressed",
    "ToolRequested",
    "ToolResponded",
    "TurnFailed",
    "TurnFinished",
    "TurnStarted",
    "UnreportedCall",
    "Usage",
]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened in a turn.

    Attributes:
        request_id: The request that the turn answers.
        turn_id: The turn; also the id of the completion that the caller gets.
        at: Seconds since the epoch, UTC.
        hook: Name of the observe hook that is told of this kind of event; empty for kinds that only the caller gets.
    """

    hook: ClassVar[str] = ""
    request_id: str
    turn_id: str
    at: float


class TurnStarted(Event, frozen=True, kw_only=True):
    """A turn begins; always the first event.

    Attributes:
        caller: Name of who sent the prompt.
        text: The newest user text.
        messages: The thread as the caller sent it, without private roles, and with the rounds put back that were half
            answered here.
        settings: What the turn uses: provider, model, temperature, most tokens.
        decisions: For each candidate tool, whether it is presented, and why.
    """

    hook: ClassVar[str] = "turn_started"
    caller: str
    text: str
    messages: tuple[Message, ...]
    settings: EffectiveSettings
    decisions: Sequence[Decision] = ()


class ProviderInitialized(Event, frozen=True, kw_only=True):
    """The provider of this turn is chosen and about to be asked; once a turn.

    Attributes:
        provider: Its name.
        plugin: Id of the plugin that registered it.
        model: The model that will be asked.
    """

    hook: ClassVar[str] = "provider_initialized"
    provider: str
    plugin: str
    model: str


class PluginSelected(Event, frozen=True, kw_only=True):
    """A selection rule chose its plugin's tools or system text; once for each rule that did.

    Attributes:
        plugin: Id of the plugin.
        rule: The rule, as it describes itself.
        reason: Why it selected, e.g. the term that hit.
        terms: The search terms that hit, if that is how the rule decides.
        tools: Stable ids of the tools it presents.
    """

    hook: ClassVar[str] = "plugin_selected"
    plugin: str
    rule: str
    reason: str
    terms: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()


class SettingsConflicted(Event, frozen=True, kw_only=True):
    """Two selected rules want different settings; the one with the higher priority was taken.

    Attributes:
        setting: ``model``, ``temperature`` or ``max_completion_tokens``.
        kept: ``plugin: rule = value`` of the one taken.
        dropped: The same of the one left.
    """

    hook: ClassVar[str] = "settings_conflicted"
    setting: str
    kept: str
    dropped: str


class ToolPresented(Event, frozen=True, kw_only=True):
    """The model gets to see a tool; once a tool and turn, in the order in which they are sent.

    Attributes:
        tool: Stable id, ``plugin.tool``.
        name: Wire name.
        plugin: Id of the plugin.
        reason: Why it is presented.
        definition: The tool in OpenAI's form.
    """

    hook: ClassVar[str] = "tool_presented"
    tool: str
    name: str
    plugin: str
    reason: str
    definition: JsonObject


class CompletionRequested(Event, frozen=True, kw_only=True):
    """The provider is about to be asked; once a round, after the ``prepare_completion`` hooks.

    Attributes:
        round: Number of the round, from 1.
        provider: Name of the provider.
        request: The request's body in the OpenAI protocol's form.
        last: True when this round must not ask for tools, because ``max_rounds`` is reached.
        api_url: Root of the provider's API, without a user or password; None when it has none.
        key_hint: The key that is sent, all but its end masked; None when there is none.
    """

    hook: ClassVar[str] = "completion_requested"
    round: int
    provider: str
    request: JsonObject
    last: bool
    api_url: str | None = None
    key_hint: str | None = None


class CompletionDelta(Event, frozen=True, kw_only=True):
    """A piece of the answer as the caller gets to see it; only in turns that stream, and not shown to hooks.

    Attributes:
        round: Number of the round.
        choices: OpenAI's ``choices`` of a chunk: index, delta, finish_reason, logprobs. Calls of our own tools are
            left out; the finish_reason comes once per choice, in the last delta.
        model: The model as the provider names it; the same for the whole turn.
        system_fingerprint: As the provider gave it.
        note: What promptdock has to say of the turn, on its last delta only: see ``TurnFinished.completion``.
    """

    round: int
    choices: tuple[JsonObject, ...]
    model: str
    system_fingerprint: str | None = None
    note: JsonObject | None = None


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens, as the provider reported them; a sum over rounds where it stands on the end of a turn."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    details: Mapping[str, Any] | None = None


class CompletionReceived(Event, frozen=True, kw_only=True):
    """The provider has answered in full; once a round that did not fail.

    Attributes:
        round: Number of the round.
        completion: OpenAI's chat completion; folded from the chunks when the turn streams.
        usage: Tokens of this call, or None when the provider reports none.
        ms: Milliseconds from the request to the last byte.
    """

    hook: ClassVar[str] = "completion_received"
    round: int
    completion: JsonObject
    usage: Usage | None
    ms: float


class ToolRequested(Event, frozen=True, kw_only=True):
    """The model asks for a tool; once a call, in call order, whether or not the tool exists.

    Attributes:
        round: Number of the round.
        call_id: The call's id.
        name: The wire name that the model used.
        arguments: The arguments as the model wrote them.
        tool: Stable id, or None when no such tool was presented.
        plugin: Id of the plugin that owns it, or None.
    """

    hook: ClassVar[str] = "tool_requested"
    round: int
    call_id: str
    name: str
    arguments: str
    tool: str | None
    plugin: str | None


class PluginCalled(Event, frozen=True, kw_only=True):
    """A plugin's tool starts to run: it is known, its arguments are valid and nobody denied it.

    Attributes:
        round: Number of the round.
        call_id: The call's id.
        tool: Stable id.
        plugin: Id of the plugin.
        arguments: Decoded arguments.
    """

    hook: ClassVar[str] = "plugin_called"
    round: int
    call_id: str
    tool: str
    plugin: str
    arguments: Mapping[str, Any]


class PluginResponded(Event, frozen=True, kw_only=True):
    """A plugin's tool that was called has ended, with a result or without; once for each :class:`PluginCalled`.

    A call that is cancelled with its turn has no such end.

    Attributes:
        round: Number of the round.
        call_id: The call's id.
        tool: Stable id.
        plugin: Id of the plugin.
        error: The code of what went wrong, or None.
        ms: Milliseconds that the plugin's function took.
    """

    hook: ClassVar[str] = "plugin_responded"
    round: int
    call_id: str
    tool: str
    plugin: str
    error: str | None
    ms: float


class ToolProgressed(Event, frozen=True, kw_only=True):
    """A running tool tells how far it is; for the caller only, hooks are not told.

    Attributes:
        round: Number of the round.
        call_id: The call's id.
        tool: Stable id.
        message: What it is doing.
        fraction: 0 to 1, when known.
    """

    round: int
    call_id: str
    tool: str
    message: str
    fraction: float | None = None


class ToolResponded(Event, frozen=True, kw_only=True):
    """The answer to one call is settled; once for each :class:`ToolRequested`, in call order.

    Attributes:
        round: Number of the round.
        call_id: The call's id.
        name: The wire name that the model used.
        tool: Stable id, or None when no such tool was presented.
        plugin: Id of the plugin, or None.
        arguments: Decoded arguments, or None when they could not be read.
        content: The tool message's content, as the model will read it.
        error: The code of what went wrong, or None.
        ms: Milliseconds from the request to the answer.
    """

    hook: ClassVar[str] = "tool_responded"
    round: int
    call_id: str
    name: str
    tool: str | None
    plugin: str | None
    arguments: Mapping[str, Any] | None
    content: str
    error: str | None
    ms: float


class UnreportedCall(msgspec.Struct, frozen=True, kw_only=True):
    """An upstream call that was begun and never ended: it may cost something, and nobody says how much.

    Attributes:
        round: Number of the round.
        provider: Name of the provider.
        model: The model that was asked.
        prompt_tokens: What its prompt came to, as estimated.
        completion_tokens: What had arrived of the answer, as estimated.
    """

    round: int
    provider: str
    model: str
    prompt_tokens: int
    completion_tokens: int


class TurnFailed(Event, frozen=True, kw_only=True):
    """The turn ended without an answer; the last event of such a turn.

    Attributes:
        error: What the caller is told.
        round: The round that failed; 0 before the first.
        ms: Milliseconds that the turn took.
        rounds: How many upstream calls were answered before.
        usage: Tokens that these cost, or None when unknown.
        unreported: The call that was under way, when its answer had begun or its caller went away; else None.
    """

    hook: ClassVar[str] = "turn_failed"
    error: ErrorInfo
    round: int
    ms: float
    rounds: int = 0
    usage: Usage | None = None
    unreported: UnreportedCall | None = None


class TurnFinished(Event, frozen=True, kw_only=True):
    """The turn has its answer; the last event of such a turn.

    Attributes:
        completion: The chat completion as the caller gets it: id of the turn, usage summed over the rounds, calls of
            our own tools left out, and a member ``promptdock`` with ``rounds`` and ``max_rounds_reached``.
        messages: What the turn adds to the thread, in order: assistant and tool messages, the answer last.
        rounds: How many upstream calls it took.
        max_rounds_reached: True when the model was cut off from further tools.
        usage: Tokens over all rounds, or None when no provider call reported any.
        ms: Milliseconds that the turn took.
    """

    hook: ClassVar[str] = "turn_finished"
    completion: JsonObject
    messages: tuple[Message, ...]
    rounds: int
    max_rounds_reached: bool
    usage: Usage | None
    ms: float
