"""Rows are found by when they were made, and their ids only say where to look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import ColumnElement
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from promptdock.ids import least_id, new_id
from promptdock.store.charges import CompletionSpend, Spender, price_charges
from promptdock.store.database import Database
from promptdock.store.moments import made_before, made_since
from promptdock.store.prices import PriceList
from promptdock.store.tables import WorkerRow
from promptdock.store.types import utc_now

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def id_of(moment: datetime) -> UUID:
    """Some id that was made at a moment."""
    first = least_id((moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1))
    return UUID(int=first.int | new_id().int & (1 << 80) - 1)


@pytest.fixture
async def rows(database: Database) -> Database:
    """Rows around noon, some of which have an id of a quarter of an hour before or after."""

    async def work(session: AsyncSession) -> None:
        for made in (NOON - timedelta(hours=3), NOON - TICK, NOON, NOON + TICK, NOON + timedelta(hours=3)):
            for apart in (-15, 0, 15):
                at = id_of(made + timedelta(minutes=apart))
                session.add(WorkerRow(id=at, created_at=made, host="h", pid=apart + 15))

    await database.write(work)
    return database


async def found(database: Database, *where: ColumnElement[bool]) -> list[tuple[timedelta, int]]:
    async def work(session: AsyncSession) -> list[tuple[timedelta, int]]:
        chosen = (await session.exec(select(WorkerRow).where(*where))).all()
        return sorted((row.created_at - NOON, row.pid - 15) for row in chosen)

    return await database.read(work)


def each(*moments: timedelta) -> list[tuple[timedelta, int]]:
    return [(moment, apart) for moment in moments for apart in (-15, 0, 15)]


def since(moment: datetime) -> ColumnElement[bool]:
    return made_since(WorkerRow.id, WorkerRow.created_at, moment)


def before(moment: datetime) -> ColumnElement[bool]:
    return made_before(WorkerRow.id, WorkerRow.created_at, moment)


async def test_no_row_at_the_edge_is_lost_or_counted_twice(rows: Database) -> None:
    late, early = timedelta(hours=3), timedelta(hours=-3)
    assert await found(rows, since(NOON)) == each(timedelta(0), TICK, late)
    assert await found(rows, before(NOON)) == each(early, -TICK)
    assert await found(rows, since(NOON), before(NOON + TICK)) == each(timedelta(0))
    assert await found(rows, since(NOON - TICK), before(NOON)) == each(-TICK)


async def test_every_moment_that_there_is_can_be_asked_for(rows: Database) -> None:
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    assert len(await found(rows, since(first), before(last))) == 15
    assert await found(rows, before(first)) == await found(rows, since(last)) == []


async def test_a_charge_has_its_id_and_its_moment_together(database: Database) -> None:
    spend = CompletionSpend(
        round=1, provider="p", model="m", prompt_tokens=1, completion_tokens=1, total_tokens=2, is_estimated=False
    )
    prices = PriceList(await database.configuration.current())
    before_it = utc_now()
    (charge,) = await price_charges(prices, spender=Spender(), request_id="r", turn_id=None, completions=[spend])
    assert before_it <= charge.created_at <= utc_now()
    assert abs((charge.id.int >> 80) / 1000 - charge.created_at.timestamp()) < 5
