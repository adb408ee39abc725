"""A fake Open-Meteo and a real HTTP client for the tests of the weather plugin."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from promptdock.http import SharedHttpClient
from tests.support.loopback import without_proxies
from tests.support.open_meteo import OpenMeteo, open_meteo


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    without_proxies(monkeypatch)


@pytest.fixture
async def meteo() -> AsyncIterator[OpenMeteo]:
    async with open_meteo() as fake:
        yield fake


@pytest.fixture
async def http() -> AsyncIterator[SharedHttpClient]:
    client = SharedHttpClient()
    yield client
    await client.aclose()
