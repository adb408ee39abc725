"""Whether a tool ends when it is told to: at its timeout, and when nobody waits for it any more."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import time
from collections.abc import Sequence

from ..jsontext import JsonObject
from ..plugins.catalog import RegisteredTool
from .calling import Calls
from .check import Finding
from .instrumenting import instrumented, runs_on_loop
from .ownership import OwnFiles
from .watchdog import plugin_line

__all__ = ["ending_findings"]

_SHORT = 0.02
"""Seconds: a timeout that all but the quickest calls reach."""
_STEPS = (0, 1, 2, 3, 5, 8, 13, 21)
"""After how many steps of the event loop a call is cancelled: each time at another point of the tool."""
_ANSWER = 3.0
"""Seconds within which the runner's answer must come; it takes half a second where a tool ignores its cancellation."""
_GRACE = 2.0
"""Seconds for clean-up, after which nothing of a call may be left."""


async def ending_findings(calls: Calls, tool: RegisteredTool, example: JsonObject, own: OwnFiles) -> Sequence[Finding]:
    """Let a call of a tool run into a short timeout, and cancel some in flight.

    Args:
        calls: What makes the calls.
        tool: The tool.
        example: Arguments that it takes.
        own: The plugin's files.

    Returns:
        One finding of each kind.
    """
    before = _Leftovers(tool, own)
    answer = await calls.call(instrumented(tool, timeout=_SHORT), example)
    found = [*_late(tool, answer.seconds), *await before.findings("its timeout")]
    if found:
        return found
    for steps in _STEPS if runs_on_loop(tool) else _STEPS[:3]:
        before = _Leftovers(tool, own)
        seconds = await _cancelled(calls, tool, example, steps)
        if found := [*_late(tool, seconds), *await before.findings("it was cancelled")]:
            break
    return found


async def _cancelled(calls: Calls, tool: RegisteredTool, example: JsonObject, steps: int) -> float:
    """Cancel a call after some steps of the loop; how long it took to end then."""
    task = asyncio.ensure_future(calls.call(tool, example))
    for _ in range(steps):
        await asyncio.sleep(0)
    started = time.perf_counter()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return time.perf_counter() - started


def _late(tool: RegisteredTool, seconds: float) -> Sequence[Finding]:
    if seconds <= _ANSWER:
        return []
    return [
        Finding(
            subject=tool.id,
            text=f"{tool.id} held the event loop up: an answer that was due at once took {seconds:.1f} s",
            remedy="Let an async tool wait with await only; give blocking work to asyncio.to_thread, or write def "
            "instead of async def.",
        )
    ]


class _Leftovers:
    """What a call leaves behind: tasks and threads that were not there before."""

    def __init__(self, tool: RegisteredTool, own: OwnFiles) -> None:
        self._tool = tool.id
        self._own = own
        self._tasks = asyncio.all_tasks()
        self._threads = set(threading.enumerate())

    async def findings(self, since: str) -> Sequence[Finding]:
        """Give what is left some time to end.

        Args:
            since: What happened to the call.

        Returns:
            What is there still.
        """
        end = time.perf_counter() + _GRACE
        # a thread sets no event when it ends
        while (self._left_tasks() or self._left_threads()) and time.perf_counter() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        tasks, threads = self._left_tasks(), self._left_threads()
        for task in tasks:
            task.cancel()
        found = []
        if tasks:
            found.append(
                Finding(
                    subject=self._tool,
                    text=f"{self._tool} still ran {_GRACE:g} s after {since}: {len(tasks)} of its tasks went on",
                    remedy="Let asyncio.CancelledError through: clean up in finally, and catch Exception rather than "
                    "BaseException. End the tasks that the tool starts, e.g. with asyncio.TaskGroup.",
                )
            )
        if threads:
            found.append(
                Finding(
                    subject=self._tool,
                    text=f"{self._tool} still ran {_GRACE:g} s after {since}{self._place(threads)}",
                    remedy="A thread cannot be stopped from outside: bound each wait by context.timeout, or write an "
                    "async tool.",
                )
            )
        return found

    def _left_tasks(self) -> set[asyncio.Task[object]]:
        return {task for task in asyncio.all_tasks() - self._tasks if not task.done()}

    def _left_threads(self) -> set[threading.Thread]:
        """Threads that run the call still; those of a pool outlive it, and count while they run the plugin's code."""
        frames = sys._current_frames()  # noqa: SLF001  (there is no other way to see a thread)
        return {
            thread
            for thread in set(threading.enumerate()) - self._threads
            if not thread.name.startswith(("asyncio_", "ThreadPoolExecutor"))
            or plugin_line(frames.get(thread.ident or 0), self._own) is not None
        }

    def _place(self, threads: set[threading.Thread]) -> str:
        frames = sys._current_frames()  # noqa: SLF001
        lines = {plugin_line(frames.get(thread.ident or 0), self._own) for thread in threads} - {None}
        return f" at {min(map(str, lines))}" if lines else f", in the thread {min(thread.name for thread in threads)}"
