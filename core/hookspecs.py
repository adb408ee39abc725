"""Every hook of promptdock; each docstring is the whole contract.

Rules for all hooks:

- An implementation takes only the arguments it wants, by name.
- ``settings`` is the implementing plugin's own settings: an instance of the model that its :func:`register_settings`
  gave, or None when it gave none.
- Implementations of per-request hooks may be ``def`` or ``async def``. Async ones are awaited. Synchronous ones run in
  a worker thread, unless marked ``@hookimpl(nonblocking=True)``. Register hooks are ``def``, and run on the thread that
  starts the host.
- Each implementation is called by itself, timed, and fails by itself. The order is that in which plugins load:
  installed ones by distribution and name, then one-file ones by name; ``tryfirst`` ones come before and ``trylast``
  ones after the others. ``wrapper`` and ``hookwrapper`` are refused at load.
- Four kinds, with one failure policy each. *Register*, once at start: a failure quarantines the plugin. *Decide*: a
  failure or a time-out counts as a denial. *Transform*: a failure or a time-out leaves the previous value. *Observe*:
  a failure or a time-out is logged and counted, and nobody else feels it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import TYPE_CHECKING

from .hookmarkers import hookspec

if TYPE_CHECKING:
    from pydantic import BaseModel

    from .providers.base import CompletionCall, Provider
    from .selection.rules import SelectionRule
    from .settings import ProviderSettings
    from .tools.approval import Approval, ToolCall
    from .tools.outcome import ToolResult
    from .tools.tool import Tool
    from .turn.events import (
        CompletionReceived,
        CompletionRequested,
        PluginCalled,
        PluginResponded,
        PluginSelected,
        ProviderInitialized,
        SettingsConflicted,
        ToolPresented,
        ToolRequested,
        ToolResponded,
        TurnFailed,
        TurnFinished,
        TurnStarted,
    )

__all__ = ["DECIDE", "OBSERVE", "REGISTER", "TRANSFORM"]

REGISTER = ("register_settings", "register_providers", "register_tools", "register_selection_rules")
DECIDE = ("approve_tool_call",)
TRANSFORM = ("prepare_request", "transform_tool_result")
OBSERVE = (
    "turn_started",
    "provider_initialized",
    "plugin_selected",
    "settings_conflicted",
    "tool_presented",
    "completion_requested",
    "completion_received",
    "tool_requested",
    "plugin_called",
    "plugin_responded",
    "tool_responded",
    "turn_failed",
    "turn_finished",
)


@hookspec
def register_settings() -> type[BaseModel] | None:
    """Give the pydantic model of the plugin's settings.

    Kind: register. Called once at start, before the plugin's other hooks. One implementation a plugin.

    The model is filled from ``[plugins.<id>]`` in ``promptdock.toml`` and from ``PROMPTDOCK_PLUGINS__<ID>__<FIELD>`` in
    the environment, which wins. Secrets are ``SecretStr`` fields. Unknown keys are refused unless the model's own
    ``extra`` says otherwise. Values that do not validate quarantine the plugin; the reason names each field and never
    shows a value.

    Returns:
        The model class, or None for a plugin without settings.

    Since: 0.1.
    """


@hookspec
def register_providers(
    settings: BaseModel | None, provider_settings: Mapping[str, ProviderSettings]
) -> Sequence[Provider] | None:
    """Give the providers that the plugin brings.

    Kind: register. Called once at start, after :func:`register_settings`.

    Args:
        settings: The plugin's own settings.
        provider_settings: What the operator configured under ``PROMPTDOCK_PROVIDERS__<NAME>__…``, by provider name:
            base URL, key, default model, transport, timeouts.

    Returns:
        Provider objects; None means none. A name that another plugin gives, too, quarantines both plugins.

    Since: 0.1.
    """


@hookspec
def register_tools(settings: BaseModel | None) -> Sequence[Tool] | None:
    """Give the tools that the plugin brings.

    Kind: register. Called once at start, after :func:`register_settings`.

    Args:
        settings: The plugin's own settings.

    Returns:
        Tools, as ``@tool`` makes them; None means none. A wire name that another plugin gives, too, quarantines both
        plugins, unless the operator's ``tool_aliases`` renames one.

    Since: 0.1.
    """


@hookspec
def register_selection_rules(settings: BaseModel | None) -> Sequence[SelectionRule] | None:
    """Give the rules that decide when the plugin's tools are presented.

    Kind: register. Called once at start, after :func:`register_tools`.

    Args:
        settings: The plugin's own settings.

    Returns:
        Rules over the plugin's own tools; None means none. A rule over a tool that the plugin did not register
        quarantines the plugin.

    Since: 0.1.
    """


@hookspec
def approve_tool_call(call: ToolCall, settings: BaseModel | None) -> Approval | Awaitable[Approval]:
    """Say whether a tool call may run.

    Kind: decide. Called for each call of a presented tool, after its arguments are validated and before it runs; the
    calls of one round are asked about concurrently. The first ``Deny`` wins and ends the asking.

    Args:
        call: Tool, plugin, validated arguments, caller, round.
        settings: The plugin's own settings.

    Returns:
        ``Allow()``, ``Deny(reason)``, or None to abstain. A call that nobody denies runs. Anything else, an exception
        or a time-out is a denial. The reason reaches the model and the caller. While a plugin with this hook is in
        quarantine, every call is denied: rules that cannot be asked are not the same as no rules.

    Since: 0.1.
    """


@hookspec
def prepare_request(
    request: CompletionCall, settings: BaseModel | None
) -> CompletionCall | Awaitable[CompletionCall | None] | None:
    """Change what the provider is asked.

    Kind: transform. Called before each upstream call, so once a round. Implementations are chained: each sees what the
    one before it returned.

    Args:
        request: The call; frozen, so use ``dataclasses.replace``.
        settings: The plugin's own settings.

    Returns:
        A changed copy, or None to leave it. An exception, a time-out or another type leaves the previous value.

    Since: 0.1.
    """


@hookspec
def transform_tool_result(
    result: ToolResult, settings: BaseModel | None
) -> ToolResult | Awaitable[ToolResult | None] | None:
    """Change what the model reads of a tool's result.

    Kind: transform. Called once for each call that gave a result, not for errors. Implementations are chained.

    Args:
        result: The result; frozen, so use ``dataclasses.replace``. Only ``content`` is taken over.
        settings: The plugin's own settings.

    Returns:
        A changed copy, or None to leave it. An exception, a time-out or another type leaves the previous value.

    Since: 0.1.
    """


@hookspec
def turn_started(event: TurnStarted, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when a turn begins; once a turn, before all other events of it.

    Kind: observe. The events of one turn reach an implementation one after the other, in their order, while the turn
    goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.TurnStarted`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.1.
    """


