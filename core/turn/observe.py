"""Hearing a turn on the way: who watches it without taking part in it."""

from __future__ import annotations

from typing import Protocol

from ..errors import ErrorInfo
from .events import Event

__all__ = ["CANCELLED", "Observer"]

CANCELLED = ErrorInfo(
    status=499, code="cancelled", type="invalid_request_error", message="The caller went away before the turn ended."
)


class Observer(Protocol):
    """Hears the events of one turn."""

    def tell(self, event: Event) -> None:
        """Take an event; never waits and never raises."""
        ...
