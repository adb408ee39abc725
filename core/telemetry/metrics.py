"""All metrics of one app, and what they count on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Final, ParamSpec

from .. import __version__
from ..service_events import RelayFailed, RelayReceived
from .registry import MetricsRegistry
from .request_metrics import RequestMetrics
from .service_metrics import HookMetrics, PluginMetrics, StallMetrics, StoreMetrics
from .turn_metrics import TurnMetrics

if TYPE_CHECKING:
    from ..service import PromptService

__all__ = ["Metrics"]

_P = ParamSpec("_P")
_FLUSH_SECONDS: Final = 0.5
_log = logging.getLogger("promptdock.telemetry")


class Metrics:
    """The metrics of one app; they live as long as it does.

    Attributes:
        registry: Writes them out.
        requests: Is to be told of requests.
        store: Its ``observe`` is to be told of transactions.
        stalls: Its ``observe`` is to be told when the event loop stood still.
    """

    def __init__(self) -> None:
        self.registry = MetricsRegistry()
        self.requests = RequestMetrics(self.registry)
        self.store = StoreMetrics(self.registry)
        self.stalls = StallMetrics(self.registry)
        self._turns = TurnMetrics(self.registry)
        self._hooks = HookMetrics(self.registry)
        self._plugins = PluginMetrics(self.registry, __version__)
        self._timer: asyncio.TimerHandle | None = None

    @contextmanager
    def counting(self, service: PromptService) -> Iterator[None]:
        """Count what a prompt service does, for the length of a block, on the running event loop."""
        self._plugins.show(service.catalog.plugins)
        self._keep_flushing(asyncio.get_running_loop())
        hear = _quiet(self._turns.hear)
        service.turn_watchers.append(self._turns.watch)
        stop = service.host.listen(hear, RelayFailed, RelayReceived)
        service.host.watch_hooks(_quiet(self._hooks.observe))
        try:
            yield
        finally:
            self._plugins.withdraw()
            if self._timer is not None:
                self._timer.cancel()
            service.turn_watchers.remove(self._turns.watch)
            stop()
            service.host.watch_hooks(None)
            self.registry.flush()

    def _keep_flushing(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let the other workers see what is counted here, and keep it few however seldom somebody asks."""
        self._timer = loop.call_later(_FLUSH_SECONDS, self._keep_flushing, loop)
        self.registry.flush()


def _quiet(count: Callable[_P, None]) -> Callable[_P, None]:
    """Keep whatever goes wrong with a number, e.g. a full disk, from those who are counted."""

    @wraps(count)
    def counted(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            count(*args, **kwargs)
        except Exception:  # noqa: BLE001
            _log.exception("Something could not be counted")

    return counted
