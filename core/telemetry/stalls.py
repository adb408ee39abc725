"""Seeing that the event loop stands still, and in whose code: one function that blocks holds up every request.

The loop notes the time now and then; a thread looks whether it still does. When it does not, what the loop's thread is
doing at that moment is what holds it up.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from .culprits import OTHERS, Culprit

if TYPE_CHECKING:
    from types import FrameType

    from .culprits import Culprits

__all__ = ["Count", "LoopWatch", "Stall"]

Count: TypeAlias = Callable[[str, float], None]
"""Is told of each stall: by which plugin, and for how many seconds."""

_log = logging.getLogger("promptdock.loop")
_LONG: Final = 5.0
"""Seconds after which a stall is told although it goes on: it may never end."""
_QUIET: Final = 60.0
"""Seconds for which further stalls of one plugin are counted and not told."""
_FRAMES: Final = 12


@dataclass(slots=True)
class Stall:
    """One time in which the loop stood still.

    Attributes:
        since: When it should have come round, on the monotonic clock.
        culprit: Whose code it was in.
        stack: Where, outermost first.
        seconds: How long; None while it goes on.
    """

    since: float
    culprit: Culprit
    stack: str
    seconds: float | None = None
    told: bool = False


class LoopWatch:
    """Watches one event loop.

    Args:
        culprits: Knows the plugins' code.
        threshold: Seconds for which the loop may stand still.
        count: Is told of each stall; None tells nobody.

    Attributes:
        latest: The latest stall; None when there was none.
    """

    def __init__(self, culprits: Culprits, *, threshold: float, count: Count | None = None) -> None:
        self._culprits = culprits
        self._threshold = threshold
        self._every = threshold / 2
        self._count = count
        self._stop = threading.Event()
        self._beat = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._loop_thread = 0
        self._told_at: dict[str, float] = {}
        self._kept: dict[str, int] = {}
        self._open: Stall | None = None
        self.latest: Stall | None = None

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the running event loop for the length of a block."""
        self._loop_thread = threading.get_ident()
        self._pulse(asyncio.get_running_loop())
        thread = threading.Thread(target=self._look, name="promptdock-loop-watch", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            if self._timer is not None:
                self._timer.cancel()
            thread.join(1.0)

    def _pulse(self, loop: asyncio.AbstractEventLoop) -> None:
        """On the loop: note that it comes round."""
        self._beat = time.monotonic()
        self._timer = loop.call_later(self._every, self._pulse, loop)

    def _look(self) -> None:
        """In the thread: look whether it does."""
        while not self._stop.wait(self._every):
            beat = self._beat
            due = beat + self._every
            if self._open is not None and due > self._open.since + self._every:
                self._end(self._open, beat)
            late = time.monotonic() - due
            if self._open is None and late > self._threshold:
                frame = sys._current_frames().get(self._loop_thread)  # noqa: SLF001  (the way that Python documents)
                # what is looked at after the loop came round again would be the wrong one
                self._open = self.latest = self._seen(due, frame if self._beat == beat else None)
                del frame  # it would keep all that its functions hold
            if self._open is not None and not self._open.told and late > max(_LONG, self._threshold):
                self._tell(self._open, late, goes_on=True)

    def _seen(self, due: float, frame: FrameType | None) -> Stall:
        if frame is None:
            return Stall(due, Culprit(OTHERS), "")
        lines = traceback.format_list(traceback.extract_stack(frame, limit=_FRAMES))
        return Stall(due, self._culprits.find(frame), "".join(lines).rstrip())

    def _end(self, stall: Stall, beat: float) -> None:
        self._open = None
        stall.seconds = beat - stall.since
        if self._count is not None:
            try:
                self._count(stall.culprit.plugin, stall.seconds)
            except Exception:  # noqa: BLE001  (one number is lost, and the watch goes on)
                _log.exception("A stall could not be counted")
        if not stall.told:
            self._tell(stall, stall.seconds, goes_on=False)

    def _tell(self, stall: Stall, seconds: float, *, goes_on: bool) -> None:
        """One warning, unless there was one about this plugin a moment ago."""
        stall.told = True
        who = stall.culprit
        now = time.monotonic()
        if now - self._told_at.get(who.plugin, -_QUIET) < _QUIET:
            self._kept[who.plugin] = self._kept.get(who.plugin, 0) + 1
            return
        self._told_at[who.plugin] = now
        kept = self._kept.pop(who.plugin, 0)
        _log.warning(
            "The event loop %s for %.0f ms in %s%s%s; no request was answered meanwhile%s",
            "has been standing still" if goes_on else "stood still",
            seconds * 1000,
            f"plugin {who.plugin}" if who.plugin not in {"promptdock", OTHERS} else f"code of {who.plugin}",
            f", {who.what}" if who.what else "",
            f" ({kept} more since the last line)" if kept else "",
            f":\n{stall.stack}" if stall.stack else ".",
            extra={"plugin": who.plugin, "what": who.what, "ms": round(seconds * 1000, 1)},
        )
