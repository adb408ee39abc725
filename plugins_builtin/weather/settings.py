"""What an operator may say about the weather plugin."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, HttpUrl

__all__ = ["MAX_TIMEOUT", "WeatherSettings"]

MAX_TIMEOUT = 25.0
"""Seconds; below the tool's own timeout, so that the model is told which server was slow."""


class WeatherSettings(BaseModel):
    """Filled from ``[plugins.weather]`` or from ``PROMPTDOCK_PLUGINS__WEATHER__<FIELD>``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    forecast_url: HttpUrl = Field(
        default=HttpUrl("https://api.open-meteo.com/v1/forecast"),
        description="Open-Meteo's forecast API, or one like it",
    )
    geocoding_url: HttpUrl = Field(
        default=HttpUrl("https://geocoding-api.open-meteo.com/v1/search"),
        description="Open-Meteo's search for place names",
    )
    timeout: float = Field(
        default=8.0, gt=0, le=MAX_TIMEOUT, description="Seconds that one question may take, both requests together"
    )
