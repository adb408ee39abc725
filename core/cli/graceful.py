"""Streams that are under way when the server is told to stop: they get some time, then an end that says so.

uvicorn tells an app of a shutdown only after all its connections have ended, and cuts those off that do not. So this
wraps the app, and hears the signal itself.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from functools import partial
from types import FrameType
from typing import Any, Final, TypeAlias

from ..errors import ErrorInfo, ServiceUnavailable
from ..jsontext import dumps
from ..web.farewell import FAREWELL, STOPPING, Farewell

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
        started: Called once the app inside has started.
    """

    def __init__(self, app: ASGIApp, grace: float, started: Callable[[], None] = lambda: None) -> None:
        self._app = app
        self._grace = grace
        self._started = started
        self._end = _End()
        self._stopping = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on to the app inside, and end what it leaves open once the time is over."""
        if scope["type"] != "http":
            await self._pass_on(scope, receive, send)
            return
        reply = _Reply(send)
        if self._stopping:
            scope.setdefault("state", {})[STOPPING] = True
        await self._app(scope, partial(self._end.or_next, receive), reply.send)
        if self._end.has_come:
            farewell: Farewell = scope.get("state", {}).get(FAREWELL, _openai_farewell)
            await reply.finish(farewell(_STOPPED.info))

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            self._end.loop = asyncio.get_running_loop()
            self._listen(self._end.loop)
            await self._live(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def telling(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._started()
            await send(message)

        await self._app(scope, receive, telling)

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hear the signals before the server does; its own handlers are in place by now, and follow ours."""
        for number in _SIGNALS:
            theirs = signal.getsignal(number)

            def heard(number: int, frame: FrameType | None, theirs: Any = theirs) -> None:
                self._stopping = True
                loop.call_soon_threadsafe(loop.call_later, self._grace, self._end.come)
                if callable(theirs):
                    theirs(number, frame)

            signal.signal(number, heard)


class _End:
    """The end of the time that requests have after a signal, and who waits for a caller's next message meanwhile.

    It ends such a wait as a time-out does: by a cancellation that it takes back. A task for each wait, to see which of
    two comes first, would cost every request more than its route does.
    """

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None  # looking for the one that runs is a call of the system
        self.has_come = False
        self._waiting: set[asyncio.Task[Any]] = set()

    def come(self) -> None:
        """Let nobody wait any longer."""
        self.has_come = True
        for task in self._waiting:
            task.cancel()

    async def or_next(self, receive: Receive) -> Message:
        """The caller's next message, or that they are gone once the time is over."""
        task = asyncio.current_task(self.loop)
        if self.has_come or task is None:
            return {"type": "http.disconnect"}
        self._waiting.add(task)
        try:
            return await receive()
        except asyncio.CancelledError:
            if not self._ended(task):
                raise
            return {"type": "http.disconnect"}
        finally:
            self._waiting.discard(task)

    def _ended(self, task: asyncio.Task[Any]) -> bool:
        """Whether a task was cancelled by this, and by nobody else."""
        return self.has_come and not task.uncancel()


def _openai_farewell(info: ErrorInfo) -> tuple[bytes, bytes]:
    body = dumps({"error": {"message": info.message, "type": info.type, "param": None, "code": info.code}})
    return body, b"data: " + body + b"\n\n"


class _Reply:
    """Watches a reply, to end it when the app inside leaves it open."""

    __slots__ = ("_ended", "_headers", "_send", "_started")

    def __init__(self, send: Send) -> None:
        self._send = send
        self._started = self._ended = False
        self._headers: Iterable[tuple[bytes, bytes]] = ()

    def send(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self._started = True
            self._headers = message.get("headers", ())
        elif message["type"] == "http.response.body":
            self._ended = not message.get("more_body", False)
        return self._send(message)

    async def finish(self, farewell: tuple[bytes, bytes]) -> None:
        if self._ended:
            return
        body, event = farewell
        if not self._started:
            headers = [(b"content-type", b"application/json"), (b"retry-after", b"1"), (b"connection", b"close")]
            await self._send({"type": "http.response.start", "status": _STOPPED.status, "headers": headers})
        elif self._is_of_events():
            body = event
        else:
            return  # half of some other body: cut off by the server, so that nobody takes it for whole
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    def _is_of_events(self) -> bool:
        return any(
            name.lower() == b"content-type" and value.startswith(b"text/event-stream") for name, value in self._headers
        )
