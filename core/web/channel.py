"""The caller's end of a stream of server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Final

from litestar.types import Send

from ..jsontext import dumps

__all__ = ["KEEP_ALIVE", "Channel", "send_json"]

KEEP_ALIVE: Final = b": keep-alive\n\n"

_SSE_HEADERS: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
)


class Channel:
    """Opens with the first frame, so that what fails before it still has a status of its own.

    One task writes, and between its frames the comments that keep a silent stream alive.

    Args:
        send: The request's ASGI send channel.
        headers: Further headers.
    """

    def __init__(self, send: Send, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self._send = send
        self._headers = [*_SSE_HEADERS, *headers]
        self._writing = False
        self._commenting = asyncio.Lock()
        self._held: list[bytes] = []
        self._loop = asyncio.get_running_loop()
        self._written_at = self._loop.time()
        self.open = False

    def hold(self, frame: bytes) -> None:
        """Keep a frame back that alone does not open the stream; it goes before the next one, or after a while."""
        self._held.append(frame)

    async def write(self, frame: bytes) -> None:
        """Send what was held and a frame; nothing when both are empty."""
        if self._commenting.locked():
            async with self._commenting:
                await self._write(frame)
            return
        # a lock of its own for each frame would cost more than the frame does: a comment looks whether one is under way
        self._writing = True
        try:
            await self._write(frame)
        finally:
            self._writing = False

    async def close(self) -> None:
        """End the stream."""
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    @asynccontextmanager
    async def kept_alive(self, seconds: float) -> AsyncIterator[None]:
        """Send what is held, else a comment, whenever nothing was sent for some seconds.

        A stream that has not begun, and has nothing to begin with, stays closed.
        """
        ticking: list[asyncio.Task[None]] = []
        # most streams are over before the first comment is due: those need no task
        first = self._loop.call_later(seconds, lambda: ticking.append(asyncio.create_task(self._tick(seconds))))
        try:
            yield
        finally:
            first.cancel()
            for task in ticking:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _tick(self, seconds: float) -> None:
        while True:
            left = seconds - (self._loop.time() - self._written_at) if self.open or self._held else seconds
            if left <= 0:
                async with self._commenting:
                    if not self._writing:
                        await self._write(KEEP_ALIVE if self.open else b"")
                left = seconds
            await asyncio.sleep(left)

    async def _write(self, frame: bytes) -> None:
        body = frame
        if self._held:
            body = b"".join([*self._held, frame])
            self._held.clear()
        if not body:
            return
        if not self.open:
            self.open = True
            await self._send({"type": "http.response.start", "status": 200, "headers": self._headers})
        self._written_at = self._loop.time()
        await self._send({"type": "http.response.body", "body": body, "more_body": True})


async def send_json(
    send: Send, value: object, *, status: int = 200, headers: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    """Send a whole reply."""
    body = dumps(value)
    told = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": body, "more_body": False})
