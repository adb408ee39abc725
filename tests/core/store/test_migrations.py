"""One history of revisions: for new databases, for those of earlier versions, and for many processes at once."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.operations import BatchOperations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from promptdock.errors import ConfigurationError
from promptdock.store import tables
from promptdock.store.database import Database
from promptdock.store.migrating import head_revision, schema_status, upgrade
from promptdock.store.tables import Table
from tests.support.databases import Postgres
from tests.support.schemas import database_at, load, revisions


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path, postgres: Postgres | None) -> Iterator[str]:
    """The URL of a database in which there is nothing yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    if postgres is None:
        pytest.skip("no PostgreSQL: set PROMPTDOCK_TEST_POSTGRES_URL, or install its server")
    with postgres.database(migrated=False) as url:
        yield url


@pytest.fixture
async def empty(empty_url: str) -> AsyncIterator[Database]:
    """A database in which there is nothing yet."""
    opened = database_at(empty_url)
    yield opened
    await opened.aclose()


async def run(database: Database, statement: str) -> None:
    async def work(session: AsyncSession) -> None:
        await (await session.connection()).execute(text(statement))

    await database.write(work)


async def all_rows(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Everything that is in a database, as its driver gives it."""

    async def work(session: AsyncSession) -> dict[str, list[dict[str, Any]]]:
        connection = await session.connection()
        names = await connection.run_sync(lambda bound: inspect(bound).get_table_names())
        found = {name: (await connection.execute(text(f'SELECT * FROM "{name}"'))).mappings() for name in names}
        return {name: sorted(map(dict, rows), key=str) for name, rows in found.items() if name != "alembic_version"}

    return await database.read(work)


@pytest.mark.anyio
async def test_a_new_database_has_exactly_the_tables_of_this_version(empty: Database) -> None:
    """What ``alembic check`` tells: a column that somebody forgot to migrate is found here."""
    assert (await schema_status(empty)).current is None
    assert not (await schema_status(empty)).is_current
    assert await upgrade(empty) is None
    status = await schema_status(empty)
    assert status.differences == ()
    assert status.is_current
    assert await upgrade(empty) == status.head, "a second time there is nothing to do"


@pytest.mark.anyio
@pytest.mark.parametrize(
    "drift",
    [
        "ALTER TABLE accounts ADD COLUMN shoe_size INTEGER",
        "ALTER TABLE turns DROP COLUMN dropped",
        "DROP INDEX ix_turns_session_id_number",
        "CREATE TABLE further (id INTEGER PRIMARY KEY)",
    ],
)
async def test_what_differs_is_seen(database: Database, drift: str) -> None:
    await run(database, drift)
    status = await schema_status(database)
    assert not status.is_current
    assert len(status.differences) == 1


@pytest.mark.anyio
async def test_indexes_leave_out_the_rows_that_they_are_meant_to(database: Database) -> None:
    """Alembic compares their columns only."""

    def partial(bound: Connection) -> dict[str, str]:
        found = [index for name in Table.metadata.tables for index in inspect(bound).get_indexes(name)]
        told = {str(index["name"]): index["dialect_options"] for index in found}
        key = f"{bound.dialect.name}_where"
        return {name: _plain(options[key]) for name, options in told.items() if key in options}

    async def work(session: AsyncSession) -> dict[str, str]:
        return await (await session.connection()).run_sync(partial)

    assert await database.read(work) == {
        str(index.name): _plain(index.dialect_options["sqlite"]["where"])
        for table in Table.metadata.tables.values()
        for index in table.indexes
        if index.dialect_options["sqlite"]["where"] is not None
    }


def _plain(condition: object) -> str:
    """Without what PostgreSQL adds to it."""
    return re.sub(r"::\w+|[()]", "", str(condition))


@pytest.mark.anyio
async def test_processes_that_start_together_upgrade_once(empty_url: str) -> None:
    databases = [database_at(empty_url) for _ in range(6)]
    try:
        before = await asyncio.gather(*map(upgrade, databases))
        status = await schema_status(databases[0])
    finally:
        await asyncio.gather(*(database.aclose() for database in databases))
    assert status.is_current
    assert sorted(map(str, before)) == sorted(["None", *[status.head] * 5])


@pytest.mark.slow
@pytest.mark.anyio
async def test_commands_that_start_together_upgrade_once(empty_url: str, tmp_path: Path) -> None:
    """The same for processes of their own."""
    env = {"PROMPTDOCK_DATABASE_URL": empty_url, "PROMPTDOCK_HOME": str(tmp_path), "PYTHONWARNINGS": "error"}
    argv = [sys.executable, "-m", "promptdock", "db", "upgrade"]
    pipe = subprocess.PIPE
    started = [subprocess.Popen(argv, env=env, cwd=tmp_path, stdout=pipe, stderr=pipe, text=True) for _ in range(4)]
    ended = [await asyncio.to_thread(process.communicate, timeout=60) for process in started]
    assert [process.returncode for process in started] == [0] * 4, ended
    database = database_at(empty_url)
    try:
        assert (await schema_status(database)).is_current
    finally:
        await database.aclose()


@pytest.mark.anyio
@pytest.mark.parametrize("revision", revisions())
async def test_a_database_of_an_earlier_version_is_upgraded_with_all_its_rows(
    empty_url: str, empty: Database, revision: str
) -> None:
    await load(empty_url, revision)
    before = await all_rows(empty)
    assert before
    assert {len(rows) for rows in before.values()} == {2}

    assert await upgrade(empty) == revision

    status = await schema_status(empty)
    assert status.differences == ()
    assert status.is_current
    after = await all_rows(empty)
    for name, rows in before.items():
        kept = rows[0].keys() & after[name][0].keys()
        assert sorted(({column: row[column] for column in kept} for row in after[name]), key=str) == sorted(
            ({column: row[column] for column in kept} for row in rows), key=str
        )
    await every_row_can_be_read(empty, before.keys())


async def every_row_can_be_read(database: Database, names: Iterable[str]) -> None:
    """As this version reads it: times are aware, JSON is JSON."""
    mapped = {
        kind.__tablename__: kind for name in tables.__all__ if hasattr(kind := getattr(tables, name), "__table__")
    }

    async def work(session: AsyncSession) -> None:
        for name in mapped.keys() & set(names):
            rows = (await session.exec(select(mapped[name]))).all()
            assert len(rows) == 2
            created = [row.created_at for row in rows if hasattr(row, "created_at")]
            assert all(at.tzinfo is not None for at in created)

    await database.read(work)


def test_the_newest_file_is_alembics_head() -> None:
    """A start compares a database with it, and asks Alembic only when they differ."""
    config = Config()
    config.set_main_option("script_location", "promptdock.store:migrations")
    config.set_main_option("path_separator", "os")
    assert head_revision() == ScriptDirectory.from_config(config).get_current_head()


@pytest.mark.anyio
async def test_this_version_has_a_fixture(empty: Database) -> None:
    """``python -m tests.support.schemas`` writes it."""
    head = (await schema_status(empty)).head
    assert revisions()[-1] == head


@pytest.mark.anyio
async def test_a_database_of_a_later_version_is_refused_and_left_alone(database: Database) -> None:
    await run(database, "UPDATE alembic_version SET version_num = '9999'")
    before = await all_rows(database)
    with pytest.raises(ConfigurationError, match="'9999', which this version of promptdock lacks") as refused:
        await upgrade(database)
    assert refused.value.hint == "Install the version that made it, or a later one."
    assert await all_rows(database) == before
    assert (await schema_status(database)).current == "9999"


@pytest.mark.anyio
async def test_a_database_of_another_program_is_refused_and_left_alone(empty: Database) -> None:
    await run(empty, "CREATE TABLE users (id INTEGER PRIMARY KEY)")
    with pytest.raises(ConfigurationError, match="has tables of another program's: users"):
        await upgrade(empty)
    assert set(await all_rows(empty)) == {"users"}


@pytest.mark.anyio
async def test_an_upgrade_that_fails_leaves_nothing_behind(empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it did before is undone, on SQLite too."""
    monkeypatch.setattr(BatchOperations, "create_index", broken)
    with pytest.raises(ZeroDivisionError):
        await upgrade(empty)
    monkeypatch.undo()
    assert await all_rows(empty) == {}
    assert (await schema_status(empty)).current is None
    assert await upgrade(empty) is None
    assert (await schema_status(empty)).is_current


def broken(*_: object, **__: object) -> None:
    raise ZeroDivisionError
