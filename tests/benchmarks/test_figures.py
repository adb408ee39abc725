"""Medians, percentiles and ratios of rounds."""

from __future__ import annotations

import pytest

from benchmarks.figures import Spread, differences, percentile, ratios


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([], 50, 0.0), ([3.0], 99, 3.0), ([4.0, 1.0, 3.0, 2.0], 50, 2.0), ([float(n) for n in range(1, 101)], 99, 99.0)],
)
def test_percentiles_are_values_that_were_seen(values: list[float], percent: float, expected: float) -> None:
    assert percentile(values, percent) == expected


def test_a_spread_is_the_middle_and_both_ends() -> None:
    assert Spread.of([5.0, 1.0, 2.0]) == Spread(median=2.0, low=1.0, high=5.0)


def test_ratios_go_round_by_round() -> None:
    """Not the median by the median: a round in which the machine was slow was slow for both."""
    assert ratios([10.0, 40.0], [20.0, 80.0]) == [0.5, 0.5]
    assert ratios([10.0, 40.0], [0.0, 80.0]) == [0.5]
    assert differences([10.0, 40.0], [9.0, 38.0]) == [1.0, 2.0]
