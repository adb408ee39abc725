"""Worker threads for synchronous plugin code, which may hang: a thread that nobody waits for any more is let go.

``concurrent.futures`` joins its threads when the interpreter ends and never gives the slot of a hung one back. Threads
here are daemons, one for each call, and only those that somebody waits for take a slot.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import threading
from collections.abc import Callable
from typing import Any, Generic, NoReturn, ParamSpec, TypeVar

from .errors import ServiceUnavailable

__all__ = ["ThreadsExhausted", "WorkerThreads"]

P = ParamSpec("P")
R = TypeVar("R")


class ThreadsExhausted(ServiceUnavailable):
    """So many threads hang in plugin code that no further one is started."""

    code = "threads_exhausted"


class WorkerThreads:
    """Runs synchronous functions off the event loop, a limited number at a time.

    One instance serves one event loop.

    Args:
        limit: The most functions that run at once, and the most abandoned ones that are put up with beside them.

    Raises:
        ValueError: The limit is below 1.
    """

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ValueError("limit must be at least 1")
        self._limit = limit
        self._slots = asyncio.Semaphore(limit)
        self._lock = threading.Lock()
        self._abandoned = 0

    @property
    def limit(self) -> int:
        """The most functions that run at once."""
        return self._limit

    @property
    def abandoned(self) -> int:
        """How many functions still run although nobody waits for them."""
        return self._abandoned

    async def call(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a function in a thread of its own, in a copy of the caller's context variables.

        When the waiting task is cancelled the function runs on, since a thread cannot be stopped: its slot is free
        again at once, its result is thrown away, and it counts as abandoned until it ends.

        Args:
            function: What to run.
            *args: Its positional arguments.
            **kwargs: Its keyword arguments.

        Returns:
            What the function returns.

        Raises:
            ThreadsExhausted: As many calls as the limit allows are abandoned, or the system starts no more threads.
            BaseException: Whatever the function raises, ``SystemExit`` too; a ``StopIteration``, which cannot travel
                through a coroutine, comes as the cause of a ``RuntimeError``.
        """
        self._refuse_when_exhausted()
        async with self._slots:
            self._refuse_when_exhausted()  # those that were waited for may have been given up meanwhile
            work = functools.partial(contextvars.copy_context().run, function, *args, **kwargs)
            return await self._run(_Job(work, asyncio.get_running_loop()))

    async def _run(self, job: _Job[R]) -> R:
        thread = threading.Thread(target=self._work, args=(job,), name="promptdock-worker", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            raise ThreadsExhausted("The system starts no more threads.") from None
        try:
            outcome = await job.future
        finally:
            if job.future.cancelled():
                self._abandon(job)
        return outcome()

    def _work(self, job: _Job[Any]) -> None:
        outcome = job.run()
        with self._lock:
            job.ended = True
            if job.abandoned:
                self._abandoned -= 1
        job.settle(outcome)

    def _abandon(self, job: _Job[Any]) -> None:
        with self._lock:
            if not job.ended:
                job.abandoned = True
                self._abandoned += 1

    def _refuse_when_exhausted(self) -> None:
        if self._abandoned >= self._limit:
            raise ThreadsExhausted(
                f"{self._abandoned} calls into plugins hang and were given up; no further one is started.",
                hint="Restart the server, or raise PROMPTDOCK_TOOL_THREADS.",
            )


class _Job(Generic[R]):
    """One function on its way through a thread; the lock of its owner guards the two flags.

    The future carries a function that returns or raises, not the exception itself: asyncio would throw that into the
    task, where a ``GeneratorExit`` closes coroutines and a ``StopIteration`` is not even taken.
    """

    __slots__ = ("_loop", "_work", "abandoned", "ended", "future")

    def __init__(self, work: Callable[[], R], loop: asyncio.AbstractEventLoop) -> None:
        self._work = work
        self._loop = loop
        self.future: asyncio.Future[Callable[[], R]] = loop.create_future()
        self.ended = False
        self.abandoned = False

    def run(self) -> Callable[[], R]:
        try:
            result = self._work()
        except BaseException as error:  # noqa: BLE001  (it belongs to whoever waits, not to this thread)
            return functools.partial(_reraise, error)
        return lambda: result

    def settle(self, outcome: Callable[[], R]) -> None:
        # RuntimeError: the loop is closed, so nobody waits any more
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._tell, outcome)

    def _tell(self, outcome: Callable[[], R]) -> None:
        if not self.future.done():
            self.future.set_result(outcome)


def _reraise(error: BaseException) -> NoReturn:
    try:
        raise error
    finally:
        del error  # the traceback holds this frame: without this, a cycle
