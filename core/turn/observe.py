"""Letting the observe hooks hear a turn without anybody waiting for them."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Protocol

from ..errors import ErrorInfo
from .events import CompletionDelta, CompletionReceived, CompletionRequested, Event, TurnFailed, TurnFinished, Usage
from .unreported import UnendedCall
from .usage import sum_usage

__all__ = ["CANCELLED", "Observer", "observed"]

CANCELLED = ErrorInfo(
    status=499, code="cancelled", type="invalid_request_error", message="The caller went away before the turn ended."
)


class Observer(Protocol):
    """Hears the events of one turn."""

    def tell(self, event: Event) -> None:
        """Take an event; never waits and never raises."""
        ...


async def observed(events: AsyncGenerator[Event, None], *observers: Observer) -> AsyncGenerator[Event, None]:
    """Pass the events of a turn on, and tell them to observers on the way, to each before the turn goes on.

    A turn whose consumer goes away yields no last event any more; the observers are told of a failure with the code
    ``cancelled`` in its place.
    """
    turn = _Watch()
    try:
        async with aclosing(events):
            async for event in events:
                turn.hear(event)
                for observer in observers:
                    observer.tell(event)
                yield event
                if isinstance(event, CompletionRequested):
                    turn.passed(event)
    finally:
        cancelled = turn.cancelled()
        if cancelled is not None:
            for observer in observers:
                observer.tell(cancelled)


class _Watch:
    """What is known of a turn, in case that its consumer goes away."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._latest: Event | None = None
        self._answered: list[Usage | None] = []
        self._call = UnendedCall()

    def hear(self, event: Event) -> None:
        """Take note of an event."""
        self._latest = event
        if isinstance(event, CompletionDelta):
            self._call.hear(event)
        elif isinstance(event, CompletionReceived):
            self._answered.append(event.usage)
            self._call.hear(event)

    def passed(self, event: CompletionRequested) -> None:
        """Note that the turn goes on behind a request: only then a provider is really asked."""
        self._call.hear(event)

    def cancelled(self) -> TurnFailed | None:
        """How the turn ends when nobody wants its further events; None when it has ended, or never began."""
        latest = self._latest
        if latest is None or isinstance(latest, (TurnFailed, TurnFinished)):
            return None
        return TurnFailed(
            request_id=latest.request_id,
            turn_id=latest.turn_id,
            at=time.time(),
            error=CANCELLED,
            round=getattr(latest, "round", 0),
            ms=(time.perf_counter() - self._began) * 1000,
            rounds=len(self._answered),
            usage=sum_usage(self._answered),
            unreported=self._call.unreported(),
        )
