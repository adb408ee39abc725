"""A thread that watches an event loop: when the loop stands still, it says which line of a plugin it stands in."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from types import FrameType

__all__ = ["LoopWatchdog", "Stall", "plugin_line"]

_BEAT = 0.005
"""Seconds between two heartbeats of the loop, and between two looks at them."""
_LOOP = asyncio.base_events.__name__
_STEPS = frozenset({"_run_once", "run_forever", "run_until_complete"})
"""What runs an event loop: below it stands whoever runs the loop, which is nobody's fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """A time in which the event loop did nothing but run a plugin's code.

    Attributes:
        where: ``file:line in function``, of the plugin's innermost frame.
        ms: For how long, at least.
    """

    where: str
    ms: float


class LoopWatchdog:
    """Watches the running event loop; see :meth:`watching`.

    A machine that is busy with other things makes a loop late, too. So time counts only while a frame of the plugin
    stands on the loop's thread; and of a look that comes late itself, no more than the processor time that the process
    has used since the last one, which is how code looks that computes without letting another thread run.

    Args:
        owned: Tells whether a file is one of the plugin's.
        limit: Seconds that the loop may stand still.
    """

    def __init__(self, *, owned: Callable[[str], bool], limit: float) -> None:
        self._owned = owned
        self._limit = limit
        self._beats = 0
        self._longest: dict[str, float] = {}
        self._stop = threading.Event()

    @property
    def stalls(self) -> tuple[Stall, ...]:
        """What was found, the longest first; one for each line."""
        found = sorted(self._longest.items(), key=lambda item: -item[1])
        return tuple(Stall(where=where, ms=seconds * 1000) for where, seconds in found)

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Watch the loop that runs this, until the end of the block."""
        loop = asyncio.get_running_loop()
        thread = threading.Thread(
            target=self._look, args=(threading.get_ident(),), name="promptdock-watchdog", daemon=True
        )
        self._beating: asyncio.Handle = loop.call_soon(self._beat, loop)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._beating.cancel()
            thread.join()  # it looks at the event every few milliseconds

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        self._beats += 1
        self._beating = loop.call_later(_BEAT, self._beat, loop)

    def _look(self, loop_thread: int) -> None:
        seen = self._beats
        standing = 0.0
        looked, used = time.perf_counter(), time.process_time()
        while not self._stop.wait(_BEAT):
            now, used_now = time.perf_counter(), time.process_time()
            passed = min(now - looked, max(2 * _BEAT, used_now - used))
            looked, used = now, used_now
            frame = sys._current_frames().get(loop_thread)  # noqa: SLF001  (there is no other way to see a thread)
            where = plugin_line(frame, self._owned)
            if self._beats != seen or where is None:
                # a look that came late may be the first one after code that let no thread run: that still counts
                late = where is not None and passed >= self._limit
                seen, standing = self._beats, passed if late else 0.0
            else:
                standing += passed
            if where is not None and standing >= self._limit:
                self._longest[where] = max(self._longest.get(where, 0.0), standing)


def plugin_line(frame: FrameType | None, owned: Callable[[str], bool]) -> str | None:
    """Find the innermost line of a plugin in what an event loop runs.

    Args:
        frame: The innermost frame of a thread.
        owned: Tells whether a file is one of the plugin's.

    Returns:
        ``file:line in function``, or None when no frame is the plugin's.
    """
    while frame is not None and not _runs_loop(frame):
        if owned(frame.f_code.co_filename):
            return f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"
        frame = frame.f_back
    return None


def _runs_loop(frame: FrameType) -> bool:
    return frame.f_code.co_name in _STEPS and frame.f_globals.get("__name__") == _LOOP
