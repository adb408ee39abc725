"""A fake upstream: a real HTTP server on loopback that speaks the OpenAI protocol and records what it is asked.

>>> with Upstream() as upstream:
...     upstream.script([tool_calls([("calculator", {"expression": "2+2"})]), text("4")])
...     ...  # let something talk to upstream.base_url
...     upstream.calls[0].body["messages"]
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeAlias

from aiohttp import web

from tests.support.replies import Reply, chunks_of, completion, drop, error, events, raw, text, tool_calls

__all__ = [
    "Received",
    "Reply",
    "Upstream",
    "completion",
    "drop",
    "error",
    "events",
    "raw",
    "text",
    "tool_calls",
]


@dataclass(slots=True)
class Received:
    """One request as it arrived.

    Attributes:
        method: ``GET`` or ``POST``.
        path: Path without the query.
        headers: Headers with lower-case names.
        raw: The body's bytes.
        body: The decoded body; None when there is none or it is not JSON.
        port: The client's port, which tells its connections apart.
        at: ``time.monotonic()`` of its arrival.
        disconnected: Whether the client went away before the answer was complete.
        answered: Whether the answer was sent to its end.
    """

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes
    body: Any
    port: int = 0
    at: float = field(default_factory=time.monotonic)
    disconnected: bool = False
    answered: bool = False

    @property
    def key(self) -> str | None:
        """The key that came with it."""
        return self.headers.get("authorization", "").removeprefix("Bearer ") or None


Script: TypeAlias = Reply | Sequence[Reply] | Callable[[Received], Reply]


class Upstream:
    """The server; a context manager that runs it in a thread of its own.

    Attributes:
        requests: Every request, in order of arrival.
        models: The ids that ``GET /models`` lists.
        models_reply: What ``GET /models`` answers instead.
    """

    def __init__(self) -> None:
        self.requests: list[Received] = []
        self.models: list[str] = ["fake-model", "fake-model-large"]
        self.models_reply: Reply | None = None
        self._script: Script = text("Hello from the fake upstream.")
        self._replied = 0
        self._lock = threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fake-upstream", daemon=True)

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def base_url(self) -> str:
        """Root of its API, without a trailing slash."""
        return f"{self.origin}/v1"

    @property
    def calls(self) -> list[Received]:
        """The chat completions that were asked for."""
        return [request for request in self.requests if request.path.endswith("/chat/completions")]

    def script(self, script: Script) -> None:
        """Say what the next chat completions are answered with.

        Args:
            script: One reply for every call, a sequence of replies, one for each (further calls are answered with
                status 418), or a function of the request, called in the server's thread.
        """
        with self._lock:
            self._script, self._replied = script, 0

    async def until(self, condition: Callable[[], object], timeout: float = 10.0) -> None:
        """Wait until a condition holds, e.g. ``lambda: upstream.calls[0].disconnected``; else TimeoutError."""
        async with asyncio.timeout(timeout):
            while not condition():
                await asyncio.sleep(0.005)

    def wait(self, condition: Callable[[], object], timeout: float = 10.0) -> None:
        """Like :meth:`until`, for tests that are not async."""
        end = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError
            time.sleep(0.005)

    def __enter__(self) -> Self:
        self._port: int = self._socket.getsockname()[1]
        self._thread.start()
        self._started.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.05, access_log=None)
        await runner.setup()
        await web.SockSite(runner, self._socket).start()
        self._started.set()
        await self._stop.wait()
        await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        content = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        peer = request.transport.get_extra_info("peername") if request.transport is not None else None
        received = Received(
            request.method, request.path, headers, content, _decoded(content), port=peer[1] if peer else 0
        )
        self.requests.append(received)
        try:
            response = await self._answer(request, received)
        except (ConnectionError, asyncio.CancelledError):
            received.disconnected = True
            raise
        received.answered = True
        return response

    async def _answer(self, request: web.Request, received: Received) -> web.StreamResponse:
        if received.path.endswith("/models"):
            reply = self.models_reply or raw({"object": "list", "data": [_model(name) for name in self.models]})
        elif received.path.endswith("/chat/completions") and received.method == "POST":
            reply = self._next(received)
        else:
            reply = error(404, f"No such route: {received.method} {received.path}")
        while reply.gate is not None and not reply.gate.is_set():
            await asyncio.sleep(0.002)
        await asyncio.sleep(reply.delay)
        if reply.abort == "before_headers":
            return _cut_off(request)
        body = received.body if isinstance(received.body, dict) else {}
        if body.get("stream") and reply.body is None and reply.status == 200:
            return await _stream(
                request, reply, include_usage=bool((body.get("stream_options") or {}).get("include_usage"))
            )
        return await _whole(request, reply)

    def _next(self, received: Received) -> Reply:
        with self._lock:
            if isinstance(self._script, Reply):
                return self._script
            if callable(self._script):
                return self._script(received)
            self._replied += 1
            if self._replied > len(self._script):
                return error(418, f"The script has only {len(self._script)} replies.")
            return self._script[self._replied - 1]


async def _whole(request: web.Request, reply: Reply) -> web.StreamResponse:
    body = reply.body if reply.body is not None else json.dumps(reply.completion).encode()
    headers = {"content-type": "application/json", "x-request-id": "req_fake", **reply.headers}
    response = web.StreamResponse(status=reply.status, headers=headers)
    response.content_length = len(body)
    await response.prepare(request)
    if reply.hang_after is not None:
        await asyncio.Event().wait()
    if reply.abort == "mid_body":
        await response.write(body[: len(body) // 2])
        return _cut_off(request)
    await response.write(body)
    await response.write_eof()
    return response


async def _stream(request: web.Request, reply: Reply, *, include_usage: bool) -> web.StreamResponse:
    headers = {"content-type": "text/event-stream", "x-request-id": "req_fake", **reply.headers}
    response = web.StreamResponse(status=reply.status, headers=headers)
    response.enable_chunked_encoding()
    await response.prepare(request)
    sent = 0
    async for frame in _frames(reply, include_usage=include_usage):
        if sent == reply.hang_after:
            await asyncio.Event().wait()
        if reply.abort == "mid_body" and sent == reply.abort_after:
            return _cut_off(request)
        size = reply.split or len(frame)
        for start in range(0, len(frame), size):
            await response.write(frame[start : start + size])
            await asyncio.sleep(0)
        sent += 1
    await response.write_eof()
    return response


async def _frames(reply: Reply, *, include_usage: bool) -> AsyncIterator[bytes]:
    end = b"\r\n" if reply.crlf else b"\n"
    for chunk in chunks_of(reply, include_usage=include_usage):
        await asyncio.sleep(reply.gap)
        if isinstance(chunk, bytes):
            yield chunk
            continue
        ping = b": ping" + end + end if reply.pings else b""
        yield ping + b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + end + end
    if reply.done:
        yield b"data: [DONE]" + end + end


def _cut_off(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.close()
    return web.Response()


def _decoded(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return None


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "fake"}
