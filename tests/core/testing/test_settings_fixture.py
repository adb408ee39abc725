"""The fixture for settings that only another fixture knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from promptdock.testing import Host


@pytest.fixture
def promptdock_plugins() -> Sequence[str]:
    return ["weather"]


@pytest.fixture
def address() -> str:
    return "http://127.0.0.1:9/forecast"


@pytest.fixture
def promptdock_settings(address: str) -> Mapping[str, Any]:
    return {"plugins": {"weather": {"forecast_url": address, "timeout": 3}}, "max_rounds": 3}


def test_they_are_the_hosts(host: Host) -> None:
    (weather,) = host.plugins
    assert str(getattr(weather.settings, "forecast_url", None)) == "http://127.0.0.1:9/forecast"
    assert host.settings.max_rounds == 3


@pytest.mark.promptdock(settings={"plugins": {"weather": {"timeout": 4}}, "system_role": "Be brief."})
def test_those_of_the_marker_are_merged_into_them(host: Host) -> None:
    (weather,) = host.plugins
    assert str(getattr(weather.settings, "forecast_url", None)) == "http://127.0.0.1:9/forecast"
    assert getattr(weather.settings, "timeout", None) == 4
    assert (host.settings.max_rounds, host.settings.system_role) == (3, "Be brief.")
