"""A fake Open-Meteo, and hosts whose weather plugin asks it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from promptdock.testing import Host
from tests.support.loopback import without_proxies
from tests.support.open_meteo import OpenMeteo, open_meteo


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    without_proxies(monkeypatch)


@pytest.fixture(scope="module")
def served() -> Iterator[OpenMeteo]:
    """One server for all tests of a module."""
    with open_meteo() as fake:
        yield fake


@pytest.fixture
def meteo(served: OpenMeteo) -> OpenMeteo:
    """What it answers and was asked, in this test."""
    served.reset()
    return served


@pytest.fixture(scope="module")
def shared(served: OpenMeteo) -> Iterator[Host]:
    """One host for many questions: neither the rule nor the tool keeps anything from one to the next."""
    with Host(["weather"], settings={"plugins": {"weather": served.settings}}) as opened:
        yield opened


@pytest.fixture
def asking(shared: Host, meteo: OpenMeteo) -> Host:
    """The shared host, whose Open-Meteo answers as at first."""
    return shared


@pytest.fixture
def promptdock_plugins() -> Sequence[str]:
    """What the fixture ``host`` has; it is of one test alone."""
    return ["weather"]


@pytest.fixture
def promptdock_settings(meteo: OpenMeteo) -> Mapping[str, Any]:
    """Where its weather comes from."""
    return {"plugins": {"weather": meteo.settings}}
