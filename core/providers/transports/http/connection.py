"""One connection: what is written to it, what comes over it, and how long it may be silent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from .errors import ConnectionBroken, HttpError, SilentTooLong
from .reply import Reply

__all__ = ["Connection"]

_ONE_WRITE = 65_536
_PIECE = 262_144


class Connection(asyncio.Protocol):
    """Carries one request at a time.

    Nothing here needs a task: a large body goes on as the transport asks for more, while the reply may come already,
    and one timer looks now and then whether somebody has waited for too long.

    Args:
        timeout: Seconds that somebody waits without a byte in either direction.
    """

    def __init__(self, timeout: float) -> None:
        self.free: Callable[[Connection], None] | None = None
        """Called when a reply has come to its end and the connection can carry another request."""
        self.lost: Callable[[Connection], None] | None = None
        """Called once, when the connection cannot be used any more."""
        self.idle_since = 0.0
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._reply: Reply | None = None
        self._used = False
        self._answered = False
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._unsent: memoryview | None = None
        self._full = False
        self._paused = False
        self._closed = asyncio.Event()

    @property
    def usable(self) -> bool:
        """Whether it can carry a request now."""
        return self._reply is None and self._transport is not None and not self._transport.is_closing()

    @property
    def transport(self) -> asyncio.Transport:
        """What it stands on."""
        assert self._transport is not None
        return self._transport

    def encrypt(self, transport: asyncio.Transport) -> None:
        """Go on over an encrypted transport, which was put on top of the old one."""
        self._transport = transport
        self._used = False

    def ask(self, method: str, head: bytes, body: bytes | None) -> Reply:
        """Write a request; the reply begins to come.

        Args:
            method: Its method.
            head: Its head, whole.
            body: Its body.
        """
        transport = self.transport
        self._reply = reply = Reply(self, method)
        self._answered = False
        if self._timer is None:
            self._timer = self._loop.call_later(self._timeout, self._look)
        if body is None or len(body) <= _ONE_WRITE:
            transport.write(head + body if body else head)
        else:
            transport.write(head)
            self._unsent = memoryview(body)
            self._send_more()
        return reply

    def waiter(self) -> asyncio.Future[None]:
        """Something to wait for the next news with; the silence begins now."""
        self._since = self._loop.time()
        return self._loop.create_future()

    def leave(self, reply: Reply) -> None:
        """Nobody reads a reply any more: unless it has come to its end nothing else can come over this connection."""
        if self._reply is reply:
            self.abort(ConnectionBroken("the reply was left"))

    def pause(self) -> None:
        """Whoever reads is slower than the server."""
        if not self._paused:
            self._paused = True
            self.transport.pause_reading()

    def resume(self, reply: Reply) -> None:
        """What had come of a reply has been read."""
        if self._paused and self._reply is reply:
            self._resume()

    def abort(self, error: HttpError) -> None:
        """Close at once; whoever reads gets the error."""
        if self._transport is not None:
            self._transport.abort()
        self._over(error)

    async def closed(self) -> None:
        """Wait until nothing of it is left."""
        await self._closed.wait()

    # --- for the transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Some bytes came."""
        reply = self._reply
        if reply is None:
            self.abort(ConnectionBroken("the server spoke unasked"))
            return
        self._answered = True
        self._since = self._loop.time()
        try:
            reply.feed(data)
        except HttpError as error:
            self.abort(error)
            return
        if reply.ended:
            self._finish(reply)
        elif reply.status:
            reply.wake()

    def eof_received(self) -> None:
        """The server has closed its side; then this one closes, too."""
        reply = self._reply
        if reply is not None and reply.end_of_input():
            self._finish(reply)
        else:  # a server that reads no more would keep what is unsent, and with it the socket, for ever
            self.abort(self._broken())

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed."""
        reply = self._reply
        if exc is None and reply is not None and reply.end_of_input():  # TLS tells no end of its own
            self._finish(reply)
        self._over(self._broken())
        self._closed.set()

    def pause_writing(self) -> None:
        """The server takes no more for now."""
        self._full = True

    def resume_writing(self) -> None:
        """The server has taken what was written."""
        self._full = False
        self._since = self._loop.time()
        self._send_more()

    # --- inside

    def _send_more(self) -> None:
        transport = self.transport
        while self._unsent is not None and not self._full and not transport.is_closing():
            piece, rest = self._unsent[:_PIECE], self._unsent[_PIECE:]
            self._unsent = rest if len(rest) else None
            transport.write(piece)

    def _finish(self, reply: Reply) -> None:
        """The reply is here, though perhaps not read; what follows is about the connection only."""
        self._reply = None
        reply.release()
        if self._paused:
            self._resume()
        # a server that has answered before it has read all may take what is left for another request
        if reply.reusable and self._unsent is None and not self._full and self.usable and self.free is not None:
            self._used = True
            self.free(self)
        else:
            self.abort(ConnectionBroken("the connection ended with its reply"))
        reply.wake()

    def _over(self, error: HttpError) -> None:
        """It cannot be used any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._unsent = None
        reply, self._reply = self._reply, None
        if reply is not None:
            reply.break_off(error)
            reply.release()
        lost, self.lost, self.free = self.lost, None, None
        if lost is not None:
            lost(self)

    def _broken(self) -> ConnectionBroken:
        return ConnectionBroken("the connection broke", stale=self._used and not self._answered)

    def _resume(self) -> None:
        self._paused = False
        self.transport.resume_reading()

    def _look(self) -> None:
        """Whether somebody waits for too long; the timer is set again only while there is a reply to wait for."""
        self._timer = None
        if self._reply is None:
            return
        left = self._timeout
        if self._reply.waiting:
            left += self._since - self._loop.time()
        if left <= 0:
            self.abort(SilentTooLong("nothing came for too long"))
        else:
            self._timer = self._loop.call_later(left, self._look)
