"""Servers that say exactly these bytes, and a client that asks them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from promptdock.providers.transports.http import Address, Client, Proxies, Reply

__all__ = ["Asking", "asking", "one_by_one", "serving_raw"]

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Asking:
    """A client that asks one server."""

    def __init__(self, url: str, **fields: Any) -> None:
        fields = {"timeout": 20.0, "connect_timeout": 5.0, "proxies": Proxies({}), **fields}
        self.client = Client(**fields)
        self.to = self.client.destination(Address.of(url).origin)

    async def ask(self, method: str = "GET", body: bytes | None = None, target: str = "/") -> Reply:
        """Send a request."""
        return await self.client.send(self.to, method, target, b"", body)

    async def whole(self, method: str = "GET", body: bytes | None = None) -> bytes:
        """Send a request, and read the reply to its end."""
        reply = await self.ask(method, body)
        try:
            return await reply.read(10_000_000)
        finally:
            reply.close()


@asynccontextmanager
async def asking(url: str, **fields: Any) -> AsyncIterator[Asking]:
    """An :class:`Asking`, closed in the end."""
    made = Asking(url, **fields)
    try:
        yield made
    finally:
        await made.client.aclose()


@asynccontextmanager
async def serving_raw(talk: Talk) -> AsyncIterator[str]:
    """A server that talks with each connection; gives its URL."""
    talks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            talks.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in list(talks):
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        await asyncio.sleep(0)


def one_by_one(answers: list[bytes], heads: list[bytes] | None = None, *, close: bool = False) -> Talk:
    """Answer each request of a connection with the next of these, and then keep it open or hang up."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while answers:
            head = await reader.readuntil(b"\r\n\r\n")
            if heads is not None:
                heads.append(head)
            writer.write(answers.pop(0))
            await writer.drain()
            if close:
                return
        await reader.read()

    return talk
