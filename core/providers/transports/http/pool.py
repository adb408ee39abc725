"""The connections that are open: kept ones are used again, the last one first, and there are never too many."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from ....tasks import is_cancelled
from .connection import Connection
from .errors import ConnectionBroken

if TYPE_CHECKING:
    from .destinations import Destination

__all__ = ["Pool"]

_CLOSED = "the client was closed"


class Pool:
    """Gives connections out and takes them back.

    Args:
        dial: Opens a connection.
        limit: The most connections at once; who needs a further one waits for one.
        keep: Seconds that a connection is kept without a request.
    """

    def __init__(
        self, dial: Callable[[Destination], Coroutine[Any, Any, Connection]], *, limit: int, keep: float
    ) -> None:
        self._dial = dial
        self._limit = limit
        self._keep = keep
        self._loop = asyncio.get_running_loop()
        self._idle: dict[Destination, list[Connection]] = {}
        self._open: dict[Connection, Destination] = {}
        self._dialling: set[asyncio.Future[Connection]] = set()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._sweep: asyncio.TimerHandle | None = None
        self.closed = False

    def kept(self, destination: Destination) -> Connection | None:
        """A connection that is open already, the one that was used last; None if there is none."""
        idle = self._idle.get(destination)
        while idle:
            connection = idle.pop()
            if connection.usable:
                return connection
        return None

    async def connection(self, destination: Destination) -> Connection:
        """A kept connection, or a new one.

        Raises:
            HttpError: There is none.
            OSError: The server cannot be reached.
        """
        if self._waiting and not self.closed:  # others came first
            await self._wait()
        while True:
            if self.closed:
                raise ConnectionBroken(_CLOSED)
            if (kept := self.kept(destination)) is not None:
                return kept
            if len(self._open) + len(self._dialling) < self._limit:
                return await self._new(destination)
            if not self._drop_another():
                await self._wait(first=True)

    async def aclose(self) -> None:
        """Close every connection, also those that are in use, and let nobody wait."""
        self.closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        dials, connections = set(self._dialling), list(self._open)
        for dialling in dials:
            dialling.cancel()
        for connection in connections:  # all at once, as whoever closes may have little patience
            connection.abort(ConnectionBroken(_CLOSED))
        if dials:
            await asyncio.wait(dials)
        for connection in connections:
            await connection.closed()

    async def _new(self, destination: Destination) -> Connection:
        dialling = asyncio.ensure_future(self._dial(destination))
        self._dialling.add(dialling)
        try:
            connection = await dialling
        except BaseException as failure:
            dialling.add_done_callback(_unwanted)  # it may be open already
            self._next()
            if isinstance(failure, asyncio.CancelledError) and self.closed and not is_cancelled():
                raise ConnectionBroken(_CLOSED) from None
            raise
        finally:
            self._dialling.discard(dialling)
        if self.closed or not connection.usable:
            error = ConnectionBroken(_CLOSED if self.closed else "the connection broke")
            connection.abort(error)
            self._next()
            raise error
        self._open[connection] = destination
        connection.free = self._freed
        connection.lost = self._lost
        return connection

    def _freed(self, connection: Connection) -> None:
        connection.idle_since = self._loop.time()
        self._idle.setdefault(self._open[connection], []).append(connection)
        if self._sweep is None:
            self._sweep = self._loop.call_later(self._keep, self._close_old)
        if self._waiting:
            self._next()

    def _lost(self, connection: Connection) -> None:
        destination = self._open.pop(connection)
        idle = self._idle.get(destination)
        if idle is not None and connection in idle:
            idle.remove(connection)
        if self._waiting:
            self._next()

    def _next(self) -> None:
        """Let the one who has waited longest look again."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    async def _wait(self, *, first: bool = False) -> None:
        waiter = self._loop.create_future()
        (self._waiting.appendleft if first else self._waiting.append)(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._next()  # it was this one's turn, and it is gone
            raise

    def _drop_another(self) -> bool:
        """Close a kept connection to somewhere else: a free place is worth more here."""
        for idle in self._idle.values():
            if idle:
                idle[0].abort(ConnectionBroken("its place was needed"))
                return True
        return False

    def _close_old(self) -> None:
        self._sweep = None
        now = self._loop.time()
        for destination, idle in list(self._idle.items()):
            for connection in [one for one in idle if one.idle_since + self._keep <= now]:
                connection.abort(ConnectionBroken("it was kept for long enough"))
            if not idle:
                del self._idle[destination]
        oldest = min((one.idle_since for idle in self._idle.values() for one in idle), default=None)
        if oldest is not None:
            self._sweep = self._loop.call_later(max(oldest + self._keep - now, 0.05), self._close_old)


def _unwanted(dialling: asyncio.Future[Connection]) -> None:
    if not dialling.cancelled() and dialling.exception() is None:
        dialling.result().abort(ConnectionBroken("nobody waits for it"))
