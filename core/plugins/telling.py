"""What the observe hooks are told of the plugins at start: one event for each that was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..service_events import PluginDenied, PluginLoaded, PluginQuarantined, ServiceEvent
from .catalog import PluginRecord, PluginState

__all__ = ["plugin_events"]


def plugin_events(plugins: Iterable[PluginRecord]) -> Iterator[ServiceEvent]:
    """What became of each plugin, as events without a request and a caller.

    Args:
        plugins: The records of a catalog, in load order.
    """
    for record in plugins:
        about: dict[str, Any] = {
            "request_id": "",
            "caller": "",
            "account": None,
            "plugin": record.name,
            "distribution": record.distribution,
            "version": record.version,
        }
        if record.state is PluginState.LOADED:
            yield PluginLoaded(**about, hooks=record.hooks, ms=record.load_ms)
        elif record.state is PluginState.DENIED:
            yield PluginDenied(**about, reason=record.reason or "")
        else:
            yield PluginQuarantined(**about, reason=record.reason or "", remedy=record.remedy or "")
