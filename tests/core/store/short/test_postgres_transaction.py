"""A transaction of PostgreSQL's asks the server as seldom as it can, and means the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr
from sqlalchemy import URL, bindparam, update
from sqlmodel import col, select

from promptdock.ids import new_id
from promptdock.settings import Settings
from promptdock.store.database import Database
from promptdock.store.engine import make_engine
from promptdock.store.short import Taken, Transaction
from promptdock.store.short.postgres_transaction import NeverBegun, PostgresTransaction, Unanswered
from promptdock.store.short.prepared import Preparations
from promptdock.store.tables import Fact, MessageRow, TurnRow
from promptdock.store.urls import database_url as url_of

pytestmark = pytest.mark.anyio


class Asked:
    """A connection, and what was sent on it."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.preparations = Preparations(make_engine(URL.create("postgresql+asyncpg", database="nothing")).dialect)
        self.statements: list[str] = []
        connection.add_query_logger(self.note)

    def note(self, query: Any) -> None:
        if not query.query.startswith("\n"):  # the driver's own, with which it asks once what a type is
            self.statements.append(query.query)

    def begin(self) -> PostgresTransaction:
        return PostgresTransaction(self.connection, self.preparations)

    async def facts(self) -> dict[str, str]:
        return dict(await self.connection.fetch("SELECT name, value FROM facts"))


@pytest.fixture
async def asked(postgres_url: str) -> AsyncIterator[Asked]:
    connection: Any = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    yield Asked(connection)
    await connection.close()


def changed() -> Any:
    return update(Fact).where(col(Fact.name) == bindparam("fact")).values(value=bindparam("new_value"))


def turn(**columns: Any) -> dict[str, Any]:
    return {"worker_id": None, "request_id": "r", "state": "done", "provider": "p", "model": "m", **columns}


def facts(*names: str) -> list[dict[str, str]]:
    return [{"name": name, "value": "first"} for name in names]


async def test_what_only_adds_rows_is_one_statement(asked: Asked) -> None:
    transaction = asked.begin()
    await transaction.insert(Fact, facts("a", "b", "c"))
    await transaction.insert(Fact, facts("d"))
    await transaction.insert(Fact, [])
    await transaction.insert(Fact, facts("e", "f"))
    await transaction.commit()

    assert len(asked.statements) == 1
    assert await asked.facts() == dict.fromkeys("abcdef", "first")


async def test_a_row_and_those_that_belong_to_it_are_added_together(asked: Asked) -> None:
    transaction = asked.begin()
    made = turn(id=new_id(), worker_id=new_id())
    rows = [
        {"turn_id": made["id"], "session_id": None, "position": place, "role": "user", "body": {"content": text}}
        for place, text in enumerate(["\0", "ü", "x" * 100_000])
    ]
    await transaction.insert(TurnRow, [made])
    await transaction.insert(MessageRow, rows)
    await transaction.commit()

    assert len(asked.statements) == 1
    reading = asked.begin()
    found = await reading.rows(lambda: select(MessageRow.body, MessageRow.turn_id).order_by(col(MessageRow.position)))
    await reading.roll_back()
    assert found == [(row["body"], made["id"]) for row in rows]


async def test_what_was_added_is_there_for_what_comes_after_it(asked: Asked) -> None:
    transaction = asked.begin()
    await transaction.insert(Fact, facts("a"))
    assert await transaction.run(changed, fact="a", new_value="second") == 1
    await transaction.insert(Fact, facts("b"))
    await transaction.commit()

    assert await asked.facts() == {"a": "second", "b": "first"}
    assert [one.partition(" ")[0] for one in asked.statements[:5]] == ["BEGIN", "INSERT", "UPDATE", "INSERT", "COMMIT"]


async def test_nothing_is_left_of_one_that_is_undone(asked: Asked) -> None:
    for begins in (True, False):
        transaction = asked.begin()
        await transaction.insert(Fact, facts("a"))
        if begins:
            await transaction.run(changed, fact="a", new_value="second")
        await transaction.roll_back()
        assert await asked.facts() == {}


@pytest.mark.parametrize("begins", [False, True])
async def test_a_row_that_is_there_already_is_said_or_left_out(asked: Asked, begins: bool) -> None:
    await asked.connection.execute("INSERT INTO facts (name, value) VALUES ('a', 'old')")
    transaction = asked.begin()
    if begins:
        await transaction.run(changed, fact="nothing", new_value="")
    await transaction.insert(Fact, facts("b", "c"))
    await transaction.insert(Fact, facts("a"))
    with pytest.raises(Taken):
        await transaction.commit()
    await transaction.roll_back()
    assert await asked.facts() == {"a": "old"}

    transaction = asked.begin()
    await transaction.insert(Fact, facts("a", "b", "b"), unless_there=True)
    await transaction.insert(Fact, facts("c"))
    await transaction.commit()
    assert await asked.facts() == {"a": "old", "b": "first", "c": "first"}


