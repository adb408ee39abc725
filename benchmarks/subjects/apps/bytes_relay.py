"""A relay of bytes: asyncio's protocols, one upstream connection for each caller's, nothing parsed."""

from __future__ import annotations

import asyncio
import os
from urllib.parse import urlsplit


class Down(asyncio.Protocol):
    """The connection of a caller; opens the one to the upstream with its first bytes."""

    def __init__(self) -> None:
        self.waiting = b""
        self.opening: asyncio.Task[None] | None = None
        self.up: asyncio.Transport | None = None
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Send it up."""
        if self.up is not None:
            self.up.write(data)
            return
        self.waiting += data
        self.opening = self.opening or asyncio.get_running_loop().create_task(self.open())

    async def open(self) -> None:
        """Connect, and send what has come by now."""
        port = urlsplit(os.environ["BENCH_UPSTREAM"]).port
        loop = asyncio.get_running_loop()
        up, _ = await loop.create_connection(lambda: Up(self.transport), "127.0.0.1", port or 0)
        up.write(self.waiting)
        self.up = up

    def connection_lost(self, exc: Exception | None) -> None:
        """Close the other one."""
        if self.up is not None:
            self.up.close()


class Up(asyncio.Protocol):
    """The connection to the upstream."""

    def __init__(self, down: asyncio.Transport) -> None:
        self.down = down

    def data_received(self, data: bytes) -> None:
        """Send it down."""
        self.down.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Close the other one."""
        self.down.close()


async def main() -> None:
    """Serve until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Down, "127.0.0.1", int(os.environ["BENCH_PORT"]))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
