"""Connections beyond those that the server can carry: their callers are told so, and sent away."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, Final, cast

from ..errors import ServiceUnavailable
from ..jsontext import dumps
from .open_files import most_connections
from .protocol import QuickProtocol

__all__ = ["BoundedProtocol", "Crowd", "RefusedConnection"]

_log = logging.getLogger("promptdock.connections")
_SILENCE: Final = 10.0
"""Seconds between two lines of the log."""
_PATIENCE: Final = 1.0
"""Seconds for a caller to send the first bytes: who is answered before may never get to see the answer."""


class Crowd:
    """Decides which connection is one too many: with it, no file were left for the database, or for the provider."""

    def __init__(self) -> None:
        self._silent_until = 0.0

    def takes(self, connections: int) -> bool:
        """Whether the server carries a connection.

        Args:
            connections: How many there are, with this one.
        """
        most = most_connections()
        if most is None or connections <= most:
            return True
        if time.monotonic() >= self._silent_until:
            self._silent_until = time.monotonic() + _SILENCE
            _log.warning(
                "%d connections are open, and no more are taken: their callers get status 503. "
                "Allow more open files (ulimit -Hn), or run more workers",
                most,
            )
        return False


class BoundedProtocol(QuickProtocol):
    """One connection, if the server carries it.

    Args:
        crowd: What decides that.
        **how: As uvicorn has it.
    """

    def __init__(self, *, crowd: Crowd, **how: Any) -> None:
        super().__init__(**how)
        self._crowd = crowd

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin, or leave it to what refuses."""
        if self._crowd.takes(len(self.connections) + 1):
            super().connection_made(transport)
            return
        refused = RefusedConnection()
        transport.set_protocol(refused)
        refused.connection_made(transport)


class RefusedConnection(asyncio.Protocol):
    """A connection that gets status 503, whatever it asks for."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._ending: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for a request, and not for long."""
        self._transport = cast("asyncio.Transport", transport)
        self._ending = asyncio.get_running_loop().call_later(_PATIENCE, transport.close)

    def data_received(self, data: bytes) -> None:  # noqa: ARG002  (whatever it is)
        """Answer the first bytes of it."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(_reply())
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  (asyncio's signature)
        """Forget it."""
        if self._ending is not None:
            self._ending.cancel()
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