async def test_a_connection_that_was_closed_was_never_begun_on(asked: Asked) -> None:
    await asked.connection.close()
    transaction = asked.begin()
    await transaction.insert(Fact, facts("a"))
    with pytest.raises(NeverBegun):
        await transaction.run(changed, fact="a", new_value="")


@pytest.mark.parametrize("was_added", [False, True])
async def test_rows_of_which_nobody_knows_whether_they_were_added_are_there_once(
    asked: Asked, postgres_url: str, was_added: bool
) -> None:
    other: Any = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    transaction = asked.begin()
    made = turn(worker_id=new_id())
    await transaction.insert(TurnRow, [made])
    await transaction.insert(Fact, facts("a", "b"), unless_there=True)
    execute = asked.connection.execute

    class Lossy:
        """Loses the connection before the statement is carried out, or before that is told."""

        async def execute(self, *statement: Any) -> None:
            if was_added:
                await execute(*statement)
            raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")

    transaction._connection = Lossy()
    with pytest.raises(Unanswered) as caught:
        await transaction.commit()
    for _ in range(2):
        await caught.value.repeat(other)
    assert await asked.connection.fetchval("SELECT count(*) FROM turns") == 1
    assert await asked.facts() == {"a": "first", "b": "first"}
    await other.close()


async def test_rows_without_ids_are_not_sent_again(asked: Asked) -> None:
    await asked.connection.close()
    transaction = asked.begin()
    await transaction.insert(TurnRow, [turn(worker_id=new_id())])
    await transaction.insert(Fact, facts("a"))
    with pytest.raises(asyncpg.InterfaceError):
        await transaction.commit()


async def test_another_row_that_is_there_is_said_then_too(asked: Asked) -> None:
    await asked.connection.execute("INSERT INTO facts (name, value) VALUES ('a', 'old')")
    sql = "INSERT INTO facts (name, value) VALUES ($1, $2)"
    with pytest.raises(Taken):
        await Unanswered(sql, ["a", ""], None).repeat(asked.connection)
    with pytest.raises(Taken):
        await Unanswered(sql, ["a", ""], ("SELECT 1 FROM turns WHERE id = $1", new_id())).repeat(asked.connection)


async def test_rows_that_are_there_are_known_by_their_ids_whichever_rule_they_break(asked: Asked) -> None:
    """The server names the first one that it looks at, and that is another one once an index was made anew."""
    await asked.connection.execute("CREATE UNIQUE INDEX uq_looked_at_first ON turns (request_id)")
    await asked.connection.execute("REINDEX INDEX CONCURRENTLY pk_turns")
    transaction = asked.begin()
    await transaction.insert(TurnRow, [turn(worker_id=new_id())])
    execute = asked.connection.execute

    class Lossy:
        """Loses the connection before it is told that the rows are there."""

        async def execute(self, *statement: Any) -> None:
            await execute(*statement)
            raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")

    transaction._connection = Lossy()
    with pytest.raises(Unanswered) as caught:
        await transaction.commit()
    await caught.value.repeat(asked.connection)
    assert await asked.connection.fetchval("SELECT count(*) FROM turns") == 1


async def test_a_failure_that_is_swallowed_is_no_success(asked: Asked) -> None:
    transaction = asked.begin()
    await transaction.rows(lambda: select(TurnRow.id))
    await transaction.insert(TurnRow, [turn(request_id="r" * 100, worker_id=new_id())])
    with pytest.raises(asyncpg.StringDataRightTruncationError):
        await transaction.rows(lambda: select(TurnRow.id))
    with pytest.raises(RuntimeError, match="nothing was stored"):
        await transaction.commit()


async def test_values_that_do_not_fit_are_refused_and_not_cut(asked: Asked) -> None:
    for rows in ([turn(request_id="r" * 100)], [turn(request_id="r" * 100), turn()]):
        transaction = asked.begin()
        await transaction.insert(TurnRow, [{**row, "worker_id": "0" * 32} for row in rows])
        with pytest.raises(asyncpg.StringDataRightTruncationError):
            await transaction.commit()


@pytest.mark.parametrize("changes", [False, True])
async def test_connections_that_the_server_closed_are_not_noticed_by_those_who_write(
    asked: Asked, postgres_url: str, changes: bool
) -> None:
    """For one transaction that only adds rows, and for one that also does something else."""
    database = Database(url_of(Settings(database_url=SecretStr(postgres_url))))

    async def work(transaction: Transaction) -> None:
        await transaction.insert(TurnRow, [turn(worker_id=new_id())])
        if changes:
            assert await transaction.run(changed, fact="nothing", new_value="") == 0

    for _ in range(20):
        await database.write_short(work)
        await asked.connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await database.write_short(work)
    await database.aclose()
    assert await asked.connection.fetchval("SELECT count(*) FROM turns") == 40
