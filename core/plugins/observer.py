"""Telling observe hooks what happens, behind the back of whoever it happens to."""

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

__all__ = ["HookObserver", "observers_by_plugin"]

QUEUE_LIMIT = 10_000
"""The most events of one queue that wait for slow observers; what comes on top is dropped, counted and logged."""

_log = logging.getLogger(__name__)


class HookObserver:
    """A queue of events, told in order on a task that exists only while something waits.

    A turn has one of its own. For what happens around turns, each plugin has one, so that none waits for another.

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
            self._drop(event, "its observers are too slow")
            return
        self._waiting.append(event)
        if self._task is None:
            self._start(event)

    def _start(self, event: Event) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._waiting.clear()
            self._drop(event, "no event loop runs here")
            return
        self._task = loop.create_task(self._deliver(), name=f"promptdock observers of {event.turn_id or event.hook}")
        self._deliveries.add(self._task)
        self._task.add_done_callback(self._deliveries.discard)

    def _drop(self, event: Event, why: str) -> None:
        self.dropped += 1
        if self.dropped == self._reported + 1:
            _log.error(
                "From %s of request %s on, events are dropped: %s", event.hook, event.request_id or "(none)", why
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
                _log.error("%d events were not told to observers", self.dropped - self._reported)
                self._reported = self.dropped

    async def _tell_one(self, call: HookCall, event: Event) -> None:
        try:
            await self._executor.call(call, {"event": event}, request_id=event.request_id)
        except HookFailed:
            return


def observers_by_plugin(
    calls: Mapping[str, tuple[HookCall, ...]], executor: HookExecutor, deliveries: set[asyncio.Task[None]]
) -> Mapping[str, tuple[HookObserver, ...]]:
    """Make one observer for each plugin, so that a plugin that hangs holds up no other.

    Args:
        calls: Implementations by hook, only for hooks that have any.
        executor: Calls them.
        deliveries: The host's set of delivery tasks.

    Returns:
        By hook, the observers of the plugins that implement it, in their order.
    """
    own: dict[str, dict[str, tuple[HookCall, ...]]] = {}
    for hook, implementations in calls.items():
        for call in implementations:
            hooks = own.setdefault(call.plugin, {})
            hooks[hook] = (*hooks.get(hook, ()), call)
    observers = {plugin: HookObserver(hooks, executor, deliveries) for plugin, hooks in own.items()}
    return {
        hook: tuple(observers[plugin] for plugin in dict.fromkeys(call.plugin for call in implementations))
        for hook, implementations in calls.items()
    }
