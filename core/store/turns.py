"""Turns: one short transaction opens one, one closes it; whoever is second in a session waits in a queue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from sqlalchemy import update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import NotFound, ServiceUnavailable
from ..turn.messages import Message
from . import turn_statements as statements
from .sessions import Conversation, session_by_id
from .tables import (
    DecisionSet,
    MessageRow,
    PluginSelectionRow,
    QueuedTurn,
    SessionRow,
    ToolCallRow,
    TurnLog,
    TurnRow,
)
from .types import utc_now

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .short import Transaction

__all__ = [
    "Opened",
    "Outcome",
    "TurnEnd",
    "TurnLost",
    "close_turn",
    "is_next",
    "is_watched",
    "keep_decision_set",
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


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to an attempt.

    Attributes:
        outcome: What became of it.
        number: The turn's number in its session; 0 without one, or when it was not opened.
    """

    outcome: Outcome
    number: int = 0


class TurnEnd(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a turn leaves in the store when it ends.

    Attributes:
        state: ``finished``, ``failed`` or ``cancelled``.
        messages: What it adds to the thread after the caller's own, narration included, in order.
        rounds: How many upstream calls were answered.
        prompt_tokens: The sum of what was sent.
        completion_tokens: The sum of the answers.
        total_tokens: The sum of both.
        error: Of a turn without an answer; see ``TurnRow.error``.
        tool_calls: Their rows, as values by column.
        selections: Likewise.
        log: Events as they were streamed; None for a turn that was not.
    """

    state: str
    messages: Sequence[Message] = ()
    rounds: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    error: dict[str, Any] | None = None
    tool_calls: Sequence[Mapping[str, Any]] = ()
    selections: Sequence[Mapping[str, Any]] = ()
    log: list[dict[str, Any]] | None = None


async def open_turn(
    transaction: Transaction,
    turn: Mapping[str, Any],
    messages: Sequence[Message],
    *,
    conversation: Conversation | None,
    is_new: bool = False,
    ticket: UUID | None,
) -> Opened:
    """Open a turn, if it is its turn.

    Args:
        transaction: Writes.
        turn: The row, as values by column, complete save for session and number.
        messages: What the caller says, as it joins the thread.
        conversation: The session as it was when its thread was read, or newly made; None for a turn without.
        is_new: Whether the session was newly made, and nobody else can know it by its id.
        ticket: The place in the queue, for one who waited.

    Raises:
        NotFound: The session was deleted meanwhile.
        Taken: Another process has made the session meanwhile; PostgreSQL says so with a later statement, or at the end.
    """
    if conversation is None:
        await transaction.insert(TurnRow, [turn])
        await _add_messages(transaction, turn["id"], None, messages, first=0)
        return Opened(outcome=Outcome.OPENED)
    now = None if is_new else await session_by_id(transaction, conversation.id, lock=True)
    if now is None and conversation.turns:
        raise NotFound("The session was deleted meanwhile.", param="session_key", code="session_not_found")
    if now is None:
        return await _open_first(transaction, turn, messages, conversation)
    if await _busy(transaction, now.id, ticket):
        return Opened(outcome=Outcome.BUSY)
    if (now.turns, now.messages, now.edits) != (conversation.turns, conversation.messages, conversation.edits):
        return Opened(outcome=Outcome.STALE)
    if ticket is not None:
        await leave_queue(transaction, ticket)
    number = now.turns + 1
    await transaction.insert(TurnRow, [{**turn, "session_id": now.id, "number": number}])
    await _add_messages(transaction, turn["id"], now.id, messages, first=now.messages)
    await transaction.rows(
        statements.growing, session_id=now.id, new_turns=1, new_messages=len(messages), now=utc_now()
    )
    return Opened(outcome=Outcome.OPENED, number=number)


async def _open_first(
    transaction: Transaction, turn: Mapping[str, Any], messages: Sequence[Message], conversation: Conversation
) -> Opened:
    """Open the first turn of a session, which is made with it: nobody is before it, and nothing is to be read."""
    made = msgspec.structs.asdict(conversation)
    await transaction.insert(SessionRow, [{**made, "turns": 1, "messages": len(messages)}])
    await transaction.insert(TurnRow, [{**turn, "session_id": conversation.id, "number": 1}])
    await _add_messages(transaction, turn["id"], conversation.id, messages, first=0)
    return Opened(outcome=Outcome.OPENED, number=1)


async def keep_decision_set(transaction: Transaction, set_id: UUID, decisions: list[dict[str, Any]]) -> None:
    """Store a set of decisions that turns refer to, unless it is stored.

    Args:
        transaction: Writes.
        set_id: Comes of what is decided.
        decisions: As ``TurnRow.decisions`` holds them.
    """
    await transaction.insert(DecisionSet, [{"id": set_id, "decisions": decisions}], unless_there=True)


async def _busy(transaction: Transaction, session_id: UUID, ticket: UUID | None) -> bool:
    if ticket is None:
        return bool(await transaction.rows(statements.busy, session_id=session_id))
    return bool(await transaction.rows(statements.busy_before, session_id=session_id, ticket=ticket))


async def queue_turn(transaction: Transaction, ticket: UUID, session_id: UUID, worker_id: UUID) -> None:
    """Take a place in a session's queue; the ticket, which sorts by time, is the place."""
    await transaction.insert(QueuedTurn, [{"id": ticket, "session_id": session_id, "worker_id": worker_id}])


async def leave_queue(transaction: Transaction, ticket: UUID) -> None:
    """Give up a place in a queue, if it is still held."""
    await transaction.run(statements.leaving, ticket=ticket)


async def is_next(transaction: Transaction, session_id: UUID, ticket: UUID) -> bool:
    """Whether whoever holds a ticket may try to open their turn now."""
    return not await _busy(transaction, session_id, ticket)


async def watch_turn(session: AsyncSession, turn_id: UUID) -> None:
    """Note that somebody waits for a turn that another process runs, so that it is not given up there."""
    running = update(TurnRow).where(col(TurnRow.id) == turn_id, statements.is_running())
    await session.exec(running.values(watched_at=utc_now()))


async def is_watched(session: AsyncSession, turn_id: UUID, *, since: datetime) -> bool:
    """Whether somebody has waited for a turn, by way of another process than the one that runs it, since a moment."""
    turn = await session.get(TurnRow, turn_id)
    return turn is not None and turn.watched_at is not None and turn.watched_at >= since


async def close_turn(
    transaction: Transaction, turn_id: UUID, end: TurnEnd, *, session_id: UUID | None, said: int
) -> int:
    """Close a turn: its row, its messages, its calls and selections, all in this transaction.

    Args:
        transaction: Writes.
        turn_id: The turn.
        end: What it leaves.
        session_id: Its session; None for a turn without.
        said: How many messages the caller's own were.

    Returns:
        How many messages the session has then; those of the turn, when it has no session.

    Raises:
        TurnLost: It does not run any more: another process took this one for dead. Nothing is written.
    """
    now = utc_now()
    closed = await transaction.run(
        statements.closing,
        turn_id=turn_id,
        new_state=end.state,
        now=now,
        new_rounds=end.rounds,
        new_prompt_tokens=end.prompt_tokens,
        new_completion_tokens=end.completion_tokens,
        new_total_tokens=end.total_tokens,
        new_error=end.error,
    )
    if not closed:
        raise TurnLost("The turn was ended by another process, which took this one for dead.", hint="Try again.")
    first = said
    if session_id is not None:
        grown = await transaction.rows(
            statements.growing, session_id=session_id, new_turns=0, new_messages=len(end.messages), now=now
        )
        if not grown:
            raise TurnLost("The session was deleted while its turn ran.")
        first = grown[0][0] - len(end.messages)
    await _add_messages(transaction, turn_id, session_id, end.messages, first=first)
    await transaction.insert(ToolCallRow, end.tool_calls)
    await transaction.insert(PluginSelectionRow, end.selections)
    if end.log is not None:
        await transaction.insert(TurnLog, [{"turn_id": turn_id, "events": end.log}])
    return first + len(end.messages)


async def _add_messages(
    transaction: Transaction, turn_id: UUID, session_id: UUID | None, messages: Sequence[Message], *, first: int
) -> None:
    rows = [
        {
            "turn_id": turn_id,
            "session_id": session_id,
            "position": first + place,
            "role": message["role"],
            "body": message,
        }
        for place, message in enumerate(messages)
    ]
    await transaction.insert(MessageRow, rows)