@hookspec
def provider_initialized(event: ProviderInitialized, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when the turn's provider is chosen; once a turn, after ``turn_started``.

    Kind: observe. The events of one turn reach an implementation one after the other, in their order, while the turn
    goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.ProviderInitialized`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.1.
    """


@hookspec
def plugin_selected(event: PluginSelected, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when a selection rule has selected; once for each rule that did, in load order.

    Kind: observe. The events of one turn reach an implementation one after the other, in their order, while the turn
    goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.PluginSelected`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.1.
    """


@hookspec
def settings_conflicted(event: SettingsConflicted, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when two selected rules want different settings; once for each setting and rule that was left.

    Kind: observe. The events of one turn reach an implementation one after the other, in their order, while the turn
    goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.SettingsConflicted`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.1.
    """


@hookspec
def tool_presented(event: ToolPresented, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when the model gets to see a tool; once a tool and turn, in the order in which tools are sent.

    Kind: observe. The events of one turn reach an implementation one after the other, in their order, while the turn
    goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.ToolPresented`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.1.
    """


@hookspec
def completion_requested(event: CompletionRequested, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when the provider is about to be asked; once a round, after ``prepare_request``.

    Kind: observe. The events of one turn reach an implementation one after the other, in their order, while the turn
    goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.CompletionRequested`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.1.
    """


@hookspec
def completion_received(event: CompletionReceived, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when the provider has answered in full; once a round that did not fail.

    Kind: observe. The events of one turn reach an implementation one after the other, in their order, while the turn
    goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.CompletionReceived`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.1.
    """


@hookspec
def tool_requested(event: ToolRequested, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when the model asks for a tool; once a call, in call order, known or not.

    Kind: observe. The events of one turn reach an implementation one after the other, in their order, while the turn
    goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.ToolRequested`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.1.
    """


@hookspec
def plugin_called(event: PluginCalled, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when a plugin's tool starts to run; once a call that is known, valid and not denied.

    Kind: observe. The events of one turn reach an implementation one after the other, in their order, while the turn
    goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.PluginCalled`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.1.
    """


@hookspec
def plugin_responded(event: PluginResponded, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when a plugin's tool has ended, well or not; once for each ``plugin_called``.

    Kind: observe. The events of one turn reach an implementation one after the other, in their order, while the turn
    goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.PluginResponded`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.1.
    """


@hookspec
def tool_responded(event: ToolResponded, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when the answer to a call is settled; once for each ``tool_requested``, in call order.

    Kind: observe. The events of one turn reach an implementation one after the other, in their order, while the turn
    goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.ToolResponded`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.1.
    """


@hookspec
def turn_failed(event: TurnFailed, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when the turn ended without an answer, or was cancelled by its caller; the last event of such a turn.

    Kind: observe. The events of one turn reach an implementation one after the other, in their order, while the turn
    goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.TurnFailed`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.1.
    """


@hookspec
def turn_finished(event: TurnFinished, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when the turn has its answer; the last event of such a turn.

    Kind: observe. The events of one turn reach an implementation one after the other, in their order, while the turn
    goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.TurnFinished`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.1.
    """
