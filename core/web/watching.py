"""Watching an app from around: each request, and what its prompt service does meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, cast

from litestar.enums import ScopeType

from ..service_events import RelayFailed, RelayReceived
from ..telemetry.exchange import NOTES, Exchange, Watchers
from ..telemetry.request_log import RequestLog
from ..telemetry.telemetry import Telemetry
from .around import HUNG_UP, around
from .auth import principal_in
from .paths import path_of
from .request_id import request_id
from .state import dock_of, provide, withdraw_telemetry

if TYPE_CHECKING:
    from litestar import Litestar
    from litestar.types import ASGIApp, Receive, Scope, Send

    from ..settings import Settings
    from ..store.database import Database

__all__ = ["watching"]


def watching(
    settings: Settings, concerns: Callable[[Mapping[str, Any]], bool]
) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    """Make the part of an app's life in which it is watched; it has to come after all others.

    Args:
        settings: What is to be watched.
        concerns: Says of a scope whether its request is ours.
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
            stack.callback(withdraw_telemetry, app.state)
            # the log comes last: by then the others know all about a request
            watchers = Watchers(*telemetry.request_watchers, log)
            async with around(lambda inner: _Watched(inner, concerns, watchers))(app):
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


@contextmanager
def _observing(database: Database, observe: Callable[[str, str, float, float], None]) -> Iterator[None]:
    database.observe = observe
    try:
        yield
    finally:
        database.observe = None


def _caller(scope: Mapping[str, Any]) -> str:
    return principal_in(scope).name


class _Watched:
    """An ASGI app around another one."""

    def __init__(
        self,
        inner: ASGIApp,
        concerns: Callable[[Mapping[str, Any]], bool],
        watchers: Watchers,
    ) -> None:
        self._inner = inner
        self._concerns = concerns
        self._watchers = watchers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or not self._concerns(scope):
            await self._inner(scope, receive, send)
            return
        exchange = Exchange(cast("Any", scope), receive, cast("Any", send), self._watchers, hung_up=HUNG_UP)
        before = NOTES.set(exchange.notes)
        broken = True
        try:
            await self._inner(scope, exchange.receive, cast("Send", exchange.send))
            broken = False
        finally:
            exchange.leave(broken=broken)
            NOTES.reset(before)
