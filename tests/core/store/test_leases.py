"""Workers know of each other who lives: also when the database was away, and when a worker ended as it should."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import asyncpg
import pytest
from sqlmodel import delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from promptdock.ids import new_id
from promptdock.store.database import Database
from promptdock.store.leases import enlist, take_lease
from promptdock.store.recovery import recover
from promptdock.store.tables import TurnRow, WorkerRow
from promptdock.store.types import utc_now
from tests.support.databases import Postgres
from tests.support.schemas import database_at


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Database]:
    """What another process has: an engine of its own on the same database."""
    opened = database_at(database_url)
    yield opened
    await opened.aclose()


async def running_turn(database: Database, worker_id: UUID) -> TurnRow:
    row = TurnRow(worker_id=worker_id, request_id="r", state="running", provider="p", model="m")

    async def work(session: AsyncSession) -> None:
        session.add(row)

    await database.write(work)
    return row


async def state_of(database: Database, turn: TurnRow) -> str:
    async def work(session: AsyncSession) -> str:
        return (await session.exec(select(TurnRow.state).where(TurnRow.id == turn.id))).one()

    return await database.read(work)


async def workers(database: Database) -> set[object]:
    async def work(session: AsyncSession) -> set[object]:
        return set((await session.exec(select(WorkerRow.id))).all())

    return await database.read(work)


@pytest.mark.anyio
async def test_a_worker_is_enlisted_once_with_where_it_runs(database: Database) -> None:
    async def rows(session: AsyncSession) -> list[WorkerRow]:
        return list((await session.exec(select(WorkerRow))).all())

    lease = await take_lease(database)
    (first,) = await database.read(rows)
    await database.write(lambda session: enlist(session, lease.worker_id))
    await lease.aclose()

    assert await database.read(rows) == [first]
    assert (first.id, first.host, first.pid) == (lease.worker_id, socket.gethostname()[:255], os.getpid())
    assert abs((utc_now() - first.created_at).total_seconds()) < 60


@pytest.mark.anyio
async def test_a_worker_that_let_go_is_dead_and_one_that_holds_on_lives(database: Database, other: Database) -> None:
    ours, theirs = await take_lease(database), await take_lease(other)
    ids = [ours.worker_id, theirs.worker_id]
    living, turn = await running_turn(database, theirs.worker_id), await running_turn(database, new_id())
    assert await ours.dead(ids) == await theirs.dead(ids) == frozenset()
    assert await recover(database, ours) == 0

    await theirs.aclose()

    assert await ours.dead(ids) == {theirs.worker_id}
    assert await recover(database, ours) == 1
    assert await state_of(database, living) == "interrupted"
    assert await state_of(database, turn) == "running", "nobody knows its worker"
    assert await workers(database) == {ours.worker_id}
    await ours.aclose()


@pytest.fixture
def postgres_url(postgres: Postgres | None) -> Iterator[str]:
    """A database on PostgreSQL, where locks go with connections; those of SQLite's workers are files."""
    if postgres is None:
        pytest.skip("no PostgreSQL: set PROMPTDOCK_TEST_POSTGRES_URL, or install its server")
    with postgres.database() as url:
        yield url


@pytest.mark.anyio
async def test_a_worker_that_lost_its_connections_still_lives(postgres_url: str) -> None:
    ours, theirs = database_at(postgres_url), database_at(postgres_url)
    our_lease, their_lease = await take_lease(ours), await take_lease(theirs)
    turn = await running_turn(theirs, their_lease.worker_id)
    connection = await asyncpg.connect(postgres_url)
    for _ in range(3):
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert sum(await asyncio.gather(recover(ours, our_lease), recover(theirs, their_lease))) == 0
    await connection.close()
    assert await state_of(ours, turn) == "running"
    assert await workers(ours) == {our_lease.worker_id, their_lease.worker_id}
    for lease, database in ((our_lease, ours), (their_lease, theirs)):
        await lease.aclose()
        await database.aclose()


@pytest.mark.anyio
async def test_a_worker_that_was_taken_for_dead_makes_itself_known_again(database: Database, other: Database) -> None:
    """So that what it runs from then on is found when it really dies."""
    ours, theirs = await take_lease(database), await take_lease(other)

    async def forget(session: AsyncSession) -> None:
        await session.exec(delete(WorkerRow).where(WorkerRow.id == theirs.worker_id))  # type: ignore[arg-type]

    await database.write(forget)
    await recover(other, theirs)
    turn = await running_turn(other, theirs.worker_id)
    await theirs.aclose()
    assert await recover(database, ours) == 1
    assert await state_of(database, turn) == "interrupted"
    await ours.aclose()
