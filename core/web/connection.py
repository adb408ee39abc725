"""Work for a caller who may hang up."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from litestar.types import Receive

__all__ = ["CallerGone", "while_connected"]

T = TypeVar("T")


class CallerGone(Exception):
    """The caller hung up; nobody is left to answer."""


async def while_connected(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """Do some work, and cancel it when the caller hangs up.

    Neither Litestar nor the server does that for a handler that is not streaming yet. The work runs in one task from
    start to end, so that its context managers and time-outs see no other.

    Args:
        receive: The request's ASGI receive channel, its body read to the end.
        work: What to do.

    Returns:
        What the work returns.

    Raises:
        CallerGone: The caller hung up first; the work has been cancelled and has ended.
        Exception: Whatever the work raises.
    """
    task = asyncio.create_task(work)
    gone = asyncio.create_task(_hung_up(receive))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise CallerGone
    finally:
        for unfinished in (gone, task):
            unfinished.cancel()
        await asyncio.gather(gone, task, return_exceptions=True)


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
