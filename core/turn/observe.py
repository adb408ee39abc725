"""Hearing a turn on the way: who watches it without taking part in it."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Protocol, TypeAlias

from ..errors import ErrorInfo
from .events import Event

__all__ = ["CANCELLED", "Listening", "Observer", "listening", "tell"]

CANCELLED = ErrorInfo(
    status=499, code="cancelled", type="invalid_request_error", message="The caller went away before the turn ended."
)


class Observer(Protocol):
    """Hears the events of one turn.

    One that has a member ``hears``, a set of kinds of events or a table by them, is told of these alone.
    """

    def tell(self, event: Event) -> None:
        """Take an event; never waits and never raises."""
        ...


Listening: TypeAlias = tuple[Observer, Container[type[Event]] | None]
"""An observer, and the kinds of events that it hears; None for all."""


def tell(event: Event, listening: Iterable[Listening]) -> None:
    """Tell those of an event who hear its kind."""
    kind = type(event)
    for observer, hears in listening:
        if hears is None or kind in hears:
            observer.tell(event)


def listening(observers: Iterable[Observer]) -> list[Listening]:
    """Observers with what they hear."""
    return [(observer, getattr(observer, "hears", None)) for observer in observers]
