"""The statements of :mod:`promptdock.store.turns`, each made once for a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Integer, String, bindparam, delete, literal_column, update
from sqlmodel import col, select

from .tables import QueuedTurn, SessionRow, TurnRow
from .types import JsonText, UtcDateTime

if TYPE_CHECKING:
    from sqlalchemy.sql.base import Executable

__all__ = ["closing", "growing", "is_running", "leaving", "running", "waiting", "waiting_before"]


def is_running() -> ColumnElement[bool]:
    """The condition that a turn runs.

    The word stands in the text, as in that of ``uq_turns_running``: where it is a parameter, PostgreSQL may make a plan
    without this index, and SQLite makes a plan anew each time, to see whether the parameter is this word.
    """
    return col(TurnRow.state) == literal_column("'running'", String)


def running() -> Executable:
    """A turn of a session that runs."""
    mine = col(TurnRow.session_id) == bindparam("session_id")
    return select(TurnRow.id).where(mine, is_running()).limit(1)


def waiting() -> Executable:
    """Somebody who waits in a session's queue."""
    return select(QueuedTurn.id).where(col(QueuedTurn.session_id) == bindparam("session_id")).limit(1)


def waiting_before() -> Executable:
    """Somebody who waits in a session's queue before a ticket."""
    mine = col(QueuedTurn.session_id) == bindparam("session_id")
    return select(QueuedTurn.id).where(mine, col(QueuedTurn.id) < bindparam("ticket")).limit(1)


def leaving() -> Executable:
    """Give up a place in a queue."""
    return delete(QueuedTurn).where(col(QueuedTurn.id) == bindparam("ticket"))


def growing() -> Executable:
    """Let a session grow; gives how many messages it has then."""
    return (
        update(SessionRow)
        .where(col(SessionRow.id) == bindparam("session_id"))
        .values(
            turns=col(SessionRow.turns) + bindparam("new_turns", type_=Integer),
            messages=col(SessionRow.messages) + bindparam("new_messages", type_=Integer),
            last_used_at=bindparam("now", type_=UtcDateTime),
        )
        .returning(col(SessionRow.messages))
    )


def closing() -> Executable:
    """End a turn that runs."""
    return (
        update(TurnRow)
        .where(col(TurnRow.id) == bindparam("turn_id"), is_running())
        .values(
            state=bindparam("new_state"),
            ended_at=bindparam("now", type_=UtcDateTime),
            rounds=bindparam("new_rounds"),
            prompt_tokens=bindparam("new_prompt_tokens"),
            completion_tokens=bindparam("new_completion_tokens"),
            total_tokens=bindparam("new_total_tokens"),
            error=bindparam("new_error", type_=JsonText),
        )
    )
