"""What dead workers left behind: turns that were running, places in queues, units that were set aside."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from .budgets import release
from .database import StoreUnavailable
from .journal import interrupted_row
from .leases import enlist
from .short import SessionTransaction
from .tables import JournalRow, QueuedTurn, TurnRow, WorkerRow
from .turn_statements import is_running
from .types import utc_now
from .uniqueness import insert_unless_there

if TYPE_CHECKING:
    from .database import Database
    from .leases import Lease

__all__ = ["INTERRUPTED", "interrupt", "recover", "retire"]

_log = logging.getLogger("promptdock.store")

INTERRUPTED: dict[str, Any] = {
    "status": 503,
    "code": "interrupted",
    "message": "The server stopped before this turn had its answer; send the prompt again.",
}


async def recover(database: Database, lease: Lease) -> int:
    """Mark the turns of dead workers as interrupted, and forget these workers.

    Args:
        database: The database.
        lease: This worker's.

    Returns:
        How many turns were marked.
    """
    known = await database.read(_workers)
    if lease.worker_id not in known:
        # another worker took this one for dead while the database could not be reached; what runs here from now on
        # must be found again when this one really dies
        await database.write(lambda session: enlist(session, lease.worker_id))
    dead = await lease.dead(known)
    if not dead:
        return 0
    marked = await database.write(lambda session: _bury(session, dead))
    if marked:
        _log.warning("Turns that were running when their worker died are marked as interrupted: %d", marked)
    return marked


async def retire(database: Database, lease: Lease) -> None:
    """Take leave of the others: nobody has to find out that this worker is gone, and nothing of it goes on running."""
    try:
        await database.write(lambda session: _bury(session, frozenset({lease.worker_id})))
    except StoreUnavailable:
        _log.warning("The database is away; the next worker will find out that this one is gone")


async def _workers(session: AsyncSession) -> tuple[UUID, ...]:
    return tuple((await session.exec(select(WorkerRow.id))).all())


async def interrupt(session: AsyncSession, ids: frozenset[UUID]) -> int:
    """Mark turns as interrupted whose end could not be stored, and release what was set aside for them.

    Args:
        session: A transaction that writes.
        ids: Of turns, and of places in queues that nobody waits at any more.

    Returns:
        How many turns still ran, as far as the store knew.
    """
    marked = await _mark(session, col(TurnRow.id).in_(ids))
    await session.exec(delete(QueuedTurn).where(col(QueuedTurn.id).in_(ids)))
    await release(SessionTransaction(session), holder_ids=ids)
    return marked


async def _mark(session: AsyncSession, which: ColumnElement[bool]) -> int:
    running = select(TurnRow).where(which, is_running()).with_for_update()
    turns = (await session.exec(running)).all()
    for turn in turns:
        turn.sqlmodel_update({"state": "interrupted", "ended_at": utc_now(), "error": INTERRUPTED})
        session.add(turn)
    rows = [row.model_dump() for turn in turns if (row := interrupted_row(turn)) is not None]
    if rows:
        await insert_unless_there(session, JournalRow, rows)
    return len(turns)


async def _bury(session: AsyncSession, dead: frozenset[UUID]) -> int:
    marked = await _mark(session, col(TurnRow.worker_id).in_(dead))
    await session.exec(delete(QueuedTurn).where(col(QueuedTurn.worker_id).in_(dead)))
    await release(SessionTransaction(session), worker_ids=dead)
    await session.exec(delete(WorkerRow).where(col(WorkerRow.id).in_(dead)))
    return marked
