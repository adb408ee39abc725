"""A live server over a real service, and what its metrics say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from promptdock import Settings
from promptdock.web import create_app
from tests.core.web.scripted import ScriptedProvider
from tests.support.databases import migrated_file
from tests.support.server import live_server


@pytest.fixture
def provider() -> ScriptedProvider:
    return ScriptedProvider()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "promptdock.db").write_bytes(migrated_file())
    return tmp_path


@pytest.fixture
def settings(home: Path) -> Settings:
    return Settings(home=home, plugins_allow=("calculator", "offline", "scripted"), default_provider="offline")


@pytest.fixture
def url(settings: Settings, provider: ScriptedProvider) -> Iterator[str]:
    with live_server(create_app(settings, extra={"scripted": provider})) as url:
        yield url


@pytest.fixture
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=30) as client:
        yield client
