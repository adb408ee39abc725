"""The event loop of a server."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import Callable

__all__ = ["fast_loop"]


def fast_loop() -> Callable[[], AbstractEventLoop] | None:
    """What makes the event loop that serves, as uvicorn chooses it for its workers: uvloop's where there is one.

    It takes a fifth off the time of a request.
    """
    try:
        import uvloop
    except ImportError:  # on Windows
        return None
    return uvloop.new_event_loop
