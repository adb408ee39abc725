"""Workers know of each other who lives: also when the database was away, and when a worker ended as it should."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr
from sqlmodel import delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from promptdock.ids import new_id
from promptdock.settings import Settings
from promptdock.store.database import Database
from promptdock.store.leases import take_lease
from promptdock.store.recovery import recover
from promptdock.store.tables import TurnRow, WorkerRow
from promptdock.store.urls import database_url as url_of


@pytest.fixture
async def other(database_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    """What another process has: an engine of its own on the same database."""
    opened = Database(url_of(Settings(home=tmp_path, database_url=SecretStr(database_url))))
    yield opened
    await opened.aclose()


async def running_turn(database: Database, worker_id: object) -> TurnRow:
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


@pytest.mark.anyio
async def test_a_worker_that_lost_its_connections_still_lives(
    database: Database, other: Database, database_url: str
) -> None:
    if database.is_sqlite:
        return  # its locks are files, which nobody takes away
    ours, theirs = await take_lease(database), await take_lease(other)
    turn = await running_turn(database, theirs.worker_id)
    connection = await asyncpg.connect(database_url)
    for _ in range(3):
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        marked = await asyncio.gather(recover(database, ours), recover(other, theirs))
        assert marked == [0, 0]
    await connection.close()
    assert await state_of(database, turn) == "running"
    assert await workers(database) == {ours.worker_id, theirs.worker_id}
    await ours.aclose()
    await theirs.aclose()


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
