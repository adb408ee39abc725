"""Transports of httpx2 that run an ASGI app in this process: no socket, and streams come piece by piece.

The app runs on an event loop of its own, in another thread than the test. The test waits for it as it would for a
server: blocking, or by ``await`` on whichever loop it has.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any, Final, TypeVar

import httpx2

from .exchange import ASGIApp, Exchange, Reply
from .loop import LoopThread

__all__ = ["AsyncInProcessTransport", "InProcessTransport"]

T = TypeVar("T")

_CALLER: Final = ("127.0.0.1", 50_000)
_CLOSE_SECONDS: Final = 2.0


class _Line:
    """The way to one app: exchanges are made, asked and ended on the app's loop.

    Args:
        app: The app, started already.
        home: Where it runs.
    """

    def __init__(self, app: ASGIApp, home: LoopThread) -> None:
        self._app = app
        self._home = home
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Run a coroutine on the app's loop.

        Raises:
            httpx2.ConnectError: The loop is closed.
        """
        if not self._home.loop.is_running():
            work.close()
            raise httpx2.ConnectError("The host of this test is closed.")
        return self._home.submit(work)

    async def open(self, request: httpx2.Request, body: bytes) -> tuple[Exchange, Reply]:
        """Ask, and wait for the start of the reply."""
        exchange = Exchange(self._app, _scope(request), body)
        self._tasks.add(exchange.task)
        exchange.task.add_done_callback(self._tasks.discard)
        try:
            return exchange, await exchange.reply()
        except BaseException:
            await exchange.hang_up()
            raise

    async def end(self) -> None:
        """Wait for what the app still does, for a while, and cancel the rest."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=_CLOSE_SECONDS)
        for task in set(self._tasks):
            task.cancel()

    @property
    def is_here(self) -> bool:
        """Whether the caller stands on the app's loop, so that blocking would wait for ever."""
        try:
            return asyncio.get_running_loop() is self._home.loop
        except RuntimeError:
            return False


class InProcessTransport(httpx2.BaseTransport):
    """For ``httpx2.Client``.

    Args:
        app: The app, started already.
        home: The event loop that it belongs to, in its thread.
    """

    def __init__(self, app: ASGIApp, home: LoopThread) -> None:
        self._line = _Line(app, home)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request; the reply's body is read while the app says it.

        Raises:
            httpx2.ReadTimeout: The app says nothing for longer than the client's timeout.
            Exception: What the app raised before its reply.
        """
        if self._line.is_here:
            raise RuntimeError("This client blocks, and would block the host that it asks: take the async client here.")
        seconds = _patience(request)
        exchange, reply = _await(self._line.send(self._line.open(request, request.read())), seconds)
        return httpx2.Response(reply.status, headers=reply.headers, stream=_Pieces(self._line, exchange, seconds))

    def close(self) -> None:
        """Let the app's requests end."""
        _finish(self._line)


class AsyncInProcessTransport(httpx2.AsyncBaseTransport):
    """For ``httpx2.AsyncClient``, on asyncio (any loop, the app's own among them) and on trio.

    Args:
        app: The app, started already.
        home: The event loop that it belongs to, in its thread.
    """

    def __init__(self, app: ASGIApp, home: LoopThread) -> None:
        self._line = _Line(app, home)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request; see :meth:`InProcessTransport.handle_request`."""
        seconds = _patience(request)
        body = await request.aread()
        exchange, reply = await _awaited(self._line.send(self._line.open(request, body)), seconds)
        return httpx2.Response(reply.status, headers=reply.headers, stream=_AsyncPieces(self._line, exchange, seconds))

    def close(self) -> None:
        """Let the app's requests end; for those who close it outside of their loop."""
        _finish(self._line)


class _Pieces(httpx2.SyncByteStream):
    def __init__(self, line: _Line, exchange: Exchange, seconds: float | None) -> None:
        self._line, self._exchange, self._seconds = line, exchange, seconds

    def __iter__(self) -> Iterator[bytes]:
        while (piece := _await(self._line.send(self._exchange.piece()), self._seconds)) is not None:
            yield piece

    def close(self) -> None:
        _unless_closed(self._line, self._exchange)


class _AsyncPieces(httpx2.AsyncByteStream):
    def __init__(self, line: _Line, exchange: Exchange, seconds: float | None) -> None:
        self._line, self._exchange, self._seconds = line, exchange, seconds

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (piece := await _awaited(self._line.send(self._exchange.piece()), self._seconds)) is not None:
            yield piece

    async def aclose(self) -> None:
        _unless_closed(self._line, self._exchange)  # not awaited: whoever closes may be cancelled already


def _unless_closed(line: _Line, exchange: Exchange) -> None:
    try:
        line.send(exchange.hang_up())
    except httpx2.ConnectError:
        return


def _finish(line: _Line) -> None:
    try:
        ending = line.send(line.end())
    except httpx2.ConnectError:
        return
    if not line.is_here:
        _await(ending, None)


def _await(future: concurrent.futures.Future[T], seconds: float | None) -> T:
    done, _ = concurrent.futures.wait([future], seconds)
    if not done:
        future.cancel()
        raise httpx2.ReadTimeout(f"The host said nothing for {seconds:g} s.")
    return future.result()


async def _awaited(future: concurrent.futures.Future[T], seconds: float | None) -> T:
    import anyio
    import sniffio

    try:
        with anyio.fail_after(seconds):
            if sniffio.current_async_library() == "asyncio":
                return await asyncio.wrap_future(future)
            await anyio.to_thread.run_sync(concurrent.futures.wait, [future], abandon_on_cancel=True)
            return future.result()
    except TimeoutError:
        if future.done() and not future.cancelled():
            raise  # the app's own
        raise httpx2.ReadTimeout(f"The host said nothing for {seconds:g} s.") from None
    finally:
        future.cancel()


def _patience(request: httpx2.Request) -> float | None:
    """Seconds that the client waits for something to read."""
    timeout = request.extensions.get("timeout", {})
    seconds: float | None = timeout.get("read")
    return seconds


def _scope(request: httpx2.Request) -> dict[str, Any]:
    url = request.url
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.partition(b"?")[0],
        "query_string": url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": _CALLER,
        "server": (url.host, url.port or 80),
        "state": {},
        "extensions": {},
    }
