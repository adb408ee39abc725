"""What is kept for a time goes after it, and nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from promptdock.ids import least_id
from promptdock.settings import Settings
from promptdock.store.database import Database
from promptdock.store.pruning import prune
from promptdock.store.tables import JournalRow, TurnLog, TurnRow
from promptdock.store.types import utc_now

pytestmark = pytest.mark.anyio


def _id_of(at: datetime) -> UUID:
    """As it was made then."""
    return UUID(int=least_id(int(at.timestamp() * 1000)).int | uuid4().int & (1 << 80) - 1)


async def _fill(session: AsyncSession) -> None:
    for hours in (1, 30, 80):
        at = utc_now() - timedelta(hours=hours)
        made = _id_of(at)
        turn = TurnRow(id=made, worker_id=uuid4(), request_id=f"r{hours}", state="finished", provider="p", model="m")
        session.add(turn)
        await session.flush()
        session.add(TurnLog(turn_id=turn.id, created_at=at))
        session.add(
            JournalRow(
                id=made,
                created_at=at,
                request_id=f"r{hours}",
                caller="ada",
                method="GET",
                path="/",
                command="get",
                thing="",
                status=200,
                ms=1.0,
            )
        )


async def _left(session: AsyncSession) -> tuple[int, int, set[str]]:
    turns, logs = (await session.exec(select(TurnRow))).all(), (await session.exec(select(TurnLog))).all()
    return len(turns), len(logs), {row.request_id for row in (await session.exec(select(JournalRow))).all()}


async def test_streams_are_forgotten_and_turns_and_the_journal_are_not(database: Database, tmp_path: Path) -> None:
    await database.write(_fill)

    assert await database.write(partial(prune, settings=Settings(home=tmp_path))) == 2

    assert await database.read(_left) == (3, 1, {"r1", "r30", "r80"})


async def test_what_was_made_just_before_the_moment_goes_and_what_was_made_after_it_stays(
    database: Database, tmp_path: Path
) -> None:
    """However long the turn took whose stream it is: the log's own time counts."""
    now = utc_now()

    async def fill(session: AsyncSession) -> None:
        for began, ended in ((30, 24.01), (30, 23.99), (24.01, 24.01), (23.99, 23.99)):
            turn_id = _id_of(now - timedelta(hours=began))
            session.add(
                TurnRow(id=turn_id, worker_id=uuid4(), request_id="r", state="finished", provider="p", model="m")
            )
            await session.flush()
            session.add(TurnLog(turn_id=turn_id, created_at=now - timedelta(hours=ended)))

    async def left(session: AsyncSession) -> list[float]:
        logs = (await session.exec(select(TurnLog))).all()
        return [round((now - log.created_at) / timedelta(hours=1), 2) for log in logs]

    await database.write(fill)
    assert await database.write(partial(prune, settings=Settings(home=tmp_path, stream_log_hours=24))) == 2
    assert await database.read(left) == [23.99, 23.99]


async def test_the_journal_goes_after_the_days_that_the_operator_says(database: Database, tmp_path: Path) -> None:
    await database.write(_fill)

    await database.write(partial(prune, settings=Settings(home=tmp_path, stream_log_hours=48, journal_days=3)))

    assert await database.read(_left) == (3, 2, {"r1", "r30"})
