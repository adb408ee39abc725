"""Log levels that another process stored."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from promptdock import Settings
from promptdock.prompts.dock import open_dock
from promptdock.prompts.log_sync import LogSync
from promptdock.store.database import Database
from promptdock.store.log_levels import drop_log_level, log_levels, put_log_level
from promptdock.store.tables import LogLevelRow

pytestmark = pytest.mark.anyio

JUDGE = logging.getLogger("promptdock.judge")
ROUTING = logging.getLogger("promptdock.routing")


@pytest.fixture
def sync() -> Iterator[LogSync]:
    sync = LogSync({"promptdock.judge": "info"})
    yield sync
    sync.close()
    assert (JUDGE.level, ROUTING.level) == (logging.NOTSET, logging.NOTSET)


async def store(database: Database, **levels: str) -> None:
    for name, level in levels.items():
        await database.write(partial(put_log_level, component=f"promptdock.{name}", level=level))


async def test_t101_what_is_stored_wins_and_what_is_dropped_falls_back(database: Database, sync: LogSync) -> None:
    await store(database, judge="debug", routing="warning")
    await sync.refresh(database)
    assert (JUDGE.level, ROUTING.level) == (logging.DEBUG, logging.WARNING)

    await store(database, judge="warning")
    for name in ("routing", "routing"):
        await database.write(partial(drop_log_level, component=f"promptdock.{name}"))
    await sync.refresh(database)
    assert (JUDGE.level, ROUTING.level) == (logging.WARNING, logging.NOTSET)

    await database.write(partial(drop_log_level, component="promptdock.judge"))
    await sync.refresh(database)
    assert JUDGE.level == logging.INFO
    assert await database.read(log_levels) == []


async def test_a_level_that_this_version_does_not_know_is_passed_over(
    database: Database, sync: LogSync, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told once, and the others count."""

    async def work(session: AsyncSession) -> None:
        session.add_all([LogLevelRow(component="promptdock.a", level="loud"), LogLevelRow(component="x", level="info")])

    await database.write(work)
    await store(database, routing="debug")
    await sync.refresh(database)
    await sync.refresh(database)

    assert ROUTING.level == logging.DEBUG
    assert len([record for record in caplog.records if "is passed over" in record.message]) == 2


async def test_a_dock_follows_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At start and from then on, now and then."""
    monkeypatch.setattr("promptdock.prompts.dock._SWEEP_SECONDS", 0.01)
    settings = Settings(home=tmp_path, plugins_allow=("offline",))
    async with open_dock(settings) as dock:
        await store(dock.database, judge="debug")
        async with asyncio.timeout(20):
            while JUDGE.level != logging.DEBUG:
                await asyncio.sleep(0.01)
    assert JUDGE.level == logging.NOTSET
    monkeypatch.setattr("promptdock.prompts.dock._SWEEP_SECONDS", 60)
    async with open_dock(settings):
        assert JUDGE.level == logging.DEBUG
