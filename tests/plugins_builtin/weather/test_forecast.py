"""Reading Open-Meteo's answer: which hours, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from promptdock import ToolError
from promptdock_builtin.weather.forecast import read_weather
from tests.support.open_meteo import forecast


def dates(data: dict[str, Any]) -> list[str]:
    return [hour["date"] for hour in read_weather(data, "METRIC").hours]


def test_the_forecast_starts_with_the_current_local_hour_and_crosses_midnight() -> None:
    """22:15 in Paris, over a leap day; upstream sent three whole days."""
    found = dates(forecast("2024-02-28T22:15", first="2024-02-28T00:00"))
    assert len(found) == 24
    assert found[:3] == ["2024-02-28 22:00", "2024-02-28 23:00", "2024-02-29 00:00"]
    assert found[-1] == "2024-02-29 21:00"


@pytest.mark.parametrize("now", ["2024-03-01T00:00", "2024-03-01T00:45"])
def test_the_clock_of_the_place_decides_not_the_clock_of_this_machine(now: str) -> None:
    """Auckland is already in the next day, half a day ahead of UTC."""
    weather = read_weather(forecast(now, first="2024-02-29T00:00", timezone="Pacific/Auckland"), "METRIC")
    assert weather.timezone == "Pacific/Auckland"
    assert weather.hours[0]["date"] == "2024-03-01 00:00"
    assert len(weather.hours) == 24


def test_hours_that_begin_at_half_past_count_while_they_last() -> None:
    """A zone with half an hour, where upstream's hours stand at :30."""
    assert dates(forecast("2024-06-01T10:15", first="2024-06-01T00:30"))[0] == "2024-06-01 09:30"
    assert dates(forecast("2024-06-01T10:30", first="2024-06-01T00:30"))[0] == "2024-06-01 10:30"


def test_fewer_hours_are_given_as_they_are() -> None:
    assert len(dates(forecast("2024-02-28T20:00", first="2024-02-28T00:00", hours=24))) == 4


def test_a_value_that_upstream_does_not_know_stays_none() -> None:
    weather = read_weather(forecast(wind_gusts_10m=None, weather_code=None), "USCS")
    assert weather.hours[0]["windgusts_10m"] is None
    assert weather.current["conditions"] is None


MISSING = "missing"


def damaged(path: str, value: Any) -> dict[str, Any]:
    """A good answer with one place changed, or taken out."""
    data = forecast()
    *folders, last = path.split(".")
    spot = data
    for folder in folders:
        spot = spot[folder]
    if value == MISSING:
        del spot[last]
    else:
        spot[last] = value
    return data


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("current", MISSING, "'current'"),
        ("hourly", MISSING, "'hourly'"),
        ("timezone", MISSING, "'timezone'"),
        ("current.time", MISSING, "'current.time'"),
        ("current.snowfall", MISSING, "'current.snowfall'"),
        ("hourly.time", MISSING, "'time'"),
        ("hourly.snowfall", MISSING, "'snowfall'"),
        ("current", None, "'current'"),
        ("hourly", [], "'hourly'"),
        ("current.time", 1709157600, "'current.time'"),
        ("current.time", "soon", "'current.time'"),
        ("hourly.time", ["soon"] * 72, "'hourly.time'"),
        ("current.temperature_2m", "cold", "'current.temperature_2m'"),
        ("current.temperature_2m", True, "'current.temperature_2m'"),
        ("hourly.temperature_2m", ["cold"] * 72, "'hourly.temperature_2m'"),
        ("hourly.snowfall", [1.0], "1 values for 72 hours"),
        ("current.time", "2030-01-01T00:00", "no hour from now on"),
    ],
)
def test_an_answer_with_a_hole_is_an_error_that_names_it(path: str, value: Any, named: str) -> None:
    with pytest.raises(ToolError, match="answer cannot be read") as caught:
        read_weather(damaged(path, value), "METRIC")
    assert named in str(caught.value)
