"""Reading metrics as Prometheus does."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import httpx
from prometheus_client.parser import text_string_to_metric_families

__all__ = ["Readings", "readings", "readings_once"]


class Readings:
    """The samples of one look at the metrics.

    Args:
        text: In Prometheus' format.
    """

    def __init__(self, text: str) -> None:
        self._samples = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def get(self, name: str, **labels: str) -> float:
        """One sample; 0 for one that there is not."""
        return self._samples.get((f"promptdock_{name}", frozenset(labels.items())), 0.0)

    def labels(self, name: str) -> list[Mapping[str, str]]:
        """The labels of all samples of a name."""
        return [dict(labels) for found, labels in self._samples if found == f"promptdock_{name}"]

    @property
    def names(self) -> frozenset[str]:
        """Of all samples."""
        return frozenset(name for name, _ in self._samples)


def readings(client: httpx.Client) -> Readings:
    """Look at the metrics of a server."""
    reply = client.get("/metrics")
    assert reply.status_code == 200, reply.text
    return Readings(reply.text)


def readings_once(client: httpx.Client, wanted: Callable[[Readings], bool]) -> Readings:
    """Look until something is so: what has nobody to wait for is counted a moment later."""
    end = time.monotonic() + 20
    while True:
        found = readings(client)
        if wanted(found) or time.monotonic() > end:
            return found
        time.sleep(0.02)
