"""The weather tool against a fake Open-Meteo."""

from __future__ import annotations

import time
from typing import Any

import pytest

from promptdock import SelectionRequest, ToolError
from promptdock.http import SharedHttpClient
from promptdock.tools.context import HttpResponse
from promptdock_builtin import weather
from promptdock_builtin.weather.settings import WeatherSettings
from promptdock_builtin.weather.upstream import Upstream
from tests.support.open_meteo import PARIS, OpenMeteo, forecast, weather_context


@pytest.mark.anyio
async def test_the_current_conditions_are_there(meteo: OpenMeteo, http: SharedHttpClient) -> None:
    """In words and in numbers, with the place's own time."""
    meteo.forecast = forecast("2024-02-28T22:15", weather_code=61, temperature_2m=7.4)
    (report,) = await weather.current_weather("Paris", context=weather_context(http, meteo.settings))
    assert report["timezone"] == "Europe/Paris"
    assert report["current"]["time"] == "2024-02-28 22:15"
    assert report["current"]["conditions"] == "light rain"
    assert report["current"]["temperature_2m"] == 7.4


@pytest.mark.anyio
async def test_upstream_is_asked_in_local_time_and_metric_units(meteo: OpenMeteo, http: SharedHttpClient) -> None:
    await weather.current_weather("Paris", "USCS", context=weather_context(http, meteo.settings))
    (search,) = meteo.searches
    assert search["name"] == "Paris"
    (asked,) = meteo.forecasts
    assert (asked["latitude"], asked["longitude"]) == ("48.85341", "2.3488")
    assert asked["timezone"] == "auto"
    assert (asked["temperature_unit"], asked["wind_speed_unit"], asked["precipitation_unit"]) == (
        "celsius",
        "kmh",
        "mm",
    )
    assert "snowfall" in asked["hourly"].split(",")
    assert asked["current"] == asked["hourly"]


@pytest.mark.anyio
async def test_coordinates_need_no_geocoder_and_zero_is_a_coordinate(meteo: OpenMeteo, http: SharedHttpClient) -> None:
    (report,) = await weather.current_weather("0,0", context=weather_context(http, meteo.settings))
    assert (report["location"], report["latitude"], report["longitude"]) == ("0, 0", 0, 0)
    assert meteo.searches == []
    assert (meteo.forecasts[0]["latitude"], meteo.forecasts[0]["longitude"]) == ("0.0", "0.0")


@pytest.mark.anyio
async def test_a_place_of_the_geocoder_may_lie_at_zero(meteo: OpenMeteo, http: SharedHttpClient) -> None:
    meteo.places["null island"] = [{"name": "Null Island", "latitude": 0, "longitude": 0}]
    (report,) = await weather.current_weather("Null Island", context=weather_context(http, meteo.settings))
    assert (report["location"], report["latitude"], report["longitude"]) == ("Null Island", 0, 0)


@pytest.mark.anyio
async def test_the_region_behind_the_comma_picks_the_place(meteo: OpenMeteo, http: SharedHttpClient) -> None:
    texas = {
        "name": "Paris",
        "latitude": 33.66094,
        "longitude": -95.55551,
        "country_code": "US",
        "country": "United States",
        "admin1": "Texas",
    }
    meteo.places["paris"] = [PARIS, texas]
    (report,) = await weather.current_weather("Paris, TX", context=weather_context(http, meteo.settings))
    assert report["location"] == "Paris, Texas, United States"
    assert meteo.searches[0]["name"] == "Paris"


@pytest.mark.anyio
async def test_a_region_without_a_comma_is_understood(meteo: OpenMeteo, http: SharedHttpClient) -> None:
    """The geocoder finds nothing for the whole; the last word then has to be a region of what it finds for the rest."""
    (report,) = await weather.current_weather("Paris France", context=weather_context(http, meteo.settings))
    assert report["location"] == "Paris, Île-de-France, France"
    with pytest.raises(ToolError, match="No place called 'Paris Nowhere'"):
        await weather.current_weather("Paris Nowhere", context=weather_context(http, meteo.settings))


@pytest.mark.anyio
@pytest.mark.parametrize("body", ["<html>", "[]", '{"current": NaN}', ""])
async def test_an_answer_that_is_no_json_object_is_an_error(
    meteo: OpenMeteo, http: SharedHttpClient, body: str
) -> None:
    meteo.forecast = body
    with pytest.raises(ToolError, match="not a JSON object"):
        await weather.current_weather("Paris", context=weather_context(http, meteo.settings))


