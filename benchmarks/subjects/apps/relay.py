"""The bare relay: a Litestar handler and aiohttp's client, bytes in, bytes out, and nothing else.

With ``BENCH_PLAIN`` it is served by what uvicorn is without its extras: asyncio's own loop, and h11.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import uvicorn
from litestar import Litestar, Request, Response, post
from litestar.response import Stream

UPSTREAM = os.environ["BENCH_UPSTREAM"]


@asynccontextmanager
async def client(app: Litestar) -> AsyncIterator[None]:
    """One pool of connections for the life of the app."""
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=False) as session:
        app.state.session = session
        yield


@post("/v1/chat/completions", status_code=200)
async def relay(request: Request[Any, Any, Any]) -> Response[Any]:
    """Send the body up, and what comes back down."""
    body = await request.body()
    headers = {"Content-Type": "application/json", "Authorization": "Bearer sk-bench"}
    answer = await request.app.state.session.post(f"{UPSTREAM}/chat/completions", data=body, headers=headers)
    if answer.content_type != "text/event-stream":
        async with answer:
            return Response(await answer.read(), media_type=answer.content_type, status_code=answer.status)
    return Stream(pieces(answer), media_type="text/event-stream")


async def pieces(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """What comes, as it comes."""
    async with answer:
        async for piece in answer.content.iter_any():
            yield piece


if __name__ == "__main__":
    app = Litestar([relay], lifespan=[client], openapi_config=None, logging_config=None)
    how: dict[str, Any] = {"loop": "asyncio", "http": "h11"} if os.environ.get("BENCH_PLAIN") else {}
    uvicorn.run(
        app, port=int(os.environ["BENCH_PORT"]), log_level="warning", access_log=False, server_header=False, **how
    )
