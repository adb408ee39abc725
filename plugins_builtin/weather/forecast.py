"""The weather at a place: now, and the next 24 hours by the clock of the place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from promptdock import ToolError

from .units import METRICS, Metric, Unit
from .upstream import Upstream
from .wmo import conditions

__all__ = ["HOURS", "Weather", "fetch_weather", "read_weather"]

HOURS = 24
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """The weather at a place.

    Attributes:
        timezone: Name of the zone whose clock the times are of.
        current: ``time``, all metrics, and ``conditions`` in words.
        hours: ``date`` and all metrics for each hour, the current one first.
    """

    timezone: str
    current: dict[str, Any]
    hours: list[dict[str, Any]]


async def fetch_weather(upstream: Upstream, url: str, latitude: float, longitude: float, unit: Unit) -> Weather:
    """Ask for the weather at a place.

    Args:
        upstream: Open-Meteo.
        url: Its forecast API.
        latitude: Degrees, north positive.
        longitude: Degrees, east positive.
        unit: The units of the result.

    Returns:
        The weather, times in the place's own time.

    Raises:
        ToolError: The service cannot be asked, or its answer cannot be read.
    """
    wanted = ",".join(metric.upstream for metric in METRICS)
    data = await upstream.ask(
        url,
        {
            "latitude": latitude,
            "longitude": longitude,
            "current": wanted,
            "hourly": wanted,
            "timezone": "auto",
            "forecast_hours": HOURS + 1,  # one to spare, for an hour that ends between the two clocks
            "temperature_unit": "celsius",
            "wind_speed_unit": "kmh",
            "precipitation_unit": "mm",
        },
    )
    return read_weather(data, unit)


def read_weather(data: dict[str, Any], unit: Unit) -> Weather:
    """Read Open-Meteo's answer.

    Args:
        data: The decoded answer, in metric units and local time.
        unit: The units of the result.

    Returns:
        The weather; hours before the current one are left out, as are those after the next 24.

    Raises:
        ToolError: A part is missing or of the wrong kind, or no hour from now on is there.
    """
    current = _part(data, "current", dict)
    hourly = _part(data, "hourly", dict)
    now = _time(current.get("time"), "current.time")
    times = [_time(text, "hourly.time") for text in _part(hourly, "time", list)]
    # an hour counts as long as it lasts; zones with half hours make "the same hour of the clock" a wrong test
    places = [place for place, start in enumerate(times) if start + _HOUR > now][:HOURS]
    if not places:
        raise _unreadable("'hourly' has no hour from now on")
    columns = {metric.key: _column(hourly, metric, len(times), unit) for metric in METRICS}
    measured = {metric.key: _value(current, metric, unit) for metric in METRICS}
    return Weather(
        timezone=_part(data, "timezone", str),
        current={
            "time": f"{now:%Y-%m-%d %H:%M}",
            "conditions": conditions(measured["weathercode"]),
            **measured,
        },
        hours=[
            {"date": f"{times[place]:%Y-%m-%d %H:%M}", **{key: column[place] for key, column in columns.items()}}
            for place in places
        ],
    )


def _unreadable(what: str) -> ToolError:
    return ToolError(f"The weather service's answer cannot be read: {what}.")


def _part(data: dict[str, Any], name: str, kind: type) -> Any:
    part = data.get(name)
    if not isinstance(part, kind):
        raise _unreadable(f"'{name}' is missing or of the wrong kind")
    return part


def _time(text: object, where: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise _unreadable(f"'{where}' holds no time") from None


def _number(value: object, where: str) -> float | None:
    """A number; None where a model of the service has no value, as it writes itself."""
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise _unreadable(f"'{where}' holds something that is not a number")


def _value(current: dict[str, Any], metric: Metric, unit: Unit) -> float | None:
    if metric.upstream not in current:
        raise _unreadable(f"'current.{metric.upstream}' is missing")
    return metric.value(_number(current[metric.upstream], f"current.{metric.upstream}"), unit)


def _column(hourly: dict[str, Any], metric: Metric, length: int, unit: Unit) -> list[float | None]:
    column = _part(hourly, metric.upstream, list)
    if len(column) != length:
        raise _unreadable(f"'hourly.{metric.upstream}' has {len(column)} values for {length} hours")
    return [metric.value(_number(value, f"hourly.{metric.upstream}"), unit) for value in column]
