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
- A hook that is to be written differently is *deprecated* first: it works as before, and the plugin that has it is
  named with the line to write instead, in ``promptdock plugins list``, in the log at start, and in the warnings of its
  author's pytest. A removed one is refused with the same line. A plugin that serves older hosts, too, has both, each
  marked ``@hookimpl(optionalhook=True)``; the newer one is asked.
- Observe hooks all take one ``event``. Those of turns are told of one turn's events in their order; those around turns
  are told of the whole host's events in their order, each plugin at its own pace. Between the two kinds there is no
  order: compare ``event.at``. When very many events wait for slow observers, further ones are dropped, counted and
  logged. No event around turns holds a key, a secret, a header, a query or a body.
- An observe hook marked ``@hookimpl(wanted=…)`` is not called while that function, given the plugin's settings, says
  False: whoever writes to a log can ask whether anybody reads it. It is asked for each event, on the event loop, so it
  must be quick; when it raises, the hook is called.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from .hook_versions import Adapter, DeprecatedArgument, Deprecation
from .hookmarkers import hookspec

if TYPE_CHECKING:
    from pydantic import BaseModel

    from .providers.base import CompletionCall, Provider
    from .selection.rules import SelectionRule
    from .service_events import (
        AccountCreated,
        APIRequestCompleted,
        APIRequestFailed,
        APIRequestStarted,
        AuthenticationFailed,
        AuthenticationRequested,
        AuthenticationSucceeded,
        ChargeAuthorized,
        ChargeDeclined,
        ChargeRecorded,
        DomainVerificationFailed,
        DomainVerificationRequested,
        DomainVerified,
        KeyCreated,
        KeyDeleted,
        KeyUpdated,
        LLMClientCalled,
        LLMClientCreated,
        LLMClientDeleted,
        LLMClientDeployed,
        LLMClientUndeployed,
        LLMClientUpdated,
        PluginDenied,
        PluginLoaded,
        PluginQuarantined,
        PromptConfigured,
        RelayFailed,
        RelayReceived,
        RelayRequested,
        SessionOpened,
        UserCreated,
    )
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

__all__ = ["DECIDE", "DEPRECATED", "OBSERVE", "OBSERVE_SERVICE", "OBSERVE_TURNS", "REGISTER", "TRANSFORM", "VERSION"]

VERSION = "0.2"
"""Version of the set of hooks: that of promptdock which last added, deprecated or removed one."""

