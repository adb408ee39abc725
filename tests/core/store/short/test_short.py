"""Transactions on the short way: all or nothing each, however many share a commit."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import URL, bindparam, delete, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from promptdock.errors import NotFound
from promptdock.ids import new_id
from promptdock.settings import Settings
from promptdock.store.database import Database, StoreUnavailable
from promptdock.store.migrating import upgrade
from promptdock.store.short import SessionTransaction, Taken, Transaction
from promptdock.store.short.sqlite_connection import SqliteConnection
from promptdock.store.tables import Fact, TurnRow
from promptdock.store.types import utc_now
from promptdock.store.urls import database_url as url_of

if TYPE_CHECKING:
    from sqlalchemy.sql.base import Executable

pytestmark = pytest.mark.anyio

Write = Callable[[Callable[[Transaction], Coroutine[Any, Any, Any]]], Awaitable[Any]]


def all_facts() -> Executable:
    return select(Fact.name, Fact.value).order_by(Fact.name)


def value_of_count() -> Executable:
    return select(Fact.value).where(col(Fact.name) == "count").with_for_update()


def set_count() -> Executable:
    return update(Fact).where(col(Fact.name) == "count").values(value=bindparam("new_value"))


def removed() -> Executable:
    return delete(Fact).where(col(Fact.name) == bindparam("fact"))


async def facts(database: Database) -> dict[str, str]:
    return dict(await database.read_short(lambda transaction: transaction.rows(all_facts)))


async def add(transaction: Transaction, *names: str) -> None:
    await transaction.insert(Fact, [{"name": name, "value": ""} for name in names])


@pytest.fixture(params=["short", "session"])
def write(request: pytest.FixtureRequest, database: Database) -> Write:
    """Both ways to a transaction that offers the same."""
    if request.param == "short":
        return database.write_short

    async def in_session(work: Callable[[Transaction], Coroutine[Any, Any, Any]]) -> Any:
        async def within(session: AsyncSession) -> Any:
            return await work(SessionTransaction(session))

        return await database.write(within)

    return in_session


async def test_what_is_written_is_read(database: Database, write: Write) -> None:
    await write(lambda transaction: add(transaction, "a", "b"))

    assert await facts(database) == {"a": "", "b": ""}
    assert await database.peek(lambda transaction: transaction.rows(all_facts)) == [("a", ""), ("b", "")]


async def test_a_change_tells_how_many_rows_there_were(database: Database, write: Write) -> None:
    await write(lambda transaction: add(transaction, "a"))

    assert await write(lambda transaction: transaction.run(removed, fact="a")) == 1
    assert await write(lambda transaction: transaction.run(removed, fact="a")) == 0


async def test_what_is_left_out_has_its_default_and_what_is_stored_comes_back(database: Database, write: Write) -> None:
    worker = new_id()
    row: dict[str, Any] = {"worker_id": worker, "request_id": "r", "state": "running", "provider": "p", "model": "m"}
    decisions = [{"reason": "\0 and ü"}]
    before = utc_now()
    await write(lambda transaction: transaction.insert(TurnRow, [{**row, "decisions": decisions}]))

    names = ("id", "created_at", "worker_id", "decisions", "error", "number")
    columns: Any = [getattr(TurnRow, name) for name in names]
    found = await database.read_short(lambda transaction: transaction.rows(select(*columns)))

    [(row_id, created_at, worker_id, kept, error, number)] = found
    assert isinstance(row_id, UUID)
    assert before <= created_at <= utc_now()
    assert (worker_id, kept, error, number) == (worker, decisions, None, 0)


async def test_what_is_there_already_is_said_or_left_out(database: Database, write: Write) -> None:
    await write(lambda transaction: add(transaction, "a"))

    with pytest.raises(Taken):
        await write(lambda transaction: add(transaction, "b", "a"))
    assert await facts(database) == {"a": ""}

    rows = [{"name": name, "value": "new"} for name in ("a", "b")]
    await write(lambda transaction: transaction.insert(Fact, rows, unless_there=True))
    assert await facts(database) == {"a": "", "b": "new"}


async def test_one_that_fails_takes_no_other_with_it(database: Database) -> None:
    async def fails(transaction: Transaction) -> None:
        await add(transaction, "never")
        raise NotFound("no")

    async def adds(number: int) -> None:
        await database.write_short(lambda transaction: add(transaction, f"fact {number:02}"))

    done = await asyncio.gather(
        *(adds(number) for number in range(10)),
        database.write_short(fails),
        database.write_short(lambda transaction: add(transaction, "fact 03")),
        *(adds(number) for number in range(10, 20)),
        return_exceptions=True,
    )

    assert {type(one) for one in done if one is not None} == {NotFound, Taken}
    assert len([one for one in done if one is not None]) == 2
    assert set(await facts(database)) == {f"fact {number:02}" for number in range(20)}


async def test_many_at_once_lose_no_update(database: Database) -> None:
    """Not with others of their kind, not with transactions of the other way, not with other processes."""
    other = Database(database.url)
    await database.write_short(lambda transaction: transaction.insert(Fact, [{"name": "count", "value": "0"}]))

    async def count(transaction: Transaction) -> None:
        [(value,)] = await transaction.rows(value_of_count)
        assert await transaction.run(set_count, new_value=str(int(value) + 1)) == 1

    async def in_session(session: AsyncSession) -> None:
        await count(SessionTransaction(session))

    try:
        await asyncio.gather(
            *(db.write_short(count) for db in (database, other) for _ in range(20)),
            *(db.write(in_session) for db in (database, other) for _ in range(5)),
        )
    finally:
        await other.aclose()

    assert await facts(database) == {"count": "50"}


async def test_who_is_told_of_a_success_finds_it_stored(database: Database) -> None:
    other = Database(database.url)
    try:
        for number in range(5):
            await database.write_short(lambda transaction, name=f"{number}": add(transaction, name))  # type: ignore[misc]
            assert len(await facts(other)) == number + 1
    finally:
        await other.aclose()


async def test_a_transaction_is_finished_although_nobody_waits_for_it(database: Database) -> None:
    waiting = asyncio.ensure_future(database.write_short(lambda transaction: add(transaction, "a")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await database.aclose()

    reopened = Database(database.url)
    assert await facts(reopened) == {"a": ""}
    await reopened.aclose()


async def test_whoever_waits_hears_of_the_commit_though_an_observer_breaks(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise OSError("no space left")

    async def work(transaction: Transaction) -> str:
        await transaction.insert(Fact, [{"name": str(new_id()), "value": "v"}])
        return "stored"

    database.observe = broken
    assert await asyncio.gather(*[database.write_short(work) for _ in range(4)]) == ["stored"] * 4
    assert caplog.messages.count("A transaction could not be told of") == 4


async def test_each_transaction_is_observed_also_one_that_nobody_waits_for(database: Database) -> None:
    seen: list[tuple[str, str]] = []
    database.observe = lambda kind, outcome, _seconds, _waited: seen.append((kind, outcome))

    async def fails(transaction: Transaction) -> None:
        await add(transaction, "never")
        raise NotFound("no")

    await database.write_short(lambda transaction: add(transaction, "a"))
    with pytest.raises(NotFound):
        await database.write_short(fails)
    for left in (database.write_short(fails), database.write_short(lambda transaction: add(transaction, "b"))):
        left.cancel()
    await database.aclose()

    assert sorted(seen) == [("group", "failed")] * 2 + [("group", "ok")] * 2


@pytest.fixture
async def file(tmp_path: Path) -> AsyncIterator[Database]:
    """A SQLite file."""
    opened = Database(URL.create("sqlite+aiosqlite", database=str(tmp_path / "file.db")))
    await upgrade(opened)
    yield opened
    await opened.aclose()


async def test_a_reader_who_leaves_is_in_nobodys_way(file: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that reads for it goes on."""
    read = SqliteConnection.read

    def slow(self: SqliteConnection, work: Any) -> Any:
        time.sleep(0.1)
        return read(self, work)

    monkeypatch.setattr(SqliteConnection, "read", slow)
    for _ in range(3):
        leaving = asyncio.create_task(facts(file))
        await asyncio.sleep(0.02)
        leaving.cancel()
        assert await facts(file) == {}
        with pytest.raises(asyncio.CancelledError):
            await leaving


