"""A real server on loopback, on the event loop that its app belongs to."""

from __future__ import annotations

import concurrent.futures
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import uvicorn

    from .exchange import ASGIApp
    from .loop import LoopThread

__all__ = ["serving"]

_SECONDS: Final = 10.0
_GRACE: Final = 2


@contextmanager
def serving(app: ASGIApp, home: LoopThread) -> Iterator[str]:
    """Serve an app for the length of a block.

    Args:
        app: The app, started already.
        home: The event loop that it belongs to, in its thread.

    Yields:
        The server's URL, without a slash at its end.

    Raises:
        TimeoutError: It does not start, or does not stop.
    """
    import uvicorn

    # bound before the server starts, so that nobody can take the port in between; asyncio turns Nagle's algorithm off,
    # which costs 40 ms a reply, only for sockets that say they are TCP
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        config = uvicorn.Config(
            app, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=_GRACE, ws="none"
        )
        server = uvicorn.Server(config)
        served = home.submit(server.serve(sockets=[listening]))
        try:
            _wait_until_started(server, served)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            served.result(_SECONDS)


def _wait_until_started(server: uvicorn.Server, served: concurrent.futures.Future[None]) -> None:
    end = time.monotonic() + _SECONDS
    while not server.started:
        if served.done():
            served.result()
            raise RuntimeError("The server of this test ended at once; its log says why.")
        if time.monotonic() > end:
            raise TimeoutError("The server of this test does not start.")
        time.sleep(0.002)
