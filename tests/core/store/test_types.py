"""Columns mean the same on both databases: aware times, exact money, any text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from promptdock.store.database import Database
from promptdock.store.tables import Charge, Fact, JournalRow, WorkerRow
from promptdock.store.types import as_money

pytestmark = pytest.mark.anyio


def journal_row(**members: Any) -> JournalRow:
    given: dict[str, Any] = {
        "request_id": "req_1",
        "caller": "ada",
        "method": "GET",
        "path": "/",
        "command": "get",
        "thing": "",
        "status": 200,
        "ms": 1.5,
    }
    return JournalRow(**(given | members))


async def test_times_come_back_aware_and_in_utc(database: Database) -> None:
    there = timezone(timedelta(hours=5, minutes=30))
    worker = WorkerRow(host="h", pid=1, created_at=datetime(2026, 1, 1, 3, 0, 0, 123456, tzinfo=there))

    async def add(session: AsyncSession) -> None:
        session.add(WorkerRow(**worker.model_dump()))

    async def get(session: AsyncSession) -> datetime:
        return (await session.exec(select(WorkerRow.created_at).where(WorkerRow.id == worker.id))).one()

    await database.write(add)
    found = await database.read(get)

    assert found == worker.created_at
    assert found.tzinfo is UTC


async def test_a_naive_time_is_a_defect(database: Database) -> None:
    async def add(session: AsyncSession) -> None:
        session.add(WorkerRow(host="h", pid=1, created_at=datetime(2026, 1, 1)))  # noqa: DTZ001

    with pytest.raises(Exception, match="must have a zone"):
        await database.write(add)


async def test_sums_of_money_are_exact(database: Database) -> None:
    costs = [Decimal("0.000000000001"), Decimal("123456.789012345678"), Decimal("0.1"), Decimal("0.2")]

    async def add(session: AsyncSession) -> None:
        session.add_all([Charge(kind="completion", request_id="r", cost=cost) for cost in costs])

    async def total(session: AsyncSession) -> Decimal | None:
        return (await session.exec(select(func.sum(col(Charge.cost))))).one()

    await database.write(add)

    assert await database.read(total) == sum(costs)
    assert as_money(Decimal(1) / 3) == Decimal("0.333333333333")


@pytest.mark.parametrize("text", ["", "\x00", "a\x00b", "naïve 🚢 日本語", "\u2028", '"\\', "x" * 100_000])
async def test_any_text_comes_back_as_it_was(database: Database, text: str) -> None:
    row = journal_row(path=text, body={"text": [text]})

    async def add(session: AsyncSession) -> None:
        session.add(JournalRow(**row.model_dump()))

    async def get(session: AsyncSession) -> JournalRow:
        return (await session.exec(select(JournalRow).where(JournalRow.id == row.id))).one()

    await database.write(add)
    found = await database.read(get)

    assert found.path == text
    assert found.body == {"text": [text]}


async def test_no_json_is_null(database: Database) -> None:
    async def add(session: AsyncSession) -> None:
        session.add(journal_row(body=None))

    async def nulls(session: AsyncSession) -> int:
        return (await session.exec(select(func.count()).where(col(JournalRow.body).is_(None)))).one()

    await database.write(add)

    assert await database.read(nulls) == 1


async def test_names_are_unique_on_both(database: Database) -> None:
    async def add(session: AsyncSession, value: str) -> None:
        session.add(Fact(name="same", value=value))

    await database.write(partial(add, value=str(uuid4())))
    with pytest.raises(Exception, match=r"(?i)unique"):
        await database.write(partial(add, value=str(uuid4())))
