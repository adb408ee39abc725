"""Whether code that runs on the event loop lets it go on: a watchdog looks, and blocking sockets tell by themselves."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator

from ..effect_watch import Observed, watching
from .check import Finding
from .ownership import OwnFiles
from .watchdog import LoopWatchdog, plugin_line

__all__ = ["LoopGuard"]

_LIMIT = 0.1
"""Seconds that the loop may stand still; it is what asyncio's debug mode calls slow."""


class LoopGuard:
    """Watches the running event loop while a plugin works.

    Args:
        own: The plugin's files.
    """

    def __init__(self, own: OwnFiles) -> None:
        self._own = own
        self._watchdog = LoopWatchdog(owned=own, limit=_LIMIT)
        self._waits: dict[str, str] = {}

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Watch until the end of the block."""
        async with self._watchdog.watching():
            with watching(self.hear):
                yield

    def hear(self, observed: Observed) -> None:
        """Note an effect for which the event loop's thread waits, as a blocking connection is, however quick it may be.

        Args:
            observed: The effect.
        """
        if not observed.waits or asyncio._get_running_loop() is None:  # noqa: SLF001  (get_running_loop() raises)
            return
        line = plugin_line(sys._getframe(), self._own)  # noqa: SLF001
        if line is not None:
            self._waits.setdefault(line, f"{observed.event} {observed.detail}")

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found, each line once."""
        remedy = (
            "Use what can be awaited (context.http, asyncio.sleep), give blocking work to asyncio.to_thread, or write "
            "def instead of async def and leave nonblocking out: then it runs in a thread."
        )
        stalled = [
            Finding(text=f"the event loop stood still for {stall.ms:.0f} ms at {stall.where}", remedy=remedy)
            for stall in self._watchdog.stalls
            if stall.where not in self._waits
        ]
        waited = [
            Finding(text=f"the event loop waits for the network at {where}: {what}", remedy=remedy)
            for where, what in self._waits.items()
        ]
        return (*waited, *stalled)
