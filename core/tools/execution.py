"""Running a tool's function: off the event loop, bounded in time, and whatever it raises kept from its surroundings."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping
from contextvars import copy_context
from typing import Any

import msgspec

from ..threads import ThreadsExhausted, WorkerThreads
from .errors import ToolErrorCode
from .tool import Tool

__all__ = ["Ending", "ToolExecutor", "is_immediate"]

_GRACE = 0.5
"""Seconds that a cancelled async tool has for its clean-up before nobody waits for it any more."""


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """How a function ended.

    Attributes:
        value: What it returned.
        error: What it raised, or None.
        stopped: ``TIMEOUT`` or ``OVERLOADED`` when it did not get to its end, or did not get to run at all.
    """

    value: Any = None
    error: BaseException | None = None
    stopped: ToolErrorCode | None = None


class ToolExecutor:
    """Runs the functions of tools.

    Args:
        threads: Where sync functions run.
    """

    def __init__(self, threads: WorkerThreads) -> None:
        self._threads = threads
        self._strays: set[asyncio.Task[Ending]] = set()

    @property
    def strays(self) -> int:
        """How many async tools run on although they were cancelled."""
        return len(self._strays)

    async def run(self, tool: Tool, values: Mapping[str, Any], timeout: float) -> Ending:  # noqa: ASYNC109
        """Run a tool's function to its end, or to its timeout.

        An async function is cancelled at the timeout and waited for half a second more; a sync one is left to its
        thread. The same happens when the waiting task is cancelled.

        Args:
            tool: Whose function.
            values: What it gets, by parameter.
            timeout: Seconds, the wait for a free thread included.

        Returns:
            How it ended.

        Raises:
            asyncio.CancelledError: The waiting task was cancelled; nothing that the tool does raises it.
        """
        run = _Run(tool.function, values)
        if is_immediate(tool):
            # in a context of its own, as in a task: what the tool sets there is not for the turn to see
            ending = copy_context().run(run.at_once)
            if not inspect.isawaitable(ending.value):
                return ending
            work = run.finished(ending)
        else:
            work = run.here() if tool.is_async else run.in_thread(self._threads)
        task = asyncio.create_task(work)
        self._strays.add(task)
        task.add_done_callback(self._strays.discard)
        try:
            await asyncio.wait({task}, timeout=timeout)
            if task.done():
                return _ending(task)
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=_GRACE)
        return Ending(stopped=ToolErrorCode.TIMEOUT if run.started else ToolErrorCode.OVERLOADED)


class _Run:
    """One run; whether it has started tells a slow tool from one that waited for a thread in vain."""

    __slots__ = ("_function", "_values", "started")

    def __init__(self, function: Callable[..., Any], values: Mapping[str, Any]) -> None:
        self._function = function
        self._values = values
        self.started = False

    def at_once(self) -> Ending:
        """Here and now; an awaitable that it gives back is not awaited."""
        self.started = True
        try:
            return Ending(value=self._function(**self._values))
        # SystemExit and KeyboardInterrupt in a task would stop the event loop; Ctrl-C itself comes as a cancellation
        except BaseException as error:  # noqa: BLE001
            return Ending(error=error)

    async def here(self) -> Ending:
        """On the event loop."""
        return await self.finished(self.at_once())

    async def in_thread(self, threads: WorkerThreads) -> Ending:
        """In a worker thread; when it gives back an awaitable, that runs on the event loop."""
        try:
            ending = await threads.call(self.at_once)
        except ThreadsExhausted:
            return Ending(stopped=ToolErrorCode.OVERLOADED)
        return await self.finished(ending)

    async def finished(self, ending: Ending) -> Ending:
        """An ending with its value awaited, where that is to be awaited."""
        if ending.error is not None or not inspect.isawaitable(ending.value):
            return ending
        try:
            return Ending(value=await ending.value)
        except BaseException as error:  # noqa: BLE001
            return Ending(error=error)


def _ending(task: asyncio.Task[Ending]) -> Ending:
    # only somebody who cancels every task of the loop can have cancelled this one
    return Ending(error=asyncio.CancelledError()) if task.cancelled() else task.result()


def is_immediate(tool: Tool) -> bool:
    """Whether a tool is run on the event loop, and its result is there when its function returns."""
    return tool.nonblocking and not tool.is_async
