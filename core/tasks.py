"""Tasks and their cancellation: telling one of our own from others', and waiting for what is not cancelled with us."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

__all__ = ["is_cancelled", "watched"]


def is_cancelled() -> bool:
    """Whether the running task is being cancelled; plugin code may raise ``CancelledError`` all by itself."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def watched(awaited: asyncio.Future[Any] | None) -> asyncio.Future[None]:
    """Look at a future from outside.

    Where nobody wants more than to wait without cancelling it, that costs half as much as a shield.

    Args:
        awaited: The future; None for the next turn of the event loop.

    Returns:
        A future that is done when the other one is, however that ends; who cancels it cancels nothing else.
    """
    # a future knows its loop, while to look for the one that runs is a call of the system
    loop = asyncio.get_running_loop() if awaited is None else awaited.get_loop()
    news: asyncio.Future[None] = loop.create_future()
    if awaited is None:
        loop.call_soon(_tell, news, None)
    else:
        awaited.add_done_callback(partial(_tell, news))
    return news


def _tell(news: asyncio.Future[None], _: object) -> None:
    if not news.done():
        news.set_result(None)