async def test_another_process_is_waited_for_on_every_way(file: Database) -> None:
    await file.write_short(lambda transaction: add(transaction, "a"))
    path = str(file.url.database)
    for way in (file.write_short, file.read_short, file.peek):
        fresh = Database(file.url)
        other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # nobody else may have it open: so it is while the last one closes it, or the first one repairs it
        await file.aclose()
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        asking = asyncio.ensure_future(getattr(fresh, way.__name__)(lambda transaction: transaction.rows(all_facts)))
        await asyncio.sleep(0.3)
        assert not asking.done()
        other.close()
        assert await asking == [("a", "")]
        await fresh.aclose()


async def test_readers_do_not_write(file: Database) -> None:
    for read in (file.read_short, file.peek):
        with pytest.raises(StoreUnavailable):
            await read(lambda transaction: add(transaction, "a"))
    assert await facts(file) == {}


async def test_a_transaction_that_awaits_something_else_is_a_defect_that_says_so(file: Database) -> None:
    async def dawdles(transaction: Transaction) -> None:
        await add(transaction, "a")
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="awaited something else"):
        await file.write_short(dawdles)
    assert await facts(file) == {}


async def test_a_statement_is_made_once_for_each_function_that_makes_it(database: Database) -> None:
    made: list[Executable] = []

    def counting() -> Executable:
        made.append(select(func.count(col(Fact.name))))
        return made[-1]

    for _ in range(3):
        assert await database.read_short(lambda transaction: transaction.rows(counting)) == [(0,)]
        assert await database.peek(lambda transaction: transaction.rows(counting)) == [(0,)]
    assert len(made) == 1


@pytest.mark.parametrize("way", ["write_short", "read_short", "peek"])
@pytest.mark.parametrize("url", ["postgresql://somebody:geheim@127.0.0.1:9/nothing", "sqlite:////nowhere/at/all.db"])
async def test_a_database_that_cannot_be_reached_is_told_of_without_its_password(
    tmp_path: Path, url: str, way: str
) -> None:
    database = Database(url_of(Settings(home=tmp_path, database_url=SecretStr(url))))

    with pytest.raises(StoreUnavailable) as caught:
        await getattr(database, way)(lambda transaction: transaction.rows(all_facts))

    assert caught.value.status == 503
    assert "geheim" not in str(caught.value)
    await database.aclose()


@pytest.mark.parametrize("way", ["write_short", "read_short", "peek"])
async def test_what_is_being_closed_is_not_used_any_more(file: Database, way: str) -> None:
    """A connection that is closed in one thread while another one uses it ends the process."""
    ask = getattr(file, way)
    assert await ask(lambda transaction: transaction.rows(all_facts)) == []
    closing = asyncio.create_task(file.aclose())
    await asyncio.sleep(0)
    with pytest.raises(sqlite3.ProgrammingError, match="the database is closed"):
        await ask(lambda transaction: transaction.rows(all_facts))
    await closing
    assert [one.name for one in threading.enumerate() if one.name.startswith("promptdock-sqlite")] == []
