"""Metrics of what stands around turns: the store, the plugins and their hooks, the event loop."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Final

from ..plugins.catalog import PluginState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..plugins.calls import HookCall
    from ..plugins.catalog import PluginRecord
    from .registry import MetricsRegistry

__all__ = ["HookMetrics", "PluginMetrics", "StallMetrics", "StoreMetrics"]

_QUICK: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
_HOOKS: Final = (0.0001, 0.001, 0.01, 0.1, 1.0, 5.0)
_STALLS: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class StoreMetrics:
    """Counts transactions. :meth:`observe` is what a database is to call.

    Args:
        registry: Where its metrics are made.
    """

    def __init__(self, registry: MetricsRegistry) -> None:
        self._count = registry.counter(
            "promptdock_store_transactions", "Transactions of the store.", ["kind", "outcome"]
        )
        self._seconds = registry.histogram(
            "promptdock_store_transaction_duration_seconds",
            "Time of a transaction from its begin to its end, waiting left out.",
            ["kind"],
            _QUICK,
        )
        self._waited = registry.histogram(
            "promptdock_store_wait_seconds", "Time that a transaction waited for its turn.", ["kind"], _QUICK
        )

    def observe(self, kind: str, outcome: str, seconds: float, waited: float) -> None:
        """Count a transaction.

        Args:
            kind: ``read``, ``write`` or ``group``.
            outcome: ``ok``, ``failed``, ``unavailable`` and so on: a few words, never a message.
            seconds: How long it ran.
            waited: How long it had waited before.
        """
        self._count[kind, outcome].amount += 1
        self._seconds[kind,].observe(seconds)
        self._waited[kind,].observe(waited)


class HookMetrics:
    """Counts the calls of hooks. :meth:`observe` is what the executor of hooks calls.

    Args:
        registry: Where its metrics are made.
    """

    def __init__(self, registry: MetricsRegistry) -> None:
        self._count = registry.counter(
            "promptdock_hook_calls", "Calls of plugins' hooks.", ["plugin", "hook", "outcome"]
        )
        self._seconds = registry.histogram(
            "promptdock_hook_duration_seconds",
            "Time of a call of a hook, waiting for a thread included.",
            ["plugin", "hook"],
            _HOOKS,
        )

    def observe(self, call: HookCall, outcome: str, seconds: float) -> None:
        """Count a call.

        Args:
            call: The implementation.
            outcome: ``ok``, ``failed``, ``timeout`` or ``cancelled``.
            seconds: How long it took.
        """
        self._count[call.plugin, call.hook, outcome].amount += 1
        self._seconds[call.plugin, call.hook].observe(seconds)


class PluginMetrics:
    """Says which plugins there are, and which promptdock.

    Args:
        registry: Where its metrics are made.
        version: promptdock's own.
    """

    def __init__(self, registry: MetricsRegistry, version: str) -> None:
        build = registry.gauge(
            "promptdock_build_info",
            "The versions of promptdock and of Python; always 1.",
            ["version", "python"],
            "livemax",
        )
        build.labels(version, platform.python_version()).set(1)
        self._workers = registry.gauge("promptdock_workers", "Processes that serve.", [])
        self._plugins = registry.gauge("promptdock_plugins", "Plugins by their state.", ["state"], "livemax")
        self._quarantined = registry.gauge(
            "promptdock_plugin_quarantined", "1 for each plugin in quarantine.", ["plugin"], "livemax"
        )

    def show(self, plugins: Iterable[PluginRecord]) -> None:
        """Show the plugins of a worker that has just started."""
        self._workers.set(1)
        states = dict.fromkeys(PluginState, 0)
        for record in plugins:
            states[record.state] += 1
            if record.state is PluginState.QUARANTINED:
                self._quarantined.labels(record.name).set(1)
        for state, count in states.items():
            self._plugins.labels(state.value).set(count)

    def withdraw(self) -> None:
        """Say that a worker stops: it does so by itself, and its process may live on for a while."""
        self._workers.set(0)


class StallMetrics:
    """Counts the times in which the event loop stood still.

    Args:
        registry: Where its metrics are made.
    """

    def __init__(self, registry: MetricsRegistry) -> None:
        self._seconds = registry.threaded_histogram(
            "promptdock_loop_stall_seconds",
            "Time for which the event loop stood still, by the plugin whose code held it up.",
            ["plugin"],
            _STALLS,
        )

    def observe(self, plugin: str, seconds: float) -> None:
        """Count one; in any thread."""
        self._seconds.labels(plugin).observe(seconds)
