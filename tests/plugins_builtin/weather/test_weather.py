"""The weather tool against a fake Open-Meteo."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from promptdock import HttpResponse, ToolError
from promptdock.testing import Host, ToolCallFailed, tool_context
from promptdock_builtin import weather
from promptdock_builtin.weather.settings import WeatherSettings
from promptdock_builtin.weather.upstream import Upstream
from tests.support.open_meteo import PARIS, OpenMeteo, forecast


def test_the_current_conditions_are_there(asking: Host, meteo: OpenMeteo) -> None:
    """In words and in numbers, with the place's own time."""
    meteo.forecast = forecast("2024-02-28T22:15", weather_code=61, temperature_2m=7.4)
    (report,) = asking.call("get_current_weather", location="Paris")
    assert report["timezone"] == "Europe/Paris"
    assert report["current"]["time"] == "2024-02-28 22:15"
    assert report["current"]["conditions"] == "light rain"
    assert report["current"]["temperature_2m"] == 7.4


def test_upstream_is_asked_in_local_time_and_metric_units(asking: Host, meteo: OpenMeteo) -> None:
    asking.call("get_current_weather", location="Paris", unit="USCS")
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


def test_coordinates_need_no_geocoder_and_zero_is_a_coordinate(asking: Host, meteo: OpenMeteo) -> None:
    (report,) = asking.call("get_current_weather", location="0,0")
    assert (report["location"], report["latitude"], report["longitude"]) == ("0, 0", 0, 0)
    assert meteo.searches == []
    assert (meteo.forecasts[0]["latitude"], meteo.forecasts[0]["longitude"]) == ("0.0", "0.0")


def test_a_place_of_the_geocoder_may_lie_at_zero(asking: Host, meteo: OpenMeteo) -> None:
    meteo.places["null island"] = [{"name": "Null Island", "latitude": 0, "longitude": 0}]
    (report,) = asking.call("get_current_weather", location="Null Island")
    assert (report["location"], report["latitude"], report["longitude"]) == ("Null Island", 0, 0)


def test_the_region_behind_the_comma_picks_the_place(asking: Host, meteo: OpenMeteo) -> None:
    texas = {
        "name": "Paris",
        "latitude": 33.66094,
        "longitude": -95.55551,
        "country_code": "US",
        "country": "United States",
        "admin1": "Texas",
    }
    meteo.places["paris"] = [PARIS, texas]
    (report,) = asking.call("get_current_weather", location="Paris, TX")
    assert report["location"] == "Paris, Texas, United States"
    assert meteo.searches[0]["name"] == "Paris"


def test_a_region_without_a_comma_is_understood(asking: Host, meteo: OpenMeteo) -> None:
    """The geocoder finds nothing for the whole; the last word then has to be a region of what it finds for the rest."""
    (report,) = asking.call("get_current_weather", location="Paris France")
    assert report["location"] == "Paris, Île-de-France, France"
    with pytest.raises(ToolCallFailed, match="No place called 'Paris Nowhere'"):
        asking.call("get_current_weather", location="Paris Nowhere")


@pytest.mark.parametrize("body", ["<html>", "[]", '{"current": NaN}', ""])
def test_an_answer_that_is_no_json_object_is_an_error(asking: Host, meteo: OpenMeteo, body: str) -> None:
    meteo.forecast = body
    with pytest.raises(ToolCallFailed, match="not a JSON object"):
        asking.call("get_current_weather", location="Paris")


def test_the_reason_that_upstream_gives_is_passed_on(asking: Host, meteo: OpenMeteo) -> None:
    meteo.status = 400
    meteo.forecast = {"error": True, "reason": "Latitude must be in range of -90 to 90°."}
    with pytest.raises(ToolCallFailed, match=r"status 400: Latitude must be in range of -90 to 90°\.$"):
        asking.call("get_current_weather", location="Paris")


def test_too_many_requests_say_try_later(asking: Host, meteo: OpenMeteo) -> None:
    meteo.status = 429
    with pytest.raises(ToolCallFailed, match="try again later"):
        asking.call("get_current_weather", location="Paris")


@pytest.mark.parametrize("results", ["Paris", [["Paris"]], [{"name": "Paris"}]])
def test_a_geocoder_that_answers_nonsense_is_an_error(asking: Host, meteo: OpenMeteo, results: Any) -> None:
    meteo.places["paris"] = results
    with pytest.raises(ToolCallFailed, match="geocoder's answer cannot be read"):
        asking.call("get_current_weather", location="Paris")


class Watched:
    """An Open-Meteo that takes its time, and keeps the timeout of each request."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.timeouts: list[float] = []

    async def request(self, method: str, url: str, *, timeout: float = 10.0, **options: Any) -> HttpResponse:
        self.timeouts.append(timeout)
        await asyncio.sleep(self.seconds)
        answer = {"results": [PARIS]} if "search" in url else forecast()
        return HttpResponse(status=200, headers={}, content=json.dumps(answer).encode())


@pytest.mark.parametrize(("tool_timeout", "budget"), [(30.0, 20.0), (10.0, 10.0)])
def test_both_requests_share_one_time_budget(tool_timeout: float, budget: float) -> None:
    """The second gets what the first left over; the budget is the plugin's, or the tool's when that is shorter."""
    http = Watched(0.2)
    settings = WeatherSettings.model_validate({"timeout": 20.0})
    context = tool_context(http=http, settings=settings, timeout=tool_timeout)
    asyncio.run(weather.current_weather("Paris", context=context))
    first, second = http.timeouts
    assert first <= budget
    assert second <= first - 0.15


@pytest.mark.promptdock(settings={"plugins": {"weather": {"timeout": 0.2}}})
def test_a_slow_service_is_an_error(host: Host, meteo: OpenMeteo) -> None:
    meteo.delay = 30
    with pytest.raises(ToolCallFailed, match="did not answer within"):
        host.call("get_current_weather", location="Paris")


def test_a_used_up_budget_asks_nobody() -> None:
    """The context's HTTP client would fail the test."""
    spent = Upstream(tool_context(), 1.0, time.monotonic() - 1)
    with pytest.raises(ToolError, match="took longer than 1 s"):
        asyncio.run(spent.ask("https://api.open-meteo.com/v1/forecast", {}))


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


@pytest.mark.parametrize("text", ["What is the weather in Oslo?", "Will I need an umbrella?", "Is it raining?"])
def test_the_rule_selects_prompts_about_the_weather(asking: Host, text: str) -> None:
    asking.assert_selected("get_current_weather", prompt=text)


@pytest.mark.parametrize("text", ["How many days until Christmas?", "Open the Windows settings", "We train every day"])
def test_the_rule_selects_no_other_prompts(asking: Host, text: str) -> None:
    asking.assert_not_selected("get_current_weather", prompt=text, because="search_terms")


def test_the_hooks_give_the_tool_and_the_settings(asking: Host) -> None:
    (plugin,) = asking.plugins
    assert plugin.hooks == ("register_selection_rules", "register_settings", "register_tools")
    assert isinstance(plugin.settings, WeatherSettings)
    assert weather.register_tools() == [weather.current_weather]
