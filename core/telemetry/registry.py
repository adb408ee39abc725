"""The metrics of one app: made in a registry of its own, and written out for whoever asks, over all workers."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, values
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector

from .tallies import Children, Counted, MergedHistogram, Observed, Tally

__all__ = ["LATENCIES", "MetricsRegistry"]

_T = TypeVar("_T", bound=Tally)
Mode: TypeAlias = Literal["livesum", "livemax"]

_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"

LATENCIES: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
"""Upper bounds, in seconds, for what may wait for a model."""


class MetricsRegistry:
    """Makes metrics, and writes them out.

    With ``PROMETHEUS_MULTIPROC_DIR`` in the environment before prometheus_client was imported, the numbers are kept in
    files of that folder, one set for each worker, and whichever worker is asked adds them up.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._tallies: list[Tally] = []
        self._shared = _shared_folder()
        if self._shared is None:
            ProcessCollector(registry=self._registry)  # of one process; of several it would be that of any of them

    def counter(self, name: str, what: str, labels: Sequence[str]) -> Children[Counted]:
        """Make a counter; ``_total`` is appended to its name."""
        made = Counter(name, what, labels, registry=self._registry)
        return self._kept(Children(lambda values: Counted(made.labels(*values)), len(labels)))

    def histogram(
        self, name: str, what: str, labels: Sequence[str], buckets: Sequence[float] = LATENCIES
    ) -> Children[Observed]:
        """Make a histogram."""
        made = MergedHistogram(name, what, labels, registry=self._registry, buckets=buckets)
        return self._kept(Children(lambda values: Observed(made.labels(*values), buckets), len(labels)))

    def plain_counter(self, name: str, what: str) -> Counted:
        """Make a counter without labels."""
        return self._kept(Counted(Counter(name, what, registry=self._registry)))

    def plain_histogram(self, name: str, what: str, buckets: Sequence[float] = LATENCIES) -> Observed:
        """Make a histogram without labels."""
        return self._kept(Observed(MergedHistogram(name, what, registry=self._registry, buckets=buckets), buckets))

    def level(self, name: str, what: str) -> Counted:
        """Make a gauge without labels that goes up and down: how many there are of something in all workers."""
        return self._kept(Counted(Gauge(name, what, registry=self._registry, multiprocess_mode="livesum")))

    def gauge(self, name: str, what: str, labels: Sequence[str], mode: Mode = "livesum") -> Gauge:
        """Make a gauge that is set.

        Args:
            name: Its name.
            what: What it shows.
            labels: Names of its labels.
            mode: What the value of all workers is that are alive: the sum of theirs, or the highest of them.
        """
        return Gauge(name, what, labels, registry=self._registry, multiprocess_mode=mode)

    def threaded_histogram(self, name: str, what: str, labels: Sequence[str], buckets: Sequence[float]) -> Histogram:
        """Make a histogram that other threads than the event loop's may add to."""
        return Histogram(name, what, labels, registry=self._registry, buckets=buckets)

    def _kept(self, made: _T) -> _T:
        self._tallies.append(made)
        return made

    def flush(self) -> None:
        """Show what was counted since; on the event loop."""
        for tally in self._tallies:
            tally.flush()

    def written(self, accept: str) -> tuple[bytes, str]:
        """Write all numbers out, as of the latest flush. It reads the files of all workers: call it in a thread.

        Args:
            accept: The request's ``Accept`` header.

        Returns:
            The text, and its media type.
        """
        encode: Callable[[Any], bytes]
        encode, media_type = choose_encoder(accept)
        registry = self._registry
        if self._shared is not None:
            registry = CollectorRegistry()
            MultiProcessCollector(registry, path=str(self._shared))  # type: ignore[no-untyped-call]
        return encode(registry), media_type


def _shared_folder() -> Path | None:
    """Where the workers' numbers are; None when those of this process are all there are."""
    folder = os.environ.get(_VARIABLE)
    # the class was chosen when prometheus_client was imported, and what counts is what it does
    if not folder or not getattr(values.ValueClass, "_multiprocess", False):
        return None
    return Path(folder)
