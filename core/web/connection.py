"""Work for a caller who may hang up."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final

from litestar.types import Receive

__all__ = ["CallerGone", "Connected"]

_UNWATCHED: Final = 0.25
"""Seconds for which nobody looks whether the caller is still there: looking costs a task, and most replies of ours are
quicker, also of a server that is busy."""


class CallerGone(Exception):
    """The caller hung up; nobody is left to answer."""


class Connected:
    """A context whose work is cancelled when the caller hangs up; it then raises :class:`CallerGone`.

    Neither Litestar nor the server does that for a handler that is not streaming yet. The work runs in this task from
    start to end, so that its context managers and time-outs see no other; it is cancelled as by a time-out. Whether the
    caller is still there is looked at from some time on.

    Args:
        receive: The request's ASGI receive channel, its body read to the end.
    """

    __slots__ = ("_cancelled_before", "_looking", "_receive", "_saw_the_end", "_task", "_timer")

    def __init__(self, receive: Receive) -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        assert task is not None, "requests are answered in tasks"
        self._task: asyncio.Task[Any] = task
        self._cancelled_before = task.cancelling()
        self._receive = receive
        self._saw_the_end = False
        self._looking: asyncio.Task[None] | None = None
        self._timer = loop.call_later(_UNWATCHED, self._start)

    def __enter__(self) -> None:
        """Nothing: the time runs already."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Look no longer.

        Raises:
            CallerGone: The caller hung up, and nobody else wants the task to end.
        """
        self._timer.cancel()
        if self._looking is None:
            return
        self._looking.cancel()
        if error is not None and not isinstance(error, Exception | asyncio.CancelledError):
            return
        if self._saw_the_end and self._task.uncancel() <= self._cancelled_before:
            raise CallerGone from None

    def _start(self) -> None:
        self._looking = asyncio.create_task(self._look())

    async def _look(self) -> None:
        with suppress(Exception):  # a channel that breaks leads to nobody, either
            while (await self._receive())["type"] != "http.disconnect":
                pass
        self._saw_the_end = True
        self._task.cancel()
