"""The weather at a place, from Open-Meteo: now, and the next 24 hours. It needs no key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptdock import SearchTerms, SelectionRule, Tool, ToolContext, hookimpl, tool

from .units import Unit

if TYPE_CHECKING:
    from .settings import WeatherSettings

__all__ = ["current_weather", "register_selection_rules", "register_settings", "register_tools"]


@tool(
    name="get_current_weather",
    timeout=30.0,
    effects=["network"],
    examples=[{"location": "Paris, France"}, {"location": "48.85, 2.35", "unit": "USCS"}],
)
async def current_weather(location: str, unit: Unit = "METRIC", *, context: ToolContext) -> list[dict[str, Any]]:
    """Get the current weather at a place, and the forecast for its next 24 hours in local time.

    Args:
        location: A city with its region or country, e.g. "Paris, France" or "Austin, TX"; or "latitude, longitude".
        unit: METRIC for celsius, km/h, mm and cm; USCS for fahrenheit, mph and inches.
        context: Given by the host.
    """
    from .forecast import fetch_weather
    from .geocode import find_place
    from .settings import WeatherSettings
    from .units import units_of
    from .upstream import Upstream

    settings = context.settings if isinstance(context.settings, WeatherSettings) else WeatherSettings()
    upstream = Upstream.within(min(settings.timeout, context.timeout), context)
    place = await find_place(upstream, str(settings.geocoding_url), location)
    weather = await fetch_weather(upstream, str(settings.forecast_url), place.latitude, place.longitude, unit)
    return [
        {
            "location": place.name,
            "latitude": place.latitude,
            "longitude": place.longitude,
            "unit": unit,
            "timezone": weather.timezone,
            "units": units_of(unit),
            "current": weather.current,
            "forecast": weather.hours,
        }
    ]


@hookimpl
def register_settings() -> type[WeatherSettings]:
    """Where the weather comes from, and how long it may take."""
    from .settings import WeatherSettings

    return WeatherSettings


@hookimpl
def register_tools() -> list[Tool]:
    """One tool."""
    return [current_weather]


@hookimpl
def register_selection_rules() -> list[SelectionRule]:
    """The tool is presented when the prompt speaks of the weather."""
    return [
        SearchTerms(
            "weather",
            "forecast",
            "forecasts",
            "temperature",
            "temperatures",
            "degrees outside",
            "celsius",
            "fahrenheit",
            "rain",
            "rains",
            "raining",
            "rainy",
            "snow",
            "snows",
            "snowing",
            "snowy",
            "wind",
            "winds",
            "windy",
            "storm",
            "storms",
            "stormy",
            "thunderstorm",
            "sunny",
            "sunshine",
            "cloudy",
            "clouds",
            "foggy",
            "drizzle",
            "humid",
            "cold outside",
            "hot outside",
            "warm outside",
            "umbrella",
            "raincoat",
            scope="input",
            tools=[current_weather],
            selects=["What is the weather in Paris?", "Do I need an umbrella tomorrow?", "how many degrees outside"],
            ignores=["What is (17 + 4) * 2", "Who wrote The Tempest?"],
        )
    ]
