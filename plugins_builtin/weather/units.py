"""The metrics of a forecast, and their units.

Open-Meteo is asked for metric units always, and other units are worked out here: its
snowfall is in centimetres, whatever its precipitation is in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["METRICS", "Metric", "Unit", "units_of"]

Unit: TypeAlias = Literal["METRIC", "USCS"]
"""The systems of units: metric, and United States customary."""

_MM_PER_INCH = 25.4
_CM_PER_INCH = 2.54
_KM_PER_MILE = 1.609344


@dataclass(frozen=True, slots=True)
class Metric:
    """One measured or forecast quantity.

    Attributes:
        key: Its name in the tool's result.
        upstream: Its name at Open-Meteo.
        metric: Its unit there, and in the result when metric units are wanted.
        customary: Its unit when US customary units are wanted.
        convert: From the first unit to the second.
        digits: Decimal places that a converted value keeps; as many as the quantity's precision is worth.
    """

    key: str
    upstream: str
    metric: str
    customary: str
    convert: Callable[[float], float] | None = None
    digits: int = 1

    def value(self, value: float | None, unit: Unit) -> float | None:
        """The value in a system of units; None stays None."""
        if value is None or unit == "METRIC" or self.convert is None:
            return value
        return round(self.convert(value), self.digits)


METRICS = (
    Metric("temperature_2m", "temperature_2m", "°C", "°F", lambda celsius: celsius * 9 / 5 + 32),
    Metric("precipitation", "precipitation", "mm", "in", lambda mm: mm / _MM_PER_INCH, 3),
    Metric("snowfall", "snowfall", "cm", "in", lambda cm: cm / _CM_PER_INCH, 2),
    Metric("weathercode", "weather_code", "WMO code", "WMO code"),
    Metric("windspeed_10m", "wind_speed_10m", "km/h", "mph", lambda km: km / _KM_PER_MILE),
    Metric("winddirection_10m", "wind_direction_10m", "°", "°"),
    Metric("windgusts_10m", "wind_gusts_10m", "km/h", "mph", lambda km: km / _KM_PER_MILE),
    Metric("cloudcover", "cloud_cover", "%", "%"),
)
"""All metrics, in the order in which results list them."""


def units_of(unit: Unit) -> dict[str, str]:
    """The unit of each metric, by its name in the result."""
    return {metric.key: metric.metric if unit == "METRIC" else metric.customary for metric in METRICS}
