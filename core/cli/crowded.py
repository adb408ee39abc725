"""Connections beyond those that the server can carry: their callers are told so, and sent away."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, Final, cast

from ..errors import ServiceUnavailable
from ..jsontext import dumps
from .open_files import most_connections
from .protocol import QuickProtocol
from .speechless import Impatient

__all__ = ["BoundedProtocol", "Crowd", "RefusedConnection"]

_log = logging.getLogger("promptdock.connections")
_SILENCE: Final = 10.0
"""Seconds between two lines of the log."""
_LOOK: Final = 1.0
"""Seconds between two looks for callers who say nothing."""
_PATIENCE: Final = 1.0
"""Seconds for one who is refused to ask, and to take the answer: a connection that is closed sooner may lose it."""
_MOST_REFUSED: Final = 32
"""Connections that are refused at once; the oldest is cut off for a further one. They take files of those that the
server keeps for itself, and so do as many of those who ask how it is."""
_HOW_IT_IS: Final = (b"GET /healthz ", b"GET /readyz ", b"GET /metrics ")
"""Whoever watches the server must not take it for dead while it has much to do."""


class Crowd:
    """Decides which connection is one too many: with it, no file were left for the database, or for the provider.

    Attributes:
        refused: The connections that are being refused, in the order in which they came.
    """

    def __init__(self) -> None:
        self.refused: dict[RefusedConnection, None] = {}
        self._silent_until = 0.0
        self._next_look = 0.0

    @cached_property
    def most(self) -> int | None:
        """The most connections; None for any number. What the system allows a process is asked of it once."""
        return most_connections()

    def takes(self, connections: Iterable[object], count: int) -> bool:
        """Whether the server carries one more connection. If not, those end whose callers have said nothing for long.

        Args:
            connections: Those that it has.
            count: How many these are.
        """
        if self.most is None or count < self.most:
            return True
        now = time.monotonic()
        if now >= self._silent_until:
            self._silent_until = now + _SILENCE
            _log.warning(
                "%d connections are open, and no more are taken: their callers get status 503. "
                "Allow this process more open files (ulimit -Hn)",
                self.most,
            )
        if now >= self._next_look:
            self._next_look = now + _LOOK
            for connection in [one for one in connections if isinstance(one, Impatient)]:
                connection.end_if_speechless()
        return False

    def takes_aside(self, count: int) -> bool:
        """Whether the server carries one more connection of somebody who asks how it is."""
        return self.most is None or count < self.most + _MOST_REFUSED


class BoundedProtocol(QuickProtocol):
    """One connection, if the server carries it.

    Args:
        crowd: What decides that.
        **how: As uvicorn has it.
    """

    def __init__(self, *, crowd: Crowd, **how: Any) -> None:
        super().__init__(**how)
        self._crowd = crowd
        self._is_aside = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin, or leave it to what refuses."""
        if self._crowd.takes(self.connections, len(self.connections)):
            super().connection_made(transport)
            return
        refused = RefusedConnection(self._crowd, self._taken_aside)
        transport.set_protocol(refused)
        refused.connection_made(transport)

    def on_headers_complete(self) -> None:
        """Hear what is asked; who was let in for one answer gets no other."""
        if self._is_aside:
            self.headers.append((b"connection", b"close"))  # as if it had been asked for, so that the reply says so
        super().on_headers_complete()
        if self._is_aside and self.cycle is not None:
            self.cycle.keep_alive = False

    def _taken_aside(self, transport: asyncio.Transport, data: bytes) -> bool:
        """Begin after all, with what was asked, where that is how the server is."""
        if not data.startswith(_HOW_IT_IS) or not self._crowd.takes_aside(len(self.connections)):
            return False
        self._is_aside = True
        transport.set_protocol(self)
        super().connection_made(transport)
        self.data_received(data)
        return True


class RefusedConnection(asyncio.Protocol):
    """A connection that gets status 503, whatever it asks for, or nearly so.

    Args:
        crowd: Counts it.
        take: Given the transport and the first bytes, takes it over after all, and says whether.
    """

    def __init__(self, crowd: Crowd, take: Callable[[asyncio.Transport, bytes], bool]) -> None:
        self._crowd = crowd
        self._take = take
        self._transport: asyncio.Transport | None = None
        self._ending: asyncio.TimerHandle | None = None
        self._is_answered = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for a request, and not for long."""
        if len(self._crowd.refused) >= _MOST_REFUSED:
            next(iter(self._crowd.refused)).cut_off()
        self._crowd.refused[self] = None
        self._transport = cast("asyncio.Transport", transport)
        self._ending = asyncio.get_running_loop().call_later(_PATIENCE, transport.close)

    def data_received(self, data: bytes) -> None:
        """Answer the first bytes; the rest is of no interest, but unread it would take the answer away."""
        transport = self._transport
        if transport is None or self._is_answered:
            return
        if self._take(transport, data):
            self._forget()
            return
        self._is_answered = True
        transport.write(_reply())
        if transport.can_write_eof():
            transport.write_eof()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  (asyncio's signature)
        """Count it no more."""
        self._forget()

    def cut_off(self) -> None:
        """Let others have its place."""
        transport = self._transport
        self._forget()
        if transport is not None:
            transport.abort()

    def _forget(self) -> None:
        if self._ending is not None:
            self._ending.cancel()
        self._crowd.refused.pop(self, None)
        self._transport = self._ending = None


def _reply() -> bytes:
    from ..web.errors import openai_error

    error = ServiceUnavailable(
        "The server has as many connections as it can carry.", hint="Try again.", code="too_many_connections"
    )
    body = dumps(openai_error(error.info))
    head = (
        f"HTTP/1.1 {error.status} Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 1\r\n"
        f"connection: close\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
