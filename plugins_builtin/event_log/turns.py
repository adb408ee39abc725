"""The hooks of turns: a line for each event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptdock import (
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
    hookimpl,
)

from .line import is_read, write

if TYPE_CHECKING:
    from .settings import EventLogSettings

__all__ = [
    "completion_received",
    "completion_requested",
    "plugin_called",
    "plugin_responded",
    "plugin_selected",
    "provider_initialized",
    "settings_conflicted",
    "tool_presented",
    "tool_requested",
    "tool_responded",
    "turn_failed",
    "turn_finished",
    "turn_started",
]


@hookimpl(nonblocking=True, wanted=is_read)
def turn_started(event: TurnStarted, settings: EventLogSettings) -> None:
    """Caller, provider, model, length of the thread."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def provider_initialized(event: ProviderInitialized, settings: EventLogSettings) -> None:
    """Provider, its plugin, model."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def plugin_selected(event: PluginSelected, settings: EventLogSettings) -> None:
    """Plugin, rule, tools."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def settings_conflicted(event: SettingsConflicted, settings: EventLogSettings) -> None:
    """What was kept and what was left."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def tool_presented(event: ToolPresented, settings: EventLogSettings) -> None:
    """Tool, wire name, plugin."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def completion_requested(event: CompletionRequested, settings: EventLogSettings) -> None:
    """Round, provider, model, how many messages and tools."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def completion_received(event: CompletionReceived, settings: EventLogSettings) -> None:
    """Round, tokens, time."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def tool_requested(event: ToolRequested, settings: EventLogSettings) -> None:
    """Round, call, tool."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def plugin_called(event: PluginCalled, settings: EventLogSettings) -> None:
    """Round, call, tool."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def plugin_responded(event: PluginResponded, settings: EventLogSettings) -> None:
    """Round, call, tool, error, time."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def tool_responded(event: ToolResponded, settings: EventLogSettings) -> None:
    """Round, call, tool, error, time, length of the result."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def turn_failed(event: TurnFailed, settings: EventLogSettings) -> None:
    """Status, code, round, time."""
    write(event, settings)


@hookimpl(nonblocking=True, wanted=is_read)
def turn_finished(event: TurnFinished, settings: EventLogSettings) -> None:
    """Rounds, tokens, time."""
    write(event, settings)
