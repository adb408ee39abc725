"""What the database refuses because it is there already, as the error that callers get."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import Conflict
from .tables import Table

if TYPE_CHECKING:
    from sqlalchemy import Dialect, TableClause

__all__ = ["insert_unless_there", "insertion", "is_unique_violation", "unique"]

_UNIQUE_VIOLATION: Final = "23505"
"""PostgreSQL's code."""


@asynccontextmanager
async def unique(session: AsyncSession, message: str, *, param: str = "name") -> AsyncIterator[None]:
    """Send the changes of a block to the database.

    Args:
        session: The transaction; it is over when this raises.
        message: What callers are told when something of the kind is there already.
        param: The member that has to be another one.

    Raises:
        Conflict: It is there already.
    """
    try:
        yield
        await session.flush()
    except IntegrityError as error:
        if not is_unique_violation(error):
            raise
        raise Conflict(message, param=param) from None


def is_unique_violation(error: IntegrityError) -> bool:
    """Whether the database refused something because it is there already."""
    return getattr(error.orig, "sqlstate", None) == _UNIQUE_VIOLATION or "UNIQUE constraint failed" in str(error.orig)


async def insert_unless_there(session: AsyncSession, table: type[Table], rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows, leaving out those that break a rule of uniqueness, e.g. because another transaction was quicker.

    Args:
        session: The transaction.
        table: Where to.
        rows: Values by column, the same columns for each; any number of them.
    """
    connection = await session.connection()
    columns: Any = table.__table__  # type: ignore[attr-defined]
    # row by row: in one statement they could have more values than a database takes
    await connection.execute(insertion(columns, connection.dialect).on_conflict_do_nothing(), list(rows))


def insertion(table: TableClause, dialect: Dialect) -> Any:
    """A statement that adds rows, in the words of a dialect, which knows what to do with those that are there."""
    if dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)
