"""Streams that are under way when the server is told to stop: they get some time, then an end that says so.

uvicorn tells an app of a shutdown only after all its connections have ended, and cuts those off that do not. So this
wraps the app, and hears the signal itself.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, MutableMapping
from types import FrameType
from typing import Any, Final, TypeAlias

from ..errors import ErrorInfo, ServiceUnavailable
from ..jsontext import dumps
from ..web.farewell import FAREWELL, Farewell

__all__ = ["ASGIApp", "GracefulApp"]

Message: TypeAlias = MutableMapping[str, Any]
Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Any, Any, Any], Awaitable[Any]]

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_STOPPED: Final = ServiceUnavailable("The server is shutting down.", hint="Try again.", code="server_shutdown")


class GracefulApp:
    """An ASGI app around another one, whose requests end within bounded time after SIGTERM or SIGINT.

    To the app inside, the end of that time looks as if its caller had hung up: it cancels what it does. The caller
    gets a last server-sent event, or status 503 when nothing was sent so far.

    Args:
        app: The app inside.
        grace: Seconds that requests may go on after the signal.
    """

    def __init__(self, app: ASGIApp, grace: float) -> None:
        self._app = app
        self._grace = grace
        self._over = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on to the app inside."""
        if scope["type"] == "lifespan":
            self._listen(asyncio.get_running_loop())
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hear the signals before the server does; its own handlers are in place by now, and follow ours."""
        for number in _SIGNALS:
            theirs = signal.getsignal(number)

            def heard(number: int, frame: FrameType | None, theirs: Any = theirs) -> None:
                loop.call_soon_threadsafe(loop.call_later, self._grace, self._over.set)
                if callable(theirs):
                    theirs(number, frame)

            signal.signal(number, heard)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        reply = _Reply(send)

        async def receive_or_stop() -> Message:
            return await _first(receive(), self._over)

        await self._app(scope, receive_or_stop, reply.send)
        if self._over.is_set():
            farewell: Farewell = scope.get("state", {}).get(FAREWELL, _openai_farewell)
            await reply.finish(farewell(_STOPPED.info))


async def _first(message: Awaitable[Message], over: asyncio.Event) -> Message:
    """The caller's next message, or that they are gone once the time is over."""
    next_message = asyncio.ensure_future(message)
    end = asyncio.ensure_future(over.wait())
    try:
        await asyncio.wait({next_message, end}, return_when=asyncio.FIRST_COMPLETED)
        return next_message.result() if next_message.done() else {"type": "http.disconnect"}
    finally:
        end.cancel()
        next_message.cancel()


def _openai_farewell(info: ErrorInfo) -> tuple[bytes, bytes]:
    body = dumps({"error": {"message": info.message, "type": info.type, "param": None, "code": info.code}})
    return body, b"data: " + body + b"\n\n"


class _Reply:
    """Watches a reply, to end it when the app inside leaves it open."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._started = self._events = self._ended = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._started = True
            self._events = any(
                name.lower() == b"content-type" and value.startswith(b"text/event-stream")
                for name, value in message.get("headers", ())
            )
        elif message["type"] == "http.response.body":
            self._ended = not message.get("more_body", False)
        await self._send(message)

    async def finish(self, farewell: tuple[bytes, bytes]) -> None:
        if self._ended:
            return
        body, event = farewell
        if not self._started:
            headers = [(b"content-type", b"application/json"), (b"retry-after", b"1"), (b"connection", b"close")]
            await self._send({"type": "http.response.start", "status": _STOPPED.status, "headers": headers})
        elif self._events:
            body = event
        else:
            return  # half of some other body: cut off by the server, so that nobody takes it for whole
        await self._send({"type": "http.response.body", "body": body, "more_body": False})
