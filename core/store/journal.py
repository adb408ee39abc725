"""The journal: one row per API request."""

from __future__ import annotations

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from .tables import JournalRow

__all__ = ["write_journal"]


async def write_journal(session: AsyncSession, row: JournalRow, *, at: datetime | None = None) -> None:
    """Add a row.

    Args:
        session: The transaction; that of the turn, when the request is a prompt.
        row: The row.
        at: When the request came, when the row was made later.
    """
    if at is not None:
        row.created_at = at
    session.add(row)
