"""Raw passthroughs through a chosen transport, and upstreams that answer them with any bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from promptdock import OpenAICompatibleProvider, ProviderSettings
from promptdock.providers.relay import RelayRequest
from tests.support.loopback import Handler, serving

__all__ = ["KEY", "MODELS", "TRANSPORTS", "asking", "raw_server", "relayed"]

KEY = "sk-relay-0123456789"
MODELS = RelayRequest(method="GET", path="/models")
TRANSPORTS = pytest.mark.parametrize("transport", ["wire", "sdk"])


@asynccontextmanager
async def asking(
    transport: str, base_url: str, headers: dict[str, str] | None = None, **fields: Any
) -> AsyncIterator[OpenAICompatibleProvider]:
    """A provider with :data:`KEY`, closed in the end.

    Args:
        transport: ``wire`` or ``sdk``.
        base_url: Where it sends its calls.
        headers: The operator's own headers.
        fields: Further settings of the provider.
    """
    settings = ProviderSettings.model_validate({"transport": transport, **fields})
    asked = OpenAICompatibleProvider(name="fake", base_url=base_url, api_key=KEY, settings=settings, headers=headers)
    try:
        yield asked
    finally:
        await asked.aclose()


async def relayed(
    transport: str, handler: Handler, request: RelayRequest, **fields: Any
) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers (without date and server) and body of one passthrough to a handler."""
    async with (
        serving(handler) as origin,
        asking(transport, f"{origin}/v1", **fields) as asked,
        asked.relay(request) as reply,
    ):
        body = b"".join([piece async for piece in reply.body])
        kept = [(name, value) for name, value in reply.headers if name not in {"Date", "Server"}]
        return reply.status, kept, body


@asynccontextmanager
async def raw_server(answer: bytes, requests: list[bytes] | None = None, *, hang: bool = False) -> AsyncIterator[str]:
    """A server that answers the head of any request with these bytes and hangs up.

    Args:
        answer: What it sends; nothing is added.
        requests: Heads of the requests are put here.
        hang: Say nothing more instead of hanging up.
    """
    over = asyncio.Event()

    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if requests is not None:
            requests.append(head)
        writer.write(answer)
        await writer.drain()
        if hang:
            await over.wait()
        writer.close()

    server = await asyncio.start_server(reply, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        over.set()
        server.close()