@pytest.mark.anyio
async def test_the_reason_that_upstream_gives_is_passed_on(meteo: OpenMeteo, http: SharedHttpClient) -> None:
    meteo.status = 400
    meteo.forecast = {"error": True, "reason": "Latitude must be in range of -90 to 90°."}
    with pytest.raises(ToolError, match=r"status 400: Latitude must be in range of -90 to 90°\.$"):
        await weather.current_weather("Paris", context=weather_context(http, meteo.settings))


@pytest.mark.anyio
async def test_too_many_requests_say_try_later(meteo: OpenMeteo, http: SharedHttpClient) -> None:
    meteo.status = 429
    with pytest.raises(ToolError, match="try again later"):
        await weather.current_weather("Paris", context=weather_context(http, meteo.settings))


@pytest.mark.anyio
@pytest.mark.parametrize("results", ["Paris", [["Paris"]], [{"name": "Paris"}]])
async def test_a_geocoder_that_answers_nonsense_is_an_error(
    meteo: OpenMeteo, http: SharedHttpClient, results: Any
) -> None:
    meteo.places["paris"] = results
    with pytest.raises(ToolError, match="geocoder's answer cannot be read"):
        await weather.current_weather("Paris", context=weather_context(http, meteo.settings))


class Watched(SharedHttpClient):
    """Keeps the timeout of each request."""

    def __init__(self) -> None:
        super().__init__()
        self.timeouts: list[float] = []

    async def request(self, method: str, url: str, *, timeout: float = 10.0, **options: Any) -> HttpResponse:
        self.timeouts.append(timeout)
        return await super().request(method, url, timeout=timeout, **options)


@pytest.mark.anyio
@pytest.mark.parametrize(("tool_timeout", "budget"), [(30.0, 20.0), (10.0, 10.0)])
async def test_both_requests_share_one_time_budget(meteo: OpenMeteo, tool_timeout: float, budget: float) -> None:
    """The second gets what the first left over; the budget is the plugin's, or the tool's when that is shorter."""
    meteo.delay = 0.2
    http = Watched()
    try:
        settings = {**meteo.settings, "timeout": 20.0}
        await weather.current_weather("Paris", context=weather_context(http, settings, tool_timeout))
    finally:
        await http.aclose()
    first, second = http.timeouts
    assert first <= budget
    assert second <= first - 0.15


@pytest.mark.anyio
async def test_a_slow_service_is_an_error(meteo: OpenMeteo, http: SharedHttpClient) -> None:
    meteo.delay = 30
    with pytest.raises(ToolError, match="did not answer within"):
        await weather.current_weather("Paris", context=weather_context(http, {**meteo.settings, "timeout": 0.2}))


@pytest.mark.anyio
async def test_a_used_up_budget_asks_nobody(meteo: OpenMeteo, http: SharedHttpClient) -> None:
    spent = Upstream(weather_context(http, meteo.settings), 1.0, time.monotonic() - 1)
    with pytest.raises(ToolError, match="took longer than 1 s"):
        await spent.ask(meteo.settings["forecast_url"], {})
    assert meteo.forecasts == []


def test_the_tool_keeps_the_reference_names() -> None:
    tool = weather.current_weather
    assert (tool.name, tool.key) == ("get_current_weather", "current_weather")
    assert tool.parameters["properties"].keys() == {"location", "unit"}
    assert tool.parameters["properties"]["unit"]["enum"] == ["METRIC", "USCS"]
    assert tool.parameters["required"] == ["location"]
    assert tool.parameters["additionalProperties"] is False
    tool.check()


def test_the_plugin_gives_up_before_its_tool_does() -> None:
    """So the model hears which server was slow."""
    longest = WeatherSettings.model_validate({"timeout": 25})
    assert weather.current_weather.timeout is not None
    assert longest.timeout < weather.current_weather.timeout


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("What is the weather in Oslo?", True),
        ("Will I need an umbrella tomorrow?", True),
        ("Is it raining?", True),
        ("How many days until Christmas?", False),
        ("Open the Windows settings", False),
        ("We train every day", False),
    ],
)
def test_the_rule_selects_prompts_about_the_weather(text: str, selected: bool) -> None:
    (rule,) = weather.register_selection_rules()
    request = SelectionRequest(
        text=text,
        user_texts=(text,),
        messages=({"role": "user", "content": text},),
        provider="p",
        model="m",
        caller="c",
    )
    verdict: Any = rule.decide(request)
    assert verdict.selected is selected
    assert rule.tools == (weather.current_weather,)


def test_the_hooks_give_the_tool_and_the_settings() -> None:
    assert weather.register_tools() == [weather.current_weather]
    assert weather.register_settings() is WeatherSettings
