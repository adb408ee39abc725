"""All that watches one app, opened and closed with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import msgspec

from ..service_events import RelayFailed, RelayReceived
from .provider_health import ProviderHealth
from .tracing import open_tracing

if TYPE_CHECKING:
    from ..service import PromptService
    from ..settings import Settings
    from .exchange import RequestWatcher
    from .metrics import Metrics
    from .spans import Tracing
    from .stalls import LoopWatch

__all__ = ["Telemetry"]


class Telemetry(msgspec.Struct, frozen=True, kw_only=True):
    """What watches one app.

    Attributes:
        health: How the providers have done lately.
        metrics: Its numbers; None when the settings want none.
        loop: What sees that the event loop stands still; None when the settings want none.
        request_watchers: Who is to be told of each request.
    """

    health: ProviderHealth
    metrics: Metrics | None = None
    loop: LoopWatch | None = None
    request_watchers: Sequence[RequestWatcher] = ()

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings, service: PromptService) -> AsyncIterator[Telemetry]:
        """Watch a prompt service for the length of a block, on the running event loop.

        Args:
            settings: What is to be watched.
            service: Open already.

        Yields:
            What is known of it. Whoever serves requests has to tell the watchers of them.
        """
        health = ProviderHealth()
        watchers: list[RequestWatcher] = []
        async with AsyncExitStack() as stack:
            _attach(stack, service, health)
            tracing = open_tracing(settings)
            if tracing is not None:
                stack.push_async_callback(asyncio.to_thread, tracing.close)
                _attach(stack, service, tracing)
                watchers.append(tracing)
            metrics = _metrics(settings)
            if metrics is not None:
                stack.enter_context(metrics.counting(service))
                watchers.append(metrics.requests)
            loop = _loop_watch(settings, service, metrics)
            if loop is not None:
                stack.enter_context(loop.watching())
            yield cls(health=health, metrics=metrics, loop=loop, request_watchers=tuple(watchers))


def _attach(stack: AsyncExitStack, service: PromptService, listener: ProviderHealth | Tracing) -> None:
    service.turn_watchers.append(listener.watch)
    stack.callback(service.turn_watchers.remove, listener.watch)
    stack.callback(service.host.listen(listener.hear, RelayFailed, RelayReceived))


def _metrics(settings: Settings) -> Metrics | None:
    if not settings.metrics:
        return None
    from .metrics import Metrics

    return Metrics()


def _loop_watch(settings: Settings, service: PromptService, metrics: Metrics | None) -> LoopWatch | None:
    if not settings.loop_stall_ms:
        return None
    from .culprits import Culprits
    from .stalls import LoopWatch

    return LoopWatch(
        Culprits.of(service.catalog, service.host.calls),
        threshold=settings.loop_stall_ms / 1000,
        count=None if metrics is None else metrics.stalls.observe,
    )
