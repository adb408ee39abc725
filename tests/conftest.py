"""Shared by all tests."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from pydantic import SecretStr

from promptdock.settings import Settings
from promptdock.store.database import Database
from promptdock.store.urls import database_url as url_of
from tests.support.databases import Postgres, migrated_file, postgres_server
from tests.support.upstream import Upstream

# a loaded machine is no failure: time limits on single examples belong to benchmarks
settings.register_profile("promptdock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("promptdock")


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_the_developers_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keys and settings of whoever runs the tests must not change what they see."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("PROMPTDOCK_TEST_"):
                continue
            if name.startswith("PROMPTDOCK_") or name.endswith("_API_KEY"):
                patch.delenv(name)
        patch.setenv("PROMPTDOCK_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The host runs on asyncio."""
    return "asyncio"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A fake upstream that speaks the OpenAI protocol (see ``tests/support/upstream.py``)."""
    with Upstream() as running:
        yield running


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres | None]:
    """A PostgreSQL server to make databases on; None where there is none."""
    with postgres_server(tmp_path_factory.getbasetemp()) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path, postgres: Postgres | None) -> Iterator[str]:
    """The URL of a migrated, empty database: each test that asks for it runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "test.db"
        path.write_bytes(migrated_file())
        yield f"sqlite:///{path}"
        return
    if postgres is None:
        missing = "no PostgreSQL: set PROMPTDOCK_TEST_POSTGRES_URL, or install its server"
        if os.environ.get("CI"):
            pytest.fail(missing)  # there, nothing is left out quietly
        pytest.skip(missing)
    with postgres.database() as url:
        yield url


@pytest.fixture
async def database(database_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    """A migrated, empty database, on SQLite and on PostgreSQL."""
    opened = Database(url_of(Settings(home=tmp_path, database_url=SecretStr(database_url))))
    yield opened
    await opened.aclose()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let ``xdist_group`` count: xdist 3.8 notes a test's group where pytest 9.2 does not look any more."""
    for item in items:
        noted: str | None = getattr(item, "_nodeid", None)
        if noted is not None and noted != item.nodeid:
            item._id = type(item.id).parse(noted)
