"""Counting in plain Python, to be added to prometheus_client's numbers now and then.

Its own locks, and in multi-process mode its files, cost from one to several microseconds for each number; a turn has
about thirty. So whoever counts adds to an attribute or to a list, without a call of a Python function, and
:meth:`Tally.flush`, every half second, does the rest. Tallies belong to the event loop's thread.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Final, Generic, Protocol, TypeVar

from prometheus_client import Counter, Gauge, Histogram

__all__ = ["Children", "Counted", "MergedHistogram", "Observed", "Tally"]

_MOST: Final = 2_000
"""Time series of one metric; plugins, tools and providers come to far fewer."""
_OTHER: Final = "other"


class Tally(Protocol):
    """Something that was counted and is not yet among the numbers that are shown."""

    def flush(self) -> None:
        """Add it there."""
        ...


class Counted:
    """A counter, or a gauge that goes up and down.

    Args:
        metric: Where it is added.

    Attributes:
        amount: What is not shown yet; to be added to.
    """

    __slots__ = ("_metric", "amount")

    def __init__(self, metric: Counter | Gauge) -> None:
        self._metric = metric
        self.amount = 0.0

    def flush(self) -> None:
        """Show what was counted."""
        if self.amount:
            amount, self.amount = self.amount, 0.0
            self._metric.inc(amount)


class MergedHistogram(Histogram):
    """A histogram that takes many observations at once."""

    def merge(self, total: float, counts: Sequence[int]) -> None:
        """Add observations.

        Args:
            total: Their sum.
            counts: How many there are in each bucket, that of all larger ones last.
        """
        self._sum.inc(total)
        for bucket, count in zip(self._buckets, counts, strict=True):
            if count:
                bucket.inc(count)


class Observed:
    """A histogram.

    Args:
        metric: Where it is added.
        bounds: Upper bounds of its buckets, without that of all larger ones.

    Attributes:
        observe: Adds an observation.
    """

    __slots__ = ("_bounds", "_metric", "_seen", "observe")

    def __init__(self, metric: MergedHistogram, bounds: Sequence[float]) -> None:
        self._metric = metric
        self._bounds = tuple(bounds)
        self._seen: list[float] = []
        self.observe: Callable[[float], None] = self._seen.append

    def flush(self) -> None:
        """Show what was observed."""
        if not self._seen:
            return
        seen = self._seen.copy()
        self._seen.clear()
        counts = [0] * (len(self._bounds) + 1)
        for amount in seen:
            counts[bisect_left(self._bounds, amount)] += 1
        self._metric.merge(sum(seen), counts)


_T = TypeVar("_T", bound=Tally)


class Children(dict[tuple[str, ...], _T], Generic[_T]):
    """The time series of one metric by the values of their labels, each bound when it is first needed.

    Whoever brings ever new values gets one series for all that come too late.

    Args:
        bind: Makes one.
        labels: How many labels it has.
    """

    def __init__(self, bind: Callable[[tuple[str, ...]], _T], labels: int) -> None:
        super().__init__()
        self._bind = bind
        self._rest = (_OTHER,) * labels

    def __missing__(self, labels: tuple[str, ...]) -> _T:
        """Bind one that is new."""
        if len(self) >= _MOST and labels != self._rest:
            return self[self._rest]
        made = self[labels] = self._bind(labels)
        return made

    def flush(self) -> None:
        """Show what was counted."""
        for child in self.values():
            child.flush()
