"""Watching an app from around: each request, and what its prompt service does meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from ..service_events import RelayFailed, RelayReceived
from ..telemetry.exchange import Watchers
from ..telemetry.request_log import RequestLog
from ..telemetry.telemetry import Telemetry
from .around import around
from .auth import principal_in
from .passage import Passages
from .paths import path_of
from .request_id import request_id
from .state import dock_of, provide, withdraw

if TYPE_CHECKING:
    from litestar import Litestar

    from ..settings import Settings
    from ..store.database import Database
    from .heads import Head
    from .paths import Territory

__all__ = ["watching"]


def watching(
    settings: Settings, territory: Territory, heads: Sequence[Head]
) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    """Make the part of an app's life in which its requests are watched; it has to come after all others.

    Args:
        settings: What is to be watched.
        territory: Knows which requests are ours.
        heads: Add to the start of each reply, one after the other.
    """

    @asynccontextmanager
    async def watched(app: Litestar) -> AsyncIterator[None]:
        log = RequestLog(path=path_of, request_id=request_id, caller=_caller)
        dock = dock_of(app)
        async with AsyncExitStack() as stack:
            telemetry = await stack.enter_async_context(Telemetry.open(settings, dock.service))
            stack.enter_context(_listening(app, log))
            if telemetry.metrics is not None:
                stack.enter_context(_observing(dock.database, telemetry.metrics.store.observe))
            provide(app.state, telemetry=telemetry)
            stack.callback(withdraw, app.state, "telemetry")
            # the log comes last: by then the others know all about a request
            watchers = Watchers(*telemetry.request_watchers, log)
            passages = partial(Passages, territory=territory, watchers=watchers, heads=heads, journals=settings.journal)
            async with around(passages)(app):
                yield

    return watched


@contextmanager
def _listening(app: Litestar, log: RequestLog) -> Iterator[None]:
    service = dock_of(app).service
    service.turn_watchers.append(log.watch)
    stop = service.host.listen(log.hear, RelayFailed, RelayReceived)
    try:
        yield
    finally:
        service.turn_watchers.remove(log.watch)
        stop()
        log.close()


@contextmanager
def _observing(database: Database, observe: Callable[[str, str, float, float], None]) -> Iterator[None]:
    database.observe = observe
    try:
        yield
    finally:
        database.observe = None


def _caller(scope: Mapping[str, Any]) -> str:
    return principal_in(scope).name
