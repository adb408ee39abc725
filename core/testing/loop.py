"""An event loop in a thread of its own, for tests that are no coroutines, and for those that are."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

__all__ = ["LoopThread"]

_T = TypeVar("_T")
_SECONDS: Final = 30.0


class LoopThread:
    """Runs coroutines of one owner, all within one context manager. Start it by its first coroutine, and close it.

    Args:
        around: Makes what is around everything that ever runs here, tasks and worker threads included.
    """

    def __init__(self, around: Callable[[], AbstractContextManager[object]]) -> None:
        self._around = around
        self._loop = asyncio.new_event_loop()
        self._context: contextvars.Context | None = None
        self._closing = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._work, name="promptdock-test-host", daemon=True)
        self._thread.start()
        self._ready.wait(_SECONDS)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop."""
        return self._loop

    def check_outside(self) -> None:
        """See that whoever is about to wait for the loop does not stand on it.

        Raises:
            RuntimeError: This is the loop's own thread, which would wait for itself.
        """
        if threading.current_thread() is self._thread:
            raise RuntimeError("This runs inside of the host already: use its async methods here, e.g. aprompt().")

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine to its end, and wait for it.

        Raises:
            RuntimeError: Called on the loop's own thread, which would wait for itself.
        """
        try:
            self.check_outside()
        except RuntimeError:
            work.close()
            raise
        future = self.submit(work)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    async def arun(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine to its end; the caller's own event loop goes on meanwhile."""
        return await asyncio.wrap_future(self.submit(work))

    def submit(self, work: Coroutine[Any, Any, _T]) -> Future[_T]:
        """Start a coroutine; cancelling the future cancels it.

        Raises:
            RuntimeError: The loop is closed.
        """
        future: Future[_T] = Future()
        try:
            self._loop.call_soon_threadsafe(self._start, work, future, context=self._context)
        except RuntimeError:
            work.close()
            raise
        return future

    def close(self) -> None:
        """Cancel what still runs, and end the thread; once."""
        if self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join(_SECONDS)

    def _work(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._main())

    async def _main(self) -> None:
        with self._around():
            # what is submitted later runs in a copy of this context, as a task that was started here would
            self._context = contextvars.copy_context()
            self._ready.set()
            await self._closing.wait()

    def _start(self, work: Coroutine[Any, Any, _T], future: Future[_T]) -> None:
        task = self._loop.create_task(_outcome(work))
        future.add_done_callback(
            lambda done: self._loop.call_soon_threadsafe(task.cancel) if done.cancelled() else None
        )
        task.add_done_callback(lambda done: _settle(done, future))
        task.add_done_callback(lambda _: work.close())  # one that was cancelled before it began


@dataclass(frozen=True, slots=True)
class _Ended:
    """A coroutine that wanted to end the process, which asyncio would let it do to the loop."""

    error: BaseException


async def _outcome(work: Coroutine[Any, Any, _T]) -> _T | _Ended:
    try:
        return await work
    except (KeyboardInterrupt, SystemExit) as error:
        return _Ended(error)


def _settle(task: asyncio.Task[_T | _Ended], future: Future[_T]) -> None:
    if future.cancelled():
        if not task.cancelled():
            task.exception()  # it is nobody's business any more
    elif task.cancelled():
        future.set_exception(asyncio.CancelledError())
    elif (error := task.exception()) is not None:
        future.set_exception(error)
    elif isinstance(result := task.result(), _Ended):
        future.set_exception(result.error)
    else:
        future.set_result(result)
