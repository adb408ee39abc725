"""The HTTP client of tools, and servers on loopback that answer whatever a test wants."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from promptdock.http import SharedHttpClient

__all__ = ["closed_port", "echo", "opened", "serving", "without_proxies"]

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """A server whose every path is answered by one handler; gives its root URL."""
    runner = web.ServerRunner(web.Server(handler, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def opened(*, size_limit: int = 4_194_304) -> AsyncIterator[SharedHttpClient]:
    """The HTTP client of tools, closed in the end."""
    client = SharedHttpClient(size_limit=size_limit)
    try:
        yield client
    finally:
        await client.aclose()


def without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the machine's own proxies out of the environment."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def closed_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


async def echo(request: web.BaseRequest) -> web.Response:
    """Answer with what was asked, and with a cookie."""
    body = await request.text()
    seen = {
        "method": request.method,
        "path": request.path,
        "query": dict(request.query),
        "agent": request.headers.get("User-Agent"),
        "type": request.headers.get("Content-Type"),
        "token": request.headers.get("X-Token"),
        "cookie": request.headers.get("Cookie"),
        "body": body,
    }
    reply = web.json_response(seen, headers={"X-Reply": "yes"})
    reply.set_cookie("visited", "1")
    return reply
