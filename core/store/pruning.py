"""Rows that are kept for a time: what was streamed, and, if the operator wants, the journal."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlmodel import delete
from sqlmodel.ext.asyncio.session import AsyncSession

from .moments import made_before
from .tables import JournalRow, TurnLog
from .types import utc_now

if TYPE_CHECKING:
    from ..settings import Settings

__all__ = ["prune"]


async def prune(session: AsyncSession, settings: Settings) -> int:
    """Delete what has been kept long enough.

    Args:
        session: A transaction that writes.
        settings: How long that is.

    Returns:
        How many rows went.
    """
    now = utc_now()
    # a log is written when its turn has ended, and the turn's id is older
    logs = delete(TurnLog).where(
        made_before(TurnLog.turn_id, TurnLog.created_at, now - timedelta(hours=settings.stream_log_hours))
    )
    gone = int((await session.exec(logs)).rowcount)
    if settings.journal_days is not None:
        rows = delete(JournalRow).where(
            made_before(JournalRow.id, JournalRow.created_at, now - timedelta(days=settings.journal_days))
        )
        gone += int((await session.exec(rows)).rowcount)
    return gone
