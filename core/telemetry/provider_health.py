"""How providers have done lately: what readiness says of them without asking them, which would cost money."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ..turn.events import CompletionReceived, CompletionRequested, TurnFailed
from .outcomes import OK, is_callers_fault, outcome_of, outcome_of_status

if TYPE_CHECKING:
    from ..service_events import RelayFailed, RelayReceived
    from ..turn.events import Event
    from ..turn.plan import TurnPlan

__all__ = ["ProviderHealth", "ProviderRecord"]

_LATEST: Final = 20
"""Calls that are looked back at."""
_LONG_AGO: Final = 300.0
"""Seconds after which a failure says nothing any more of how a provider is now."""
_FEWEST: Final = 3
_SICK: Final = 0.5


@dataclass(slots=True)
class ProviderRecord:
    """The latest calls of one provider.

    Attributes:
        latest: When each was, on the monotonic clock, and how it ended.
        succeeded_at: Seconds since the epoch; None when none has.
        failed_at: Likewise.
        failure: How the latest that failed did.
    """

    latest: deque[tuple[float, bool]] = field(default_factory=lambda: deque(maxlen=_LATEST))
    succeeded_at: float | None = None
    failed_at: float | None = None
    failure: str | None = None

    def note(self, outcome: str) -> None:
        """Take note of a call that has ended; one that its caller spoilt says nothing."""
        if outcome == OK:
            self.succeeded_at = time.time()
        elif is_callers_fault(outcome):
            return
        else:
            self.failed_at, self.failure = time.time(), outcome
        self.latest.append((time.monotonic(), outcome == OK))

    @property
    def counts(self) -> tuple[int, int]:
        """How many of the calls of the last minutes failed, and how many there were."""
        recent = [good for at, good in self.latest if time.monotonic() - at < _LONG_AGO]
        return recent.count(False), len(recent)

    @property
    def is_sick(self) -> bool:
        """Whether half of the latest calls failed, the very latest among them."""
        failed, all_of_them = self.counts
        return all_of_them >= _FEWEST and failed >= _SICK * all_of_them and not self.latest[-1][1]


class ProviderHealth:
    """Remembers how the calls of each provider ended."""

    def __init__(self) -> None:
        self._records: dict[str, ProviderRecord] = {}

    @property
    def records(self) -> Mapping[str, ProviderRecord]:
        """By name, of those that were asked."""
        return self._records

    def watch(self, plan: TurnPlan) -> _Listener:
        """Give what hears the events of one turn."""
        return _Listener(self.of(plan.settings.provider))

    def hear(self, event: RelayFailed | RelayReceived) -> None:
        """Take note of a passthrough."""
        self.of(event.provider).note(outcome_of_status(event.status))

    def of(self, provider: str) -> ProviderRecord:
        """The record of a provider, made when there is none."""
        record = self._records.get(provider)
        if record is None:
            record = self._records[provider] = ProviderRecord()
        return record


class _Listener:
    """Hears one turn."""

    __slots__ = ("_asked", "_record")
    hears = frozenset({CompletionReceived, CompletionRequested, TurnFailed})

    def __init__(self, record: ProviderRecord) -> None:
        self._record = record
        self._asked = False

    def tell(self, event: Event) -> None:
        """Take note of upstream calls."""
        if isinstance(event, CompletionRequested):
            self._asked = True
        elif isinstance(event, CompletionReceived):
            self._asked = False
            self._record.note(OK)
        elif isinstance(event, TurnFailed) and self._asked:
            self._record.note(outcome_of(event.error))
