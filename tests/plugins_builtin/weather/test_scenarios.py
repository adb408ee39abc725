"""T-48 and T-49: the weather tool as a turn calls it, through the runner."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from promptdock.testing import Host, calls
from tests.support.loopback import closed_port
from tests.support.open_meteo import OpenMeteo

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


def test_t48_metric_weather_has_the_reference_shape(asking: Host) -> None:
    """A list of one object; 24 hours of nine keys; what upstream says, as it says it."""
    (report,) = asking.call("get_current_weather", location="Paris")
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


def test_t48_customary_weather_is_converted(asking: Host) -> None:
    """0 °C is 32 °F, 10 km/h is 6.2 mph, 25.4 mm and 2.54 cm are one inch each."""
    (report,) = asking.call("get_current_weather", location="Paris", unit="USCS")
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


def test_t48_through_the_runner_the_result_is_json(asking: Host) -> None:
    reply = asking.reply("get_current_weather", '{"location": "Paris", "unit": "USCS"}')
    assert reply.error is None
    (report,) = json.loads(reply.content)
    assert report["current"]["conditions"] == "snow"


def test_t49_an_unknown_place_is_an_error_and_no_forecast_is_asked_for(asking: Host, meteo: OpenMeteo) -> None:
    reply = asking.reply("get_current_weather", {"location": "Atlantis"})
    assert reply.error == "tool_failed"
    assert "No place called 'Atlantis'" in (reply.message or "")
    assert meteo.forecasts == []


def test_t49_an_upstream_500_is_an_error(asking: Host, meteo: OpenMeteo) -> None:
    meteo.status = 500
    meteo.forecast = "<h1>Internal Server Error</h1>"
    reply = asking.reply("get_current_weather", {"location": "Paris"})
    assert (reply.error, reply.message) == ("tool_failed", "127.0.0.1 answered with status 500.")


@pytest.mark.parametrize(
    "arguments",
    ["{}", '{"location": null}', '{"location": "Paris", "unit": "KELVIN"}', '{"location": "Paris", "days": 3}'],
)
def test_t49_arguments_that_do_not_fit_reach_no_server(asking: Host, meteo: OpenMeteo, arguments: str) -> None:
    """No location, no text as location, the unit KELVIN, a parameter too many."""
    assert asking.reply("get_current_weather", arguments).error == "invalid_arguments"
    assert meteo.searches == meteo.forecasts == []


@pytest.mark.parametrize("location", ["", "   ", " , ,"])
def test_t49_a_blank_location_is_an_error(asking: Host, location: str) -> None:
    reply = asking.reply("get_current_weather", {"location": location})
    assert reply.error == "tool_failed"
    assert "location is empty" in (reply.message or "")


@pytest.mark.parametrize(
    "location",
    [
        "Paris&name=Atlantis",
        "Paris#",
        "../../admin?x=",
        "http://192.0.2.1/",
        "Paris\r\nX-Evil: 1",
        "\x00",
        "P" * 100_000,
    ],
    ids=["parameter", "fragment", "path", "url", "header", "null", "long"],
)
def test_a_hostile_location_is_only_ever_the_name_of_a_place(asking: Host, meteo: OpenMeteo, location: str) -> None:
    """It changes no request but the one parameter."""
    reply = asking.reply("get_current_weather", {"location": location})
    assert reply.error == "tool_failed"
    assert len(reply.content) < 1000
    written = " ".join(location.split())
    assert all(search["name"] in written and search.keys() == meteo.searches[0].keys() for search in meteo.searches)
    assert meteo.forecasts == []


def test_an_unreachable_network_is_an_error_in_bounded_time() -> None:
    geocoding = f"http://127.0.0.1:{closed_port()}/v1/search?apikey=hush"
    with Host(["weather"], settings={"plugins": {"weather": {"geocoding_url": geocoding}}}) as host:
        began = time.monotonic()
        reply = host.reply("get_current_weather", {"location": "Paris"})
    assert time.monotonic() - began < 15
    assert reply.error == "tool_failed"
    assert "refuses connections" in (reply.message or "")
    assert "hush" not in reply.content


def test_a_prompt_about_the_weather_is_answered_with_it(host: Host, meteo: OpenMeteo) -> None:
    host.script([calls("get_current_weather", location="Paris"), "It snows."])
    turn = host.prompt("What is the weather in Paris?")
    turn.assert_selected("get_current_weather")
    assert turn.calls[0].result[0]["current"]["conditions"] == "snow"
    assert turn.text == "It snows."
    assert len(meteo.forecasts) == 1


def test_a_prompt_about_something_else_asks_nobody(host: Host, meteo: OpenMeteo) -> None:
    turn = host.prompt("Who wrote The Tempest?")
    turn.assert_not_selected("get_current_weather", because="search_terms")
    assert turn.calls == ()
    assert meteo.searches == []


@pytest.mark.promptdock(plugins=["calculator"])
@pytest.mark.parametrize(
    "trouble", [{"raises": RuntimeError("boom")}, {"raises": SystemExit}, {"cancel_after": 0.01}], ids=repr
)
def test_trouble_of_another_plugin_is_not_the_weathers(host: Host, trouble: Mapping[str, Any]) -> None:
    """All of it: rules and tool."""
    host.script([[calls("calculator", expression="17 + 4"), calls("get_current_weather", location="Paris")], "Snow."])
    with host.chaos(plugin="calculator", **trouble):
        turn = host.prompt("What is 17 + 4 degrees, and the weather in Paris?")
    other, own = turn.calls
    assert other.error is not None
    assert (own.error, turn.text) == (None, "Snow.")
    assert own.result[0]["location"] == "Paris, Île-de-France, France"


def test_a_failure_of_the_weather_ends_no_turn(host: Host, meteo: OpenMeteo) -> None:
    meteo.status = 500
    host.script([calls("get_current_weather", location="Paris"), "I cannot say."])
    turn = host.prompt("What is the weather in Paris?")
    assert [call.error for call in turn.calls] == ["tool_failed"]
    assert (turn.failure, turn.text) == (None, "I cannot say.")


def test_what_models_read_has_not_changed(host: Host) -> None:
    host.assert_schemas(Path(__file__).with_name("schemas.json"))
