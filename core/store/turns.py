"""Turns: one short transaction opens one, one closes it; whoever is second in a session waits in a queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import NotFound, ServiceUnavailable
from ..turn.messages import Message
from .tables import (
    MessageRow,
    PluginSelectionRow,
    QueuedTurn,
    SessionRow,
    ToolCallRow,
    TurnLog,
    TurnRow,
)
from .types import utc_now

__all__ = [
    "Opened",
    "Outcome",
    "TurnEnd",
    "TurnLost",
    "close_turn",
    "is_next",
    "is_watched",
    "leave_queue",
    "open_turn",
    "queue_turn",
    "watch_turn",
]


class TurnLost(ServiceUnavailable):
    """A turn has ended in the store before it ended here; its end cannot be written any more."""

    code = "turn_lost"


class Outcome(StrEnum):
    """What became of an attempt to open a turn."""

    OPENED = "opened"
    BUSY = "busy"
    """Another turn of the session runs, or waits before this one."""
    STALE = "stale"
    """The thread has grown since it was read: read and plan anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The answer to an attempt.

    Attributes:
        outcome: What became of it.
        number: The turn's number in its session; 0 without one, or when it was not opened.
    """

    outcome: Outcome
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnEnd:
    """Everything that a turn leaves in the store when it ends.

    Attributes:
        state: ``finished``, ``failed`` or ``cancelled``.
        messages: What it adds to the thread after the caller's own, narration included, in order.
        values: Further columns of the turn's row.
        tool_calls: Their rows.
        selections: Their rows.
        log: Events as they were streamed; None for a turn that was not.
    """

    state: str
    messages: Sequence[Message] = ()
    values: dict[str, Any] = field(default_factory=dict)
    tool_calls: Sequence[ToolCallRow] = ()
    selections: Sequence[PluginSelectionRow] = ()
    log: list[dict[str, Any]] | None = None


async def open_turn(
    session: AsyncSession,
    turn: TurnRow,
    messages: Sequence[Message],
    *,
    conversation: SessionRow | None,
    seen_turns: int,
    ticket: UUID | None,
) -> Opened:
    """Open a turn, if it is its turn.

    Args:
        session: The transaction.
        turn: The row, complete save for session and number.
        messages: What the caller says, as it joins the thread.
        conversation: The session, as it was read or newly made; None for a turn without.
        seen_turns: How many turns the session had when its thread was read.
        ticket: The place in the queue, for one who waited.

    Raises:
        NotFound: The session was deleted meanwhile.
    """
    if conversation is None:
        session.add(turn)
        await session.flush()
        _add_messages(session, turn, messages, first=0)
        return Opened(outcome=Outcome.OPENED)
    row = await _locked(session, conversation, seen_turns)
    if await _busy(session, row.id, ticket):
        return Opened(outcome=Outcome.BUSY)
    if row.turns != seen_turns:
        return Opened(outcome=Outcome.STALE)
    if ticket is not None:
        await leave_queue(session, ticket)
    turn.session_id, turn.number = row.id, row.turns + 1
    session.add(turn)
    await session.flush()
    _add_messages(session, turn, messages, first=row.messages)
    row.turns += 1
    row.messages += len(messages)
    row.last_used_at = utc_now()
    session.add(row)
    return Opened(outcome=Outcome.OPENED, number=turn.number)


async def _locked(session: AsyncSession, conversation: SessionRow, seen_turns: int) -> SessionRow:
    """The session's row, which no other transaction can change until this one ends."""
    row = await session.get(SessionRow, conversation.id, with_for_update=True)
    if row is not None:
        return row
    if seen_turns:
        raise NotFound("The session was deleted meanwhile.", param="session_key", code="session_not_found")
    row = SessionRow(**conversation.model_dump())
    session.add(row)
    await session.flush()
    return row


async def _busy(session: AsyncSession, session_id: UUID, ticket: UUID | None) -> bool:
    running = select(TurnRow.id).where(TurnRow.session_id == session_id, TurnRow.state == "running").limit(1)
    if (await session.exec(running)).first() is not None:
        return True
    before = select(QueuedTurn.id).where(QueuedTurn.session_id == session_id)
    if ticket is not None:
        before = before.where(QueuedTurn.id < ticket)
    return (await session.exec(before.limit(1))).first() is not None


async def queue_turn(session: AsyncSession, ticket: UUID, session_id: UUID, worker_id: UUID) -> None:
    """Take a place in a session's queue; the ticket, which sorts by time, is the place."""
    session.add(QueuedTurn(id=ticket, session_id=session_id, worker_id=worker_id))
    await session.flush()


async def leave_queue(session: AsyncSession, ticket: UUID) -> None:
    """Give up a place in a queue, if it is still held."""
    await session.exec(delete(QueuedTurn).where(col(QueuedTurn.id) == ticket))


async def is_next(session: AsyncSession, session_id: UUID, ticket: UUID) -> bool:
    """Whether whoever holds a ticket may try to open their turn now."""
    return not await _busy(session, session_id, ticket)


async def watch_turn(session: AsyncSession, turn_id: UUID) -> None:
    """Note that somebody waits for a turn that another process runs, so that it is not given up there."""
    running = (col(TurnRow.id) == turn_id) & (col(TurnRow.state) == "running")
    await session.exec(update(TurnRow).where(running).values(watched_at=utc_now()))


async def is_watched(session: AsyncSession, turn_id: UUID, *, since: datetime) -> bool:
    """Whether somebody has waited for a turn, by way of another process than the one that runs it, since a moment."""
    turn = await session.get(TurnRow, turn_id)
    return turn is not None and turn.watched_at is not None and turn.watched_at >= since


async def close_turn(session: AsyncSession, turn_id: UUID, end: TurnEnd) -> TurnRow:
    """Close a turn: its row, its messages, its calls and selections, all in this transaction.

    Raises:
        TurnLost: It does not run any more: another process took this one for dead. Nothing is written.
    """
    turn = await session.get(TurnRow, turn_id, with_for_update=True)
    if turn is None or turn.state != "running":
        raise TurnLost("The turn was ended by another process, which took this one for dead.", hint="Try again.")
    turn.sqlmodel_update({**end.values, "state": end.state, "ended_at": utc_now()})
    session.add(turn)
    first = await _make_room(session, turn, len(end.messages))
    _add_messages(session, turn, end.messages, first=first)
    session.add_all((*end.tool_calls, *end.selections))
    if end.log is not None:
        session.add(TurnLog(turn_id=turn_id, events=end.log))
    return turn


async def _make_room(session: AsyncSession, turn: TurnRow, count: int) -> int:
    """The position of the next message: after all of the session's, or of the turn's when it has no session."""
    if turn.session_id is None:
        counted = select(func.count()).select_from(MessageRow).where(MessageRow.turn_id == turn.id)
        return (await session.exec(counted)).one()
    row = await session.get(SessionRow, turn.session_id, with_for_update=True)
    if row is None:
        raise TurnLost("The session was deleted while its turn ran.")
    first = row.messages
    row.messages += count
    row.last_used_at = utc_now()
    session.add(row)
    return first


def _add_messages(session: AsyncSession, turn: TurnRow, messages: Sequence[Message], *, first: int) -> None:
    for place, message in enumerate(messages):
        session.add(
            MessageRow(
                turn_id=turn.id,
                session_id=turn.session_id,
                position=first + place,
                role=message["role"],
                body=dict(message),
            )
        )
