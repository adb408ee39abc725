"""A thread for what waits for the disk, one thing after the other, handed to and fro in as few steps as there are.

An executor's futures are made for threads that wait for each other; to pass one thing to it and its outcome back takes
longer than many a transaction.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextvars import Context
from queue import SimpleQueue
from typing import Any, TypeVar

__all__ = ["SideThread"]

_T = TypeVar("_T")


class SideThread:
    """One thread, which is started when there is something to do. It belongs to one event loop.

    Args:
        name: The thread's.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._tasks: SimpleQueue[tuple[Callable[[], Any], asyncio.Future[Any]] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def run(self, work: Callable[[], _T]) -> asyncio.Future[_T]:
        """Do something after what it was given before, whether or not somebody still waits for it then."""
        outcome: asyncio.Future[_T] = asyncio.get_running_loop().create_future()
        if self._thread is None:
            self._thread = threading.Thread(target=self._go_on, name=self._name, daemon=True)
            Context().run(self._thread.start)  # it outlives whatever request is the first to need it
        self._tasks.put((work, outcome))
        return outcome

    def close(self) -> None:
        """Wait until all is done, and end the thread."""
        if self._thread is not None:
            self._tasks.put(None)
            self._thread.join()
            self._thread = None

    def _go_on(self) -> None:
        while (task := self._tasks.get()) is not None:
            work, outcome = task
            result, error = None, None
            try:
                result = work()
            except BaseException as failure:  # noqa: BLE001  (whoever waits for it hears it)
                error = failure
            _tell(outcome, result, error)
            del task, work, outcome, result, error  # not kept until there is something else to do


def _tell(outcome: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    try:
        outcome.get_loop().call_soon_threadsafe(_settle, outcome, result, error)
    except RuntimeError:  # the event loop has ended, and nobody waits any more
        return


def _settle(outcome: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if outcome.done():
        return
    if error is None:
        outcome.set_result(result)
    else:
        outcome.set_exception(error)
