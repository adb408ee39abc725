"""A live server for each module and database, and for each test an account of its own on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.stage import Scene, Stage, fresh, staged
from tests.support.databases import Postgres, migrated_file


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def stage_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres: Postgres | None
) -> Iterator[str]:
    """The URL of a migrated database for a module's tests: each of them runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("stage") / "stage.db"
        path.write_bytes(migrated_file())
        yield f"sqlite:///{path}"
        return
    if postgres is None:
        pytest.skip("no PostgreSQL: set PROMPTDOCK_TEST_POSTGRES_URL, or install its server")
    with postgres.database() as url:
        yield url


@pytest.fixture(scope="module")
def stage(stage_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A running server."""
    home: Path = tmp_path_factory.mktemp("home")
    with staged(stage_url, home) as running:
        yield running


@pytest.fixture
def scene(stage: Stage) -> Scene:
    """A test's own account, people and LLM clients."""
    return fresh(stage)
