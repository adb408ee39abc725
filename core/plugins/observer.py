"""Telling observe hooks what happens in a turn, behind the turn's back."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .calls import HookCall
from .executor import HookExecutor, HookFailed

if TYPE_CHECKING:
    from ..turn.events import Event

__all__ = ["TurnObserver"]

QUEUE_LIMIT = 10_000
"""The most events of one turn that wait for slow observers; what comes on top is dropped, counted and logged."""

_log = logging.getLogger(__name__)


class TurnObserver:
    """Delivers the events of one turn, in order, on a task that exists only while something waits.

    Args:
        calls: Implementations by hook, only for hooks that have any.
        executor: Calls them.
        deliveries: The host's set of delivery tasks; this observer adds its own to it.
        limit: The most events that wait.
    """

    def __init__(
        self,
        calls: Mapping[str, tuple[HookCall, ...]],
        executor: HookExecutor,
        deliveries: set[asyncio.Task[None]],
        *,
        limit: int = QUEUE_LIMIT,
    ) -> None:
        self._calls = calls
        self._executor = executor
        self._deliveries = deliveries
        self._limit = limit
        self._waiting: deque[Event] = deque()
        self._task: asyncio.Task[None] | None = None
        self.dropped = 0
        self._reported = 0

    def tell(self, event: Event) -> None:
        """Take an event; never blocks, never raises. Call it on the event loop's thread."""
        if event.hook not in self._calls:
            return
        if len(self._waiting) >= self._limit:
            self._drop(event)
            return
        self._waiting.append(event)
        if self._task is None:
            self._start(event)

    def _start(self, event: Event) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._waiting.clear()
            self._drop(event)
            return
        self._task = loop.create_task(self._deliver(), name=f"promptdock observers of {event.turn_id}")
        self._deliveries.add(self._task)
        self._task.add_done_callback(self._deliveries.discard)

    def _drop(self, event: Event) -> None:
        self.dropped += 1
        if self.dropped == 1:
            _log.error(
                "Observers of turn %s (request %s) are too slow: from %s on, events are dropped",
                event.turn_id,
                event.request_id,
                event.hook,
            )

    async def _deliver(self) -> None:
        try:
            while self._waiting:
                event = self._waiting.popleft()
                for call in self._calls[event.hook]:
                    await self._tell_one(call, event)
        finally:
            self._task = None
            if self.dropped > self._reported:
                _log.error("%d events of one turn were not told to observers", self.dropped - self._reported)
                self._reported = self.dropped

    async def _tell_one(self, call: HookCall, event: Event) -> None:
        try:
            await self._executor.call(call, {"event": event}, request_id=event.request_id)
        except HookFailed:
            return
