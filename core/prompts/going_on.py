"""What is done to its end though whoever waits for it is cancelled, and what of that is under way."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any, TypeVar

from ..tasks import watched

__all__ = ["GoingOn"]

_T = TypeVar("_T")


class GoingOn:
    """Does what has to be done to its end. It belongs to one event loop."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Future[Any]] = set()

    async def to_its_end(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Do something in the task of whoever waits for it; when they are cancelled, the rest of it in another one.

        A task and a shield for each such work cost several times what it takes by itself, and few callers hang up just
        then. So the work goes on here from one thing that it waits for to the next, and these are only looked at: who
        cancels this task does not cancel them.

        Args:
            work: Sets no timeouts of its own, which would cancel this task; and waits for nothing that somebody else
                awaits as it is, without a shield.

        Raises:
            Exception: Whatever ``work`` raises; nobody hears of it once who waits is cancelled.
        """
        while True:
            try:
                awaited = work.send(None)
            except StopIteration as end:
                result: _T = end.value
                return result
            try:
                await self._done(awaited)
            except asyncio.CancelledError:
                self._begun(_rest(work, self._done(awaited)))
                raise

    def apart(self, work: Coroutine[Any, Any, _T]) -> asyncio.Future[_T]:
        """The same in a task of its own from its beginning, for work of any kind."""
        return asyncio.shield(self._begun(work))

    async def settle(self) -> None:
        """Wait for all that is under way."""
        while self._under_way:
            await asyncio.wait(set(self._under_way))

    async def _done(self, awaited: asyncio.Future[Any] | None) -> None:
        """Wait until something is done, however it ends, without cancelling it; None for one turn of the loop."""
        news = watched(awaited)
        self._under_way.add(news)
        try:
            await news
        finally:
            self._under_way.discard(news)

    def _begun(self, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._heard)
        return task

    def _heard(self, task: asyncio.Task[Any]) -> None:
        """Who waited may have gone, and a failure is then no one's."""
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()


async def _rest(work: Coroutine[Any, Any, _T], waiting: Coroutine[Any, Any, None]) -> _T:
    """The rest of something that has begun, once what it waits for is done."""
    try:
        await waiting
    except BaseException:
        work.close()
        raise
    return await _resumed(work)


@coroutine
def _resumed(work: Coroutine[Any, Any, _T]) -> Generator[Any, None, _T]:
    result: _T = yield from work  # an await would refuse what has begun already
    return result
