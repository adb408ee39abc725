"""Telling observe hooks what happens, behind the back of whoever it happens to."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from contextvars import copy_context
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from ..providers.base import copied
from ..turn.events import CompletionRequested
from .calls import HookCall, is_any_wanted
from .executor import HookExecutor, HookFailed, Unfinished

if TYPE_CHECKING:
    from ..turn.events import Event

__all__ = ["HookObserver", "observers_by_plugin"]

QUEUE_LIMIT = 10_000
"""The most events of one queue that wait for slow observers; what comes on top is dropped, counted and logged."""

_log = logging.getLogger(__name__)


class _Waiting(msgspec.Struct, frozen=True):
    """An event that is not told to everybody yet.

    Attributes:
        event: The event.
        calls: Who is still to be told.
        begun: Somebody else's call that is under way, or None.
    """

    event: Event
    calls: tuple[HookCall, ...]
    begun: Unfinished | None = None


class HookObserver:
    """A queue of events, told in order on a task that exists only while something waits.

    Where all implementations are immediate nothing waits: they are told at once. A turn has an observer of its own. For
    what happens around turns, each plugin has one, so that none waits for another.

    Args:
        calls: Implementations by hook, only for hooks that have any.
        executor: Calls them.
        deliveries: The host's set of delivery tasks; this observer adds its own to it.
        hears: The kinds of events that it has to be told of; None for all.
        limit: The most events that wait.

    Attributes:
        hears: As given.
    """

    def __init__(
        self,
        calls: Mapping[str, tuple[HookCall, ...]],
        executor: HookExecutor,
        deliveries: set[asyncio.Task[None]],
        *,
        hears: frozenset[type[Event]] | None = None,
        limit: int = QUEUE_LIMIT,
    ) -> None:
        self.hears = hears
        self._calls = calls
        self._executor = executor
        self._deliveries = deliveries
        self._limit = limit
        self._waiting: deque[_Waiting] = deque()
        self._task: asyncio.Task[None] | None = None
        self._telling = False
        self.dropped = 0
        self._reported = 0

    def tell(self, event: Event) -> None:
        """Take an event, unless nobody wants it now; never waits, never raises. Call it on the event loop's thread."""
        calls = self._calls.get(event.hook)
        if calls is None or not is_any_wanted(calls):
            return
        if isinstance(event, CompletionRequested):
            event = replace(event, request=copied(event.request))  # the request itself is about to be sent
        if self._task is not None or self._telling:
            self._queue(event, calls)
            return
        self._telling = True
        try:
            rest = self._told_at_once(event, calls)
        finally:
            self._telling = False
        if rest is not None:
            self._waiting.appendleft(rest)  # what was told by those who were told comes behind
        if self._waiting:
            self._start(event)

    def _told_at_once(self, event: Event, calls: tuple[HookCall, ...]) -> _Waiting | None:
        """Tell those who are immediate, up to the first who is not; give what is left to do."""
        for place, call in enumerate(calls):
            if not call.is_wanted:
                continue
            if not call.immediate:
                return _Waiting(event, calls[place:])
            # in a context of its own, as on a task: what it sets there is not for the turn to see
            begun = copy_context().run(self._tell_now, call, event)
            if begun is not None:
                return _Waiting(event, calls[place + 1 :], begun)
        return None

    def _tell_now(self, call: HookCall, event: Event) -> Unfinished | None:
        try:
            given = self._executor.call_now(call, {"event": event}, request_id=event.request_id)
        except HookFailed:
            return None
        return given if isinstance(given, Unfinished) else None

    def _queue(self, event: Event, calls: tuple[HookCall, ...]) -> None:
        if len(self._waiting) >= self._limit:
            self._drop(event, "its observers are too slow")
        else:
            self._waiting.append(_Waiting(event, calls))

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
                item = self._waiting.popleft()
                if item.begun is not None:
                    with suppress(HookFailed):
                        await self._executor.finish(item.begun, request_id=item.event.request_id)
                for call in item.calls:
                    if not call.is_wanted:
                        continue
                    with suppress(HookFailed):
                        await self._executor.call(call, {"event": item.event}, request_id=item.event.request_id)
        finally:
            self._task = None
            if self.dropped > self._reported:
                _log.error("%d events were not told to observers", self.dropped - self._reported)
                self._reported = self.dropped


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