REGISTER = ("register_settings", "register_providers", "register_tools", "register_selection_rules")
DECIDE = ("approve_tool_call",)
TRANSFORM = ("prepare_completion", "transform_tool_result")
OBSERVE_TURNS = (
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
OBSERVE_SERVICE = (
    "api_request_started",
    "api_request_completed",
    "api_request_failed",
    "authentication_requested",
    "authentication_succeeded",
    "authentication_failed",
    "key_created",
    "key_updated",
    "key_deleted",
    "user_created",
    "account_created",
    "llm_client_created",
    "llm_client_updated",
    "llm_client_deleted",
    "llm_client_deployed",
    "llm_client_undeployed",
    "domain_verification_requested",
    "domain_verified",
    "domain_verification_failed",
    "llm_client_called",
    "session_opened",
    "prompt_configured",
    "charge_authorized",
    "charge_declined",
    "charge_recorded",
    "relay_requested",
    "relay_received",
    "relay_failed",
    "plugin_loaded",
    "plugin_quarantined",
    "plugin_denied",
)
OBSERVE = (*OBSERVE_TURNS, *OBSERVE_SERVICE)
DEPRECATED = ("prepare_request",)
"""Hooks that work and are to be written differently; once removed, they stay here, for those who still have them."""


@hookspec(since="0.1")
def register_settings() -> type[BaseModel] | None:
    """Give the pydantic model of the plugin's settings.

    Kind: register. Called once at start, before the plugin's other hooks. One implementation a plugin.

    The model is filled from ``[plugins.<id>]`` in ``promptdock.toml`` and from ``PROMPTDOCK_PLUGINS__<ID>__<FIELD>`` in
    the environment, which wins. Secrets are ``SecretStr`` fields. Unknown keys are refused unless the model's own
    ``extra`` says otherwise. Values that do not validate quarantine the plugin; the reason names each field and never
    shows a value.

    Returns:
        The model class, or None for a plugin without settings. Anything else, an exception, or a second implementation
        quarantines the plugin.

    Since: 0.1.
    """


@hookspec(since="0.1")
def register_providers(
    settings: BaseModel | None, provider_settings: Mapping[str, ProviderSettings]
) -> Sequence[Provider] | None:
    """Give the providers that the plugin brings.

    Kind: register. Called once at start, after :func:`register_settings`; of several implementations of one plugin,
    each is called, and all that they give counts. No provider is asked anything at start.

    Args:
        settings: The plugin's own settings.
        provider_settings: What the operator configured under ``PROMPTDOCK_PROVIDERS__<NAME>__…``, by provider name:
            base URL, key, default model, transport, timeouts.

    Returns:
        Provider objects, whose names are lower-case letters, digits, ``_`` and ``-``; None means none. A name that
        another plugin gives, too, quarantines both plugins. Anything but a list of providers, or an exception,
        quarantines the plugin.

    Since: 0.1.
    """


@hookspec(since="0.1")
def register_tools(settings: BaseModel | None) -> Sequence[Tool] | None:
    """Give the tools that the plugin brings.

    Kind: register. Called once at start, after :func:`register_providers`; of several implementations of one plugin,
    each is called, and all that they give counts.

    Args:
        settings: The plugin's own settings.

    Returns:
        Tools, as ``@tool`` makes them; None means none. A tool without a rule is presented for every prompt. A wire
        name that another plugin gives, too, quarantines both plugins, unless the operator's ``tool_aliases`` renames
        one. Anything but a list of tools, a tool whose schema or name is not valid, or an exception quarantines the
        plugin.

    Since: 0.1.
    """


@hookspec(since="0.1")
def register_selection_rules(settings: BaseModel | None) -> Sequence[SelectionRule] | None:
    """Give the rules that decide when the plugin's tools are presented.

    Kind: register. Called once at start, after :func:`register_tools`; of several implementations of one plugin, each
    is called, and all that they give counts. The rules themselves are asked for every prompt.

    Args:
        settings: The plugin's own settings.

    Returns:
        Rules over the plugin's own tools; None means none. A rule over a tool that the plugin did not register (the
        same object), anything but a list of rules, or an exception quarantines the plugin.

    Since: 0.1.
    """


@hookspec(since="0.1")
def approve_tool_call(call: ToolCall, settings: BaseModel | None) -> Approval | Awaitable[Approval]:
    """Say whether a tool call may run.

    Kind: decide. Called once for each call of a presented tool, after its arguments are validated and before it runs;
    not for the caller's own tools, which do not run here. The calls of one round are asked about concurrently, the
    plugins about one call in their order. The first ``Deny`` wins and ends the asking. The call waits for it.

    Args:
        call: Tool, plugin, validated arguments, caller, round.
        settings: The plugin's own settings.

    Returns:
        ``Allow()``, ``Deny(reason)``, or None to abstain. A call that nobody denies runs. Anything else, an exception
        or a time-out is a denial. The reason reaches the model and the caller. While a plugin with this hook is in
        quarantine, every call is denied: rules that cannot be asked are not the same as no rules.

    Since: 0.1.
    """


@hookspec(
    since="0.2", deprecated_arguments={"request": DeprecatedArgument(since="0.2", removed_in="1.0", successor="call")}
)
def prepare_completion(
    call: CompletionCall, settings: BaseModel | None
) -> CompletionCall | Awaitable[CompletionCall | None] | None:
    """Change what the provider is asked.

    Kind: transform. Called before each upstream call of a turn, so once a round; not for what is passed through to a
    provider as it is. Implementations are chained in the order of the plugins: each sees what the one before it
    returned. The turn waits for it.

    Args:
        call: The upstream call; frozen, so use ``dataclasses.replace``. Its ``request_id`` and ``round`` are the
            host's: what is changed of them is not taken over.
        settings: The plugin's own settings.

    Returns:
        A changed copy, or None to leave it. An exception, a time-out, another type, or a call that no provider could be
        sent (without a model or messages, or not JSON) is logged and counted, and leaves the previous value.

    Since: 0.2.
    """


@hookspec(since="0.1")
def transform_tool_result(
    result: ToolResult, settings: BaseModel | None
) -> ToolResult | Awaitable[ToolResult | None] | None:
    """Change what the model reads of a tool's result.

    Kind: transform. Called once for each call that gave a result, not for errors; for calls of one round perhaps at the
    same time. Implementations are chained in the order of the plugins: each sees what the one before it returned. The
    call waits for it.

    Args:
        result: The result as text, below the limit of results; frozen, so use ``dataclasses.replace``. Only ``content``
            is taken over, and the limit holds for what comes out, too.
        settings: The plugin's own settings.

    Returns:
        A changed copy, or None to leave it. An exception, a time-out, another type, or a content that is no text is
        logged and counted, and leaves the previous value.

    Since: 0.1.
    """


@hookspec(since="0.1")
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


@hookspec(since="0.1")
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


@hookspec(since="0.1")
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


@hookspec(since="0.1")
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


@hookspec(since="0.1")
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


@hookspec(since="0.1")
def completion_requested(event: CompletionRequested, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when the provider is about to be asked; once a round, after ``prepare_completion``.

    Kind: observe. The events of one turn reach an implementation one after the other, in their order, while the turn
    goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.CompletionRequested`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.1.
    """


@hookspec(since="0.1")
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


@hookspec(since="0.1")
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


@hookspec(since="0.1")
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


@hookspec(since="0.1")
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


@hookspec(since="0.1")
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


@hookspec(since="0.1")
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


@hookspec(since="0.1")
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


@hookspec(since="0.2")
def api_request_started(event: APIRequestStarted, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when a request to the API has arrived; once a request.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.APIRequestStarted`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def api_request_completed(event: APIRequestCompleted, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when a request to the API was answered with a status below 500; the last event of such a request.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.APIRequestCompleted`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def api_request_failed(event: APIRequestFailed, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when a request to the API was answered with 500 or above; the last event of such a request.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.APIRequestFailed`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def authentication_requested(event: AuthenticationRequested, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when a request came with a key, before it is checked; once such a request.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.AuthenticationRequested`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def authentication_succeeded(event: AuthenticationSucceeded, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when a request's key is good; once such a request.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.AuthenticationSucceeded`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def authentication_failed(event: AuthenticationFailed, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when a request was turned away because of its key, or for want of one; once such a request.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.AuthenticationFailed`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def key_created(event: KeyCreated, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when an API key was made, after it is stored.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.KeyCreated`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def key_updated(event: KeyUpdated, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when an API key was changed, after the change is stored.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.KeyUpdated`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def key_deleted(event: KeyDeleted, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when an API key was deleted, after it opens nothing any more.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.KeyDeleted`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def user_created(event: UserCreated, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when there is a new user, after they are stored.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.UserCreated`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def account_created(event: AccountCreated, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when there is a new account, after it is stored.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.AccountCreated`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def llm_client_created(event: LLMClientCreated, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when an LLM client was made, after it is stored.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.LLMClientCreated`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def llm_client_updated(event: LLMClientUpdated, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when an LLM client was changed, after the change is stored; not for a change that changes nothing.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.LLMClientUpdated`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def llm_client_deleted(event: LLMClientDeleted, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when an LLM client was deleted, after it is gone.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.LLMClientDeleted`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def llm_client_deployed(event: LLMClientDeployed, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when an LLM client begins to answer at its host names, after that is stored.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.LLMClientDeployed`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def llm_client_undeployed(event: LLMClientUndeployed, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when an LLM client no longer answers at its host names, after that is stored.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.LLMClientUndeployed`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def domain_verification_requested(
    event: DomainVerificationRequested, settings: BaseModel | None
) -> Awaitable[None] | None:
    """Told when a custom domain is about to be verified; once a check, before ``domain_verified`` or its opposite.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.DomainVerificationRequested`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def domain_verified(event: DomainVerified, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when a custom domain is shown to be its owner's, after that is stored.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.DomainVerified`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def domain_verification_failed(event: DomainVerificationFailed, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when a custom domain could not be verified; once a check that failed.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.DomainVerificationFailed`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def llm_client_called(event: LLMClientCalled, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when an LLM client was found for a prompt and the caller may prompt it; once a prompt, before its turn.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.LLMClientCalled`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def session_opened(event: SessionOpened, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when a session was made, before its first turn; once a session.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.SessionOpened`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def prompt_configured(event: PromptConfigured, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when a chat page was told what it needs; once an answer of the ``config`` routes.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.PromptConfigured`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def charge_authorized(event: ChargeAuthorized, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when a budget has room for what is about to be done; once a budget that was asked, before the provider is.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.ChargeAuthorized`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def charge_declined(event: ChargeDeclined, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when a budget has no room; once a request that is declined, in place of asking the provider.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.ChargeDeclined`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def charge_recorded(event: ChargeRecorded, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when the ledger has a new charge, after it is stored; once an upstream call and once a tool invocation.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.ChargeRecorded`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def relay_requested(event: RelayRequested, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when a request is about to go to a provider as it is; once a request that is relayed.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.RelayRequested`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def relay_received(event: RelayReceived, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when the provider's answer to a relayed request was passed on to its last byte, whatever its status.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.RelayReceived`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def relay_failed(event: RelayFailed, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when a relayed request got no answer, or one that broke off; in place of ``relay_received``.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.RelayFailed`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def plugin_loaded(event: PluginLoaded, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when a plugin is loaded and ready; once a plugin and start, in load order, before any request.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.PluginLoaded`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def plugin_quarantined(event: PluginQuarantined, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when a plugin cannot be used; once a plugin and start, in load order, before any request.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.PluginQuarantined`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(since="0.2")
def plugin_denied(event: PluginDenied, settings: BaseModel | None) -> Awaitable[None] | None:
    """Told when the operator's lists leave a plugin out; once a plugin and start, in load order, before any request.

    Kind: observe. Events around turns reach each plugin one after the other, in the order in which they happened, while
    the host goes on; nobody waits for it.

    Args:
        event: See :class:`~promptdock.PluginDenied`.
        settings: The plugin's own settings.

    Returns:
        Nothing; a value is ignored. An exception or a time-out is logged and counted.

    Since: 0.2.
    """


@hookspec(
    since="0.1",
    deprecated=Deprecation(
        since="0.2",
        removed_in="1.0",
        successor="prepare_completion",
        adapter=Adapter(arguments=MappingProxyType({"request": "call"})),
    ),
)
def prepare_request(
    request: CompletionCall, settings: BaseModel | None
) -> CompletionCall | Awaitable[CompletionCall | None] | None:
    """Change what the provider is asked: the name that :func:`prepare_completion` had before 0.2.

    Kind: transform. Called as :func:`prepare_completion` is, in the same chain and with the same consequences. A plugin
    that has both, to serve older hosts, too, is asked by the newer name only.

    Args:
        request: The upstream call; frozen, so use ``dataclasses.replace``.
        settings: The plugin's own settings.

    Returns:
        A changed copy, or None to leave it.

    Since: 0.1.

    Deprecated: Since 0.2, removed in 1.0. Write ``def prepare_completion(call, settings):`` instead.
    """
