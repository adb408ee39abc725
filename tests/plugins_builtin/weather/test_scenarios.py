"""T-48 and T-49: the weather tool as a turn calls it, through the runner."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from promptdock.http import SharedHttpClient
from promptdock.threads import WorkerThreads
from promptdock.tools.approval import Approval, ToolCall
from promptdock.tools.outcome import ToolOutcome, ToolResult
from promptdock.tools.runner import BoundTool, CallRequest, ToolRunner
from promptdock_builtin import weather
from promptdock_builtin.weather.settings import WeatherSettings
from tests.support.loopback import closed_port
from tests.support.open_meteo import OpenMeteo, weather_context

HOUR_KEYS = {
    "date",
    "temperature_2m",
    "precipitation",
    "snowfall",
    "weathercode",
    "windspeed_10m",
    "winddirection_10m",
    "windgusts_10m",
    "cloudcover",
}


class Watcher:
    """Keeps what the runner reports."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def called(self, arguments: Any) -> None:
        self.steps.append("called")

    def responded(self, error: Any, ms: float) -> None:
        self.steps.append(f"responded {error}")

    def progressed(self, message: str, fraction: float | None) -> None:
        self.steps.append(message)


async def run(http: SharedHttpClient, settings: dict[str, Any], arguments: str) -> ToolOutcome:
    """Call the tool as a turn does."""

    async def approve(call: ToolCall) -> Approval:
        return None

    async def transform(result: ToolResult) -> ToolResult:
        return result

    runner = ToolRunner(
        threads=WorkerThreads(2), http=http, timeout=30.0, result_limit=65_536, approve=approve, transform=transform
    )
    bound = BoundTool(
        id="weather.current_weather",
        name="get_current_weather",
        plugin="weather",
        tool=weather.current_weather,
        settings=WeatherSettings.model_validate(settings),
    )
    call = CallRequest(
        call_id="c1",
        name="get_current_weather",
        raw_arguments=arguments,
        bound=bound,
        request_id="r1",
        caller="anyone",
        text="",
        round=1,
    )
    return await runner.run(call, Watcher())


def error_of(outcome: ToolOutcome) -> dict[str, str]:
    error: dict[str, str] = json.loads(outcome.content)["error"]
    return error


@pytest.mark.anyio
async def test_t48_metric_weather_has_the_reference_shape(meteo: OpenMeteo, http: SharedHttpClient) -> None:
    """A list of one object; 24 hours of nine keys; what upstream says, as it says it."""
    (report,) = await weather.current_weather("Paris", context=weather_context(http, meteo.settings))
    assert {"location", "latitude", "longitude", "unit", "forecast"} <= report.keys()
    assert report["location"] == "Paris, Île-de-France, France"
    assert (report["latitude"], report["longitude"]) == (48.85341, 2.3488)
    assert report["unit"] == "METRIC"
    assert len(report["forecast"]) == 24
    assert all(hour.keys() == HOUR_KEYS for hour in report["forecast"])
    first = report["forecast"][0]
    assert (first["temperature_2m"], first["windspeed_10m"]) == (0, 10)
    assert (first["precipitation"], first["snowfall"]) == (25.4, 2.54)
    assert report["units"]["snowfall"] == "cm"


@pytest.mark.anyio
async def test_t48_customary_weather_is_converted(meteo: OpenMeteo, http: SharedHttpClient) -> None:
    """0 °C is 32 °F, 10 km/h is 6.2 mph, 25.4 mm and 2.54 cm are one inch each."""
    (report,) = await weather.current_weather("Paris", "USCS", context=weather_context(http, meteo.settings))
    assert report["unit"] == "USCS"
    assert report["units"]["temperature_2m"] == "°F"
    assert report["units"]["snowfall"] == "in"
    for measured in (report["current"], *report["forecast"]):
        assert measured["temperature_2m"] == 32
        assert measured["windspeed_10m"] == 6.2
        assert measured["windgusts_10m"] == 12.4
        assert measured["precipitation"] == 1
        assert measured["snowfall"] == 1
        assert (measured["winddirection_10m"], measured["cloudcover"]) == (270, 100)


@pytest.mark.anyio
async def test_t48_through_the_runner_the_result_is_json(meteo: OpenMeteo, http: SharedHttpClient) -> None:
    outcome = await run(http, meteo.settings, '{"location": "Paris", "unit": "USCS"}')
    assert outcome.error is None
    (report,) = json.loads(outcome.content)
    assert report["current"]["conditions"] == "snow"


@pytest.mark.anyio
async def test_t49_an_unknown_place_is_an_error_and_no_forecast_is_asked_for(
    meteo: OpenMeteo, http: SharedHttpClient
) -> None:
    outcome = await run(http, meteo.settings, '{"location": "Atlantis"}')
    assert error_of(outcome)["code"] == "tool_failed"
    assert "No place called 'Atlantis'" in error_of(outcome)["message"]
    assert meteo.forecasts == []


@pytest.mark.anyio
async def test_t49_an_upstream_500_is_an_error(meteo: OpenMeteo, http: SharedHttpClient) -> None:
    meteo.status = 500
    meteo.forecast = "<h1>Internal Server Error</h1>"
    outcome = await run(http, meteo.settings, '{"location": "Paris"}')
    assert error_of(outcome) == {"code": "tool_failed", "message": "127.0.0.1 answered with status 500."}


@pytest.mark.anyio
@pytest.mark.parametrize(
    "arguments",
    ["{}", '{"location": null}', '{"location": "Paris", "unit": "KELVIN"}', '{"location": "Paris", "days": 3}'],
)
async def test_t49_arguments_that_do_not_fit_reach_no_server(
    meteo: OpenMeteo, http: SharedHttpClient, arguments: str
) -> None:
    """No location, no text as location, the unit KELVIN, a parameter too many."""
    outcome = await run(http, meteo.settings, arguments)
    assert error_of(outcome)["code"] == "invalid_arguments"
    assert meteo.searches == meteo.forecasts == []


@pytest.mark.anyio
@pytest.mark.parametrize("location", ["", "   ", " , ,"])
async def test_t49_a_blank_location_is_an_error(meteo: OpenMeteo, http: SharedHttpClient, location: str) -> None:
    outcome = await run(http, meteo.settings, json.dumps({"location": location}))
    assert error_of(outcome)["code"] == "tool_failed"
    assert "location is empty" in error_of(outcome)["message"]


@pytest.mark.anyio
async def test_an_unreachable_network_is_an_error_in_bounded_time(http: SharedHttpClient) -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    began = time.monotonic()
    outcome = await run(http, {"geocoding_url": f"{url}/v1/search?apikey=hush"}, '{"location": "Paris"}')
    assert time.monotonic() - began < 15
    assert error_of(outcome)["code"] == "tool_failed"
    assert "refuses connections" in error_of(outcome)["message"]
    assert "hush" not in outcome.content
