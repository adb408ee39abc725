"""Levels of log lines that an administrator set while the server ran, by component."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from .tables import LogLevelRow
from .types import utc_now
from .uniqueness import unique

__all__ = ["drop_log_level", "log_levels", "put_log_level"]


async def log_levels(session: AsyncSession) -> Sequence[LogLevelRow]:
    """All that are set, by component."""
    return (await session.exec(select(LogLevelRow).order_by(col(LogLevelRow.component)))).all()


async def put_log_level(session: AsyncSession, component: str, level: str) -> LogLevelRow:
    """Set a component's level.

    Args:
        session: The transaction.
        component: A component that has a log.
        level: A level that there is, in small letters.

    Raises:
        Conflict: Somebody else set it for the first time at this moment.
    """
    row = await session.get(LogLevelRow, component) or LogLevelRow(component=component, level=level)
    row.sqlmodel_update({"level": level, "updated_at": utc_now()})
    async with unique(session, f"The level of {component} was set by somebody else just now.", param="level"):
        session.add(row)
    return row


async def drop_log_level(session: AsyncSession, component: str) -> bool:
    """Forget a component's level; tells whether there was one."""
    row = await session.get(LogLevelRow, component)
    if row is None:
        return False
    await session.delete(row)
    await session.flush()
    return True
