"""A Litestar handler and the openai package's client, as most gateways in Python are written."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import openai
import uvicorn
from litestar import Litestar, Request, Response, post
from litestar.response import Stream


@asynccontextmanager
async def client(app: Litestar) -> AsyncIterator[None]:
    """One client for the life of the app."""
    async with openai.AsyncOpenAI(base_url=os.environ["BENCH_UPSTREAM"], api_key="sk-bench") as made:
        app.state.client = made
        yield


@post("/v1/chat/completions", status_code=200)
async def complete(request: Request[Any, Any, Any]) -> Response[Any]:
    """Ask with the members of the body."""
    body = await request.json()
    answer = await request.app.state.client.chat.completions.create(**body)
    if not body.get("stream"):
        return Response(answer.model_dump_json(exclude_unset=True).encode(), media_type="application/json")
    return Stream(events(answer), media_type="text/event-stream")


async def events(answer: openai.AsyncStream[Any]) -> AsyncIterator[bytes]:
    """Each chunk as an event."""
    async for chunk in answer:
        yield b"data: " + chunk.model_dump_json(exclude_unset=True).encode() + b"\n\n"
    yield b"data: [DONE]\n\n"


if __name__ == "__main__":
    app = Litestar([complete], lifespan=[client], openapi_config=None, logging_config=None)
    uvicorn.run(app, port=int(os.environ["BENCH_PORT"]), log_level="warning", access_log=False, server_header=False)
