"""Units: what is converted, and how far it is rounded."""

from __future__ import annotations

import pytest

from promptdock_builtin.weather.units import METRICS, Unit, units_of

BY_KEY = {metric.key: metric for metric in METRICS}


@pytest.mark.parametrize(
    ("key", "metric", "customary"),
    [
        ("temperature_2m", 0, 32),
        ("temperature_2m", -40, -40),
        ("temperature_2m", 36.6, 97.9),
        ("windspeed_10m", 10, 6.2),
        ("windgusts_10m", 100, 62.1),
        ("precipitation", 25.4, 1),
        ("precipitation", 0.1, 0.004),
        ("snowfall", 2.54, 1),
        ("snowfall", 0.07, 0.03),
        ("weathercode", 61, 61),
        ("winddirection_10m", 359, 359),
        ("cloudcover", 50, 50),
    ],
)
def test_values_are_converted_and_rounded(key: str, metric: float, customary: float) -> None:
    """A trace of rain stays more than nothing."""
    assert BY_KEY[key].value(metric, "USCS") == customary
    assert BY_KEY[key].value(metric, "METRIC") == metric


@pytest.mark.parametrize("unit", ["METRIC", "USCS"])
def test_an_unknown_value_stays_unknown(unit: Unit) -> None:
    assert [metric.value(None, unit) for metric in METRICS] == [None] * 8


def test_every_metric_has_a_unit_by_name() -> None:
    assert units_of("METRIC")["snowfall"] == "cm"
    assert units_of("METRIC")["precipitation"] == "mm"
    assert units_of("USCS")["snowfall"] == units_of("USCS")["precipitation"] == "in"
    assert units_of("USCS").keys() == units_of("METRIC").keys() == BY_KEY.keys()
