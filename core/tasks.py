"""The event loop: whose cancellation it is, waiting for what is not cancelled with us, and what is done soon."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

__all__ = ["Soon", "is_cancelled", "watched"]


def is_cancelled() -> bool:
    """Whether the running task is being cancelled; plugin code may raise ``CancelledError`` all by itself."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


class Soon:
    """Has the event loop that runs here do something, once for all who ask until it is done.

    Args:
        what: What to do; it does not raise.
    """

    def __init__(self, what: Callable[[], None]) -> None:
        self._what = what
        self._asked: asyncio.AbstractEventLoop | None = None

    def ask(self, delay: float = 0.0) -> bool:
        """Have it done.

        Args:
            delay: After how many seconds, for the first who asks; 0 for as soon as the loop comes round.

        Returns:
            Whether it will be; False where no loop runs.
        """
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return False
        if self._asked is not loop:  # one that has ended does nothing any more
            self._asked = loop
            if delay > 0:
                loop.call_later(delay, self._do)
            else:
                loop.call_soon(self._do)
        return True

    def _do(self) -> None:
        self._asked = None
        self._what()


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
