"""Letting the observe hooks hear a turn without anybody waiting for them."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Protocol

from ..errors import ErrorInfo
from .events import CompletionReceived, Event, TurnFailed, TurnFinished, Usage
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


async def observed(events: AsyncGenerator[Event, None], observer: Observer) -> AsyncGenerator[Event, None]:
    """Pass the events of a turn on, and tell them to an observer on the way.

    A turn whose consumer goes away yields no last event any more; the observer is told of a failure with the code
    ``cancelled`` in its place.
    """
    latest: Event | None = None
    answered: list[Usage | None] = []
    began = time.perf_counter()
    try:
        async with aclosing(events):
            async for event in events:
                latest = event
                if isinstance(event, CompletionReceived):
                    answered.append(event.usage)
                observer.tell(event)
                yield event
    finally:
        if latest is not None and not isinstance(latest, (TurnFailed, TurnFinished)):
            observer.tell(
                TurnFailed(
                    request_id=latest.request_id,
                    turn_id=latest.turn_id,
                    at=time.time(),
                    error=CANCELLED,
                    round=getattr(latest, "round", 0),
                    ms=(time.perf_counter() - began) * 1000,
                    rounds=len(answered),
                    usage=sum_usage(answered),
                )
            )
