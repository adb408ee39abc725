"""The statements of :mod:`promptdock.store.turns`, each made once for a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Integer, String, bindparam, delete, literal, literal_column, or_, update
from sqlmodel import col, select

from .tables import QueuedTurn, SessionRow, TurnRow
from .types import JsonText, UtcDateTime

if TYPE_CHECKING:
    from sqlalchemy.sql.base import Executable

__all__ = ["busy", "busy_before", "closing", "growing", "is_running", "leaving"]


def is_running() -> ColumnElement[bool]:
    """The condition that a turn runs.

    The word stands in the text, as in that of ``uq_turns_running``: where it is a parameter, PostgreSQL may make a plan
    without this index, and SQLite makes a plan anew each time, to see whether the parameter is this word.
    """
    return col(TurnRow.state) == literal_column("'running'", String)


def busy() -> Executable:
    """A row where a turn of a session runs, or somebody waits in its queue."""
    return select(literal(1)).where(or_(_runs(), _waits().exists()))


def busy_before() -> Executable:
    """A row where a turn of a session runs, or somebody waits in its queue before a ticket."""
    return select(literal(1)).where(or_(_runs(), _waits().where(col(QueuedTurn.id) < bindparam("ticket")).exists()))


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


def _runs() -> Any:
    return select(TurnRow.id).where(col(TurnRow.session_id) == bindparam("session_id"), is_running()).exists()


def _waits() -> Any:
    return select(QueuedTurn.id).where(col(QueuedTurn.session_id) == bindparam("session_id"))
