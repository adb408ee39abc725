"""Transactions: all or nothing, one after the other, never cut off in the middle."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Executable, Text, cast, func, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from promptdock.errors import NotFound
from promptdock.settings import Settings
from promptdock.store.database import Database, StoreUnavailable
from promptdock.store.leases import take_lease
from promptdock.store.migrating import head_revision, upgrade
from promptdock.store.short import Transaction
from promptdock.store.sqlite_files import prepare_file
from promptdock.store.tables import Fact
from promptdock.store.urls import database_url as url_of

pytestmark = pytest.mark.anyio


async def facts(database: Database) -> dict[str, str]:
    async def work(session: AsyncSession) -> dict[str, str]:
        return {fact.name: fact.value for fact in (await session.exec(select(Fact))).all()}

    return await database.read(work)


async def test_what_is_written_is_read(database: Database) -> None:
    async def work(session: AsyncSession) -> None:
        session.add(Fact(name="colour", value="blue"))

    await database.write(work)

    assert await facts(database) == {"colour": "blue"}


async def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    async def work(session: AsyncSession) -> None:
        session.add(Fact(name="colour", value="blue"))
        await session.flush()
        raise NotFound("no")

    with pytest.raises(NotFound):
        await database.write(work)

    assert await facts(database) == {}


async def test_what_the_database_refuses_is_no_part_of_the_error(database: Database) -> None:
    """Errors are logged, and what people say is not."""

    async def work(session: AsyncSession) -> None:
        session.add_all([Fact(name="colour", value="nobody's business"), Fact(name="colour", value="ours alone")])

    with pytest.raises(IntegrityError) as refused:
        await database.write(work)

    assert "INSERT INTO facts" in str(refused.value)
    assert "business" not in str(refused.value)
    assert "alone" not in str(refused.value)


async def test_a_transaction_is_finished_although_nobody_waits_for_it(database: Database) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def work(session: AsyncSession) -> None:
        begun.set()
        await go_on.wait()
        session.add(Fact(name="colour", value="blue"))

    waiting = asyncio.create_task(database.write(work))
    await begun.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go_on.set()
    await database.aclose()

    assert await facts(database) == {"colour": "blue"}


async def test_writers_that_read_first_lose_no_update(database: Database) -> None:
    async def start(session: AsyncSession) -> None:
        session.add(Fact(name="count", value="0"))

    async def count(session: AsyncSession) -> None:
        fact = (await session.exec(select(Fact).where(Fact.name == "count").with_for_update())).one()
        await asyncio.sleep(0)
        fact.value = str(int(fact.value) + 1)

    await database.write(start)
    await asyncio.gather(*(database.write(count) for _ in range(40)))

    assert await facts(database) == {"count": "40"}


async def test_two_processes_worth_of_engines_lose_no_update(database: Database, database_url: str) -> None:
    other = Database(url_of(Settings(database_url=SecretStr(database_url))))

    async def add(session: AsyncSession) -> None:
        number = (await session.exec(select(func.count()).select_from(Fact))).one()
        await asyncio.sleep(0)
        session.add(Fact(name=f"fact-{number}-{id(session)}", value=""))

    try:
        await asyncio.gather(*(db.write(add) for db in (database, other) for _ in range(20)))
    finally:
        await other.aclose()

    assert len(await facts(database)) == 40


async def test_a_worker_takes_few_of_the_connections_that_postgresql_has(postgres_url: str) -> None:
    """However many ask at once, those with a session and those on the short way."""
    database = Database(url_of(Settings(database_url=SecretStr(postgres_url))))

    async def work(session: AsyncSession) -> None:
        await (await session.connection()).execute(text("SELECT pg_sleep(0.02)"))

    async def short(transaction: Transaction) -> None:
        await transaction.rows(sleep)

    async def all_open(session: AsyncSession) -> int:
        counting = text(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND backend_type = 'client backend'"
        )
        return int((await (await session.connection()).execute(counting)).scalar_one())

    lease = await take_lease(database)
    await asyncio.gather(*(database.read(work) for _ in range(40)), *(database.read_short(short) for _ in range(40)))
    assert await database.read(all_open) == 15
    await lease.aclose()
    await database.aclose()


def sleep() -> Executable:
    return select(func.length(cast(func.pg_sleep(0.02), Text)))


async def test_a_database_that_cannot_be_reached_is_told_of_without_its_password(tmp_path: Path) -> None:
    database = Database(
        url_of(Settings(home=tmp_path, database_url=SecretStr("postgresql://somebody:geheim@127.0.0.1:9/nothing")))
    )

    with pytest.raises(StoreUnavailable) as caught:
        await facts(database)

    assert caught.value.status == 503
    assert "geheim" not in str(caught.value)
    await database.aclose()


def test_a_new_file_is_waited_for_while_another_process_prepares_it(tmp_path: Path) -> None:
    """SQLite itself does not: who turns to a write-ahead log while somebody writes without one is told so at once."""
    path = tmp_path / "file.db"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(1) as pool:
            prepared = pool.submit(prepare_file, str(path))
            with pytest.raises(TimeoutError):
                prepared.result(0.2)
            other.execute("ROLLBACK")
            prepared.result(20)
        assert other.execute("PRAGMA journal_mode").fetchall() == [("wal",)]


def test_who_keeps_a_file_to_themselves_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "file.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            prepare_file(str(path), patience=0.2)
        assert 0.2 <= time.monotonic() - began < 4  # SQLite's own wait would be 5


async def test_those_who_wait_for_another_process_do_not_wait_for_each_other_besides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("promptdock.store.database.PATIENCE", 0.3)
    monkeypatch.setattr("promptdock.store.engine._BUSY_MS", 300)
    path = tmp_path / "file.db"
    database = Database(url_of(Settings(home=tmp_path, database_url=SecretStr(f"sqlite:///{path}"))))
    await upgrade(database)
    seen: list[str] = []
    database.observe = lambda kind, outcome, *_: seen.append(f"{kind} {outcome}")

    async def work(session: AsyncSession) -> None:
        session.add(Fact(name="colour", value="blue"))

    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        told = await asyncio.gather(*(database.write(work) for _ in range(20)), return_exceptions=True)
        assert {type(error) for error in told} == {StoreUnavailable}
        assert time.monotonic() - began < 4  # it would be 6 one after the other
        assert len(seen) == 20
        assert seen.count("write unavailable") >= 18  # of those who did not get so far as to be told by the file
    await database.write(work)
    await database.aclose()


async def test_many_that_open_a_new_file_together_all_get_it(tmp_path: Path) -> None:
    """As servers do that start together."""
    for number in range(4):
        url = url_of(Settings(home=tmp_path, database_url=SecretStr(f"sqlite:///{tmp_path}/{number}.db")))
        opened = [Database(url) for _ in range(4)]
        try:
            assert sorted(await asyncio.gather(*map(upgrade, opened)), key=str) == [head_revision()] * 3 + [None]
        finally:
            await asyncio.gather(*(database.aclose() for database in opened))


def locked() -> OperationalError:
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return OperationalError("SELECT 1", None, error)


async def test_a_reader_that_was_in_the_way_of_another_is_tried_again(database: Database) -> None:
    tries = []

    async def work(_: AsyncSession) -> str:
        tries.append(1)
        if len(tries) == 1:
            raise locked()
        return "read"

    assert await database.read(work) == "read"


@pytest.mark.parametrize("way", ["read", "write"])
async def test_who_stays_in_the_way_is_told_to_come_later(database: Database, way: str) -> None:
    async def work(_: AsyncSession) -> None:
        raise locked()

    with pytest.raises(StoreUnavailable):
        await getattr(database, way)(work)


@pytest.mark.parametrize("way", ["read", "write"])
async def test_who_waited_for_others_in_vain_does_not_wait_again(
    tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In SQLite, where waiting is all that can be done."""
    monkeypatch.setattr("promptdock.store.database.PATIENCE", 0.05)
    database = Database(url_of(Settings(home=tmp_path, database_url=SecretStr(f"sqlite:///{tmp_path}/file.db"))))
    tries = []

    async def work(_: AsyncSession) -> None:
        tries.append(1)
        await asyncio.sleep(0.1)
        raise locked()

    with pytest.raises(StoreUnavailable):
        await getattr(database, way)(work)
    assert len(tries) == 1
    await database.aclose()


@pytest.mark.parametrize("way", ["read", "write"])
async def test_what_an_error_says_of_what_callers_sent_is_no_reason_to_try_again(database: Database, way: str) -> None:
    tries = []

    async def work(_: AsyncSession) -> None:
        tries.append(1)
        raise NotFound("There is no LLM client 'database is locked' here.")

    with pytest.raises(NotFound):
        await getattr(database, way)(work)
    assert len(tries) == 1
