"""Live servers over a real service: the offline provider, the calculator, and a provider that follows a script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from promptdock import Settings
from promptdock.web import create_app
from tests.core.web.scripted import ScriptedProvider
from tests.support.server import live_server

ALLOWED = ("calculator", "offline", "scripted")


@pytest.fixture(scope="module")
def provider() -> ScriptedProvider:
    return ScriptedProvider()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def settings(home: Path) -> Settings:
    return Settings(home=home, plugins_allow=ALLOWED, default_provider="offline")


@pytest.fixture(scope="module")
def url(settings: Settings, provider: ScriptedProvider) -> Iterator[str]:
    with live_server(create_app(settings, extra={"scripted": provider})) as url:
        yield url


@pytest.fixture
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=30) as client:
        yield client
