"""A live server on loopback: streams, disconnects and limits are only real over a socket."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from promptdock.cli.protocol import QuickProtocol

__all__ = ["live_server"]


@contextmanager
def live_server(
    app: Any,
    *,
    start_seconds: float = 20.0,
    http: type[asyncio.Protocol] = QuickProtocol,
    keep_alive: int = 5,
) -> Iterator[str]:
    """Serve an ASGI app for the length of a block.

    Args:
        app: The app.
        start_seconds: How long it may take to start.
        http: What speaks HTTP.
        keep_alive: Seconds that a connection is kept without a request.

    Yields:
        The server's URL, without a slash at its end.
    """
    # bound before the thread starts, so that nobody can take the port in between; asyncio turns Nagle's algorithm off,
    # which costs 40 ms a reply, only for sockets that say they are TCP
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                lifespan="on",
                http=http,
                timeout_keep_alive=keep_alive,
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=5,
            )
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="live-server")
        thread.start()
        try:
            _wait_until_started(server, thread, start_seconds)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=start_seconds)
            assert not thread.is_alive(), "the live server does not stop"


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the live server did not start; its log says why")
        if time.monotonic() > end:
            raise TimeoutError("the live server takes too long to start")
        time.sleep(0.005)
