"""The one shape of all events that happen around turns."""

from __future__ import annotations

import time

import msgspec

from ..turn.events import Event

__all__ = ["ServiceEvent"]


class ServiceEvent(Event, frozen=True, kw_only=True):
    """Something that happened around turns, not in one.

    Attributes:
        request_id: The API request that it belongs to; empty when there is none, as at start.
        turn_id: The turn that it belongs to; empty when there is none.
        at: Seconds since the epoch, UTC; now, unless said otherwise.
        caller: Who caused it, as :attr:`promptdock.identity.Principal.name` has it; empty when it was the host itself.
        account: Number of the account that they act in, or None.
    """

    turn_id: str = ""
    at: float = msgspec.field(default_factory=time.time)
    caller: str
    account: str | None
