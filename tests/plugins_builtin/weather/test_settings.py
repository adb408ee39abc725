"""The plugin's settings."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from promptdock_builtin.weather.settings import WeatherSettings


def test_the_defaults_are_the_public_service() -> None:
    settings = WeatherSettings()
    assert str(settings.forecast_url) == "https://api.open-meteo.com/v1/forecast"
    assert str(settings.geocoding_url) == "https://geocoding-api.open-meteo.com/v1/search"
    assert settings.timeout == 8


@pytest.mark.parametrize(
    "values",
    [{"forecast_url": "ftp://example.org/"}, {"timeout": 0}, {"timeout": 60}, {"api_key": "k"}],
)
def test_settings_that_make_no_sense_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        WeatherSettings.model_validate(values)
