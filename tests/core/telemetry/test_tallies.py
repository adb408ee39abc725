"""Counting in plain Python comes to the same as counting with prometheus_client."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram

from promptdock.telemetry.registry import LATENCIES, MetricsRegistry
from promptdock.telemetry.tallies import MergedHistogram, Observed
from tests.support.metrics import Readings

TIMES = st.floats(min_value=0, max_value=1000, allow_nan=False) | st.sampled_from(LATENCIES)


def seen(registry: MetricsRegistry) -> Readings:
    registry.flush()
    return Readings(registry.written("")[0].decode())


@given(st.lists(st.lists(TIMES, max_size=20), max_size=4))
def test_observations_land_in_the_buckets_of_prometheus(batches: list[list[float]]) -> None:
    theirs, ours = CollectorRegistry(), CollectorRegistry()
    plain = Histogram("h", "h", registry=theirs, buckets=LATENCIES)
    observed = Observed(MergedHistogram("h", "h", registry=ours, buckets=LATENCIES), LATENCIES)
    for batch in batches:
        for seconds in batch:
            plain.observe(seconds)
            observed.observe(seconds)
        observed.flush()

    for bound in (*map(str, LATENCIES), "+Inf"):
        wanted = theirs.get_sample_value("h_bucket", {"le": bound})
        assert ours.get_sample_value("h_bucket", {"le": bound}) == wanted
    assert ours.get_sample_value("h_count") == theirs.get_sample_value("h_count")
    assert math.isclose(ours.get_sample_value("h_sum") or 0, theirs.get_sample_value("h_sum") or 0, abs_tol=1e-6)


def test_what_is_counted_is_shown_once() -> None:
    registry = MetricsRegistry()
    counter = registry.counter("promptdock_things", "Things.", ["kind"])
    level = registry.level("promptdock_level", "A level.")
    counter["a",].amount += 1
    counter["a",].amount += 2
    level.amount += 1
    level.amount += 1
    level.amount -= 1

    for _ in range(2):
        found = seen(registry)
        assert found.get("things_total", kind="a") == 3
        assert found.get("level") == 1


def test_ever_new_labels_end_in_one_series() -> None:
    registry = MetricsRegistry()
    counter = registry.counter("promptdock_things", "Things.", ["kind", "tool"])
    for number in range(3_000):
        counter["a", str(number)].amount += 1

    found = seen(registry)
    assert len(found.labels("things_total")) == 2_001
    assert found.get("things_total", kind="other", tool="other") == 1_000
