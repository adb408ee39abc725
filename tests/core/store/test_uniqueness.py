"""Rows that may be there already."""

from __future__ import annotations

import pytest
from sqlalchemy import func
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from promptdock.store.database import Database
from promptdock.store.tables import JournalRow
from promptdock.store.uniqueness import insert_unless_there


def entry(number: int) -> JournalRow:
    return JournalRow(
        request_id=f"r{number}",
        caller="c",
        method="POST",
        path="/",
        command="prompt",
        thing="LLMClient",
        status=503,
        ms=1.0,
    )


@pytest.mark.anyio
async def test_more_rows_than_one_statement_has_room_for(database: Database) -> None:
    """E.g. of all the turns that ran when a server died."""
    rows = [entry(number).model_dump() for number in range(2_500)]

    async def insert(session: AsyncSession) -> None:
        await insert_unless_there(session, JournalRow, rows)

    async def count(session: AsyncSession) -> int:
        return (await session.exec(select(func.count()).select_from(JournalRow))).one()

    await database.write(insert)
    await database.write(insert)
    assert await database.read(count) == 2_500
