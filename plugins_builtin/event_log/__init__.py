"""Writes every event of a turn to the log, one line of JSON each.

The logger is ``promptdock.plugins.event_log``. ``[plugins.event_log]`` in ``promptdock.toml`` takes ``level`` and
``include_content``. Without the latter no line holds what people wrote, what tools were given, or what anybody
answered: only names, numbers and codes.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from promptdock import (
    CompletionReceived,
    CompletionRequested,
    Event,
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

from .facts import bounded, facts_of

if TYPE_CHECKING:
    from .settings import EventLogSettings

__all__ = ["register_settings"]

_LOGGER = "promptdock.plugins.event_log"


@hookimpl
def register_settings() -> type[EventLogSettings]:
    """How much is logged, and how loud."""
    from .settings import EventLogSettings

    return EventLogSettings


def _write(event: Event, settings: EventLogSettings) -> None:
    logger = logging.getLogger(_LOGGER)
    level = settings.level_number
    if not logger.isEnabledFor(level):
        return
    line: dict[str, Any] = {
        "event": event.hook,
        "request_id": event.request_id,
        "turn_id": event.turn_id,
        **facts_of(event, include_content=settings.include_content),
    }
    line = {name: bounded(value) for name, value in line.items()}
    # ASCII only: no control character of a prompt can forge or garble a line
    logger.log(level, "%s", json.dumps(line, default=str), extra={"promptdock_event": line})


@hookimpl(nonblocking=True)
def turn_started(event: TurnStarted, settings: EventLogSettings) -> None:
    """Caller, provider, model, length of the thread."""
    _write(event, settings)


@hookimpl(nonblocking=True)
def provider_initialized(event: ProviderInitialized, settings: EventLogSettings) -> None:
    """Provider, its plugin, model."""
    _write(event, settings)


@hookimpl(nonblocking=True)
def plugin_selected(event: PluginSelected, settings: EventLogSettings) -> None:
    """Plugin, rule, tools."""
    _write(event, settings)


@hookimpl(nonblocking=True)
def settings_conflicted(event: SettingsConflicted, settings: EventLogSettings) -> None:
    """What was kept and what was left."""
    _write(event, settings)


@hookimpl(nonblocking=True)
def tool_presented(event: ToolPresented, settings: EventLogSettings) -> None:
    """Tool, wire name, plugin."""
    _write(event, settings)


@hookimpl(nonblocking=True)
def completion_requested(event: CompletionRequested, settings: EventLogSettings) -> None:
    """Round, provider, model, how many messages and tools."""
    _write(event, settings)


@hookimpl(nonblocking=True)
def completion_received(event: CompletionReceived, settings: EventLogSettings) -> None:
    """Round, tokens, time."""
    _write(event, settings)


@hookimpl(nonblocking=True)
def tool_requested(event: ToolRequested, settings: EventLogSettings) -> None:
    """Round, call, tool."""
    _write(event, settings)


@hookimpl(nonblocking=True)
def plugin_called(event: PluginCalled, settings: EventLogSettings) -> None:
    """Round, call, tool."""
    _write(event, settings)


@hookimpl(nonblocking=True)
def plugin_responded(event: PluginResponded, settings: EventLogSettings) -> None:
    """Round, call, tool, error, time."""
    _write(event, settings)


@hookimpl(nonblocking=True)
def tool_responded(event: ToolResponded, settings: EventLogSettings) -> None:
    """Round, call, tool, error, time, length of the result."""
    _write(event, settings)


@hookimpl(nonblocking=True)
def turn_failed(event: TurnFailed, settings: EventLogSettings) -> None:
    """Status, code, round, time."""
    _write(event, settings)


@hookimpl(nonblocking=True)
def turn_finished(event: TurnFinished, settings: EventLogSettings) -> None:
    """Rounds, tokens, time."""
    _write(event, settings)
