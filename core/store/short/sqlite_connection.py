"""One connection to a SQLite file, and the transaction on it. Whoever uses it does so one at a time, in any thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ..sqlite_files import PATIENCE, is_busy, keep_write_ahead_log, patiently
from ..types import sqlite_moment, utc_now
from .transaction import Taken

if TYPE_CHECKING:
    from ..tables import Table
    from .prepared import Preparations
    from .transaction import Query, Work

__all__ = ["SqliteConnection", "driven"]

_T = TypeVar("_T")
_STATEMENTS: Final = 256
"""Statements that a connection keeps compiled: more than we have."""


class SqliteConnection:
    """A transaction, as :class:`~promptdock.store.short.Transaction` has it, on a connection of its own.

    Args:
        path: The database's file.
        preparations: Its statements.
        is_writer: Whether it may write.
        patience: Seconds that a statement waits for other processes; to begin a transaction that writes waits none.

    Raises:
        sqlite3.Error: The file cannot be opened.
    """

    def __init__(self, path: str, preparations: Preparations, *, is_writer: bool, patience: float = PATIENCE) -> None:
        self._preparations = preparations
        self._now = ""
        self._connection = sqlite3.connect(
            path, timeout=patience, isolation_level=None, cached_statements=_STATEMENTS, check_same_thread=False
        )
        try:
            keep_write_ahead_log(self._connection, patience)
            for pragma in ("synchronous = FULL", "foreign_keys = ON"):
                self._connection.execute(f"PRAGMA {pragma}")
            if is_writer:
                self._connection.execute("PRAGMA busy_timeout = 0")  # from now on; see begin()
            else:
                self._connection.execute("PRAGMA query_only = ON")
        except BaseException:
            self._connection.close()
            raise

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction has begun."""
        return self._connection.in_transaction

    def begin_now(self) -> bool:
        """Begin a transaction that writes, unless another process is at it.

        Returns:
            Whether it has begun.
        """
        try:
            self._begin()
        except sqlite3.OperationalError as error:
            if not is_busy(error):
                raise
            return False
        return True

    def begin(self) -> None:
        """The same, waiting for other processes.

        Raises:
            sqlite3.OperationalError: They take too long.
        """
        patiently(self._begin)

    def _begin(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self._now = sqlite_moment(utc_now())  # of all rows that do not say when they were made

    def commit(self) -> None:
        """Store the transaction for good."""
        self._connection.execute("COMMIT")

    def roll_back(self) -> None:
        """Undo the transaction, if there is one."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def savepoint(self) -> None:
        """Begin a part of the transaction that can be undone by itself."""
        self._connection.execute("SAVEPOINT unit")

    def roll_back_to_savepoint(self) -> None:
        """Undo that part."""
        self._connection.execute("ROLLBACK TO unit")

    def release_savepoint(self) -> None:
        """End that part."""
        self._connection.execute("RELEASE unit")

    def read(self, work: Work[_T]) -> _T:
        """Run a transaction that reads: all of it sees one state of the database."""
        self._connection.execute("BEGIN")
        try:
            return driven(work(self))
        finally:
            self.roll_back()

    def close(self) -> None:
        """Close it."""
        self._connection.close()

    def look(self, query: Query, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """The rows of a query; see :meth:`~promptdock.store.short.Transaction.rows`."""
        prepared = self._preparations.query(query)
        rows: list[tuple[Any, ...]] = self._connection.execute(prepared.sql, prepared.values(values)).fetchall()
        return rows if prepared.is_plain else prepared.decoded(rows)

    async def rows(self, query: Query, /, **values: Any) -> list[tuple[Any, ...]]:
        """See :class:`~promptdock.store.short.Transaction`."""
        return self.look(query, values)

    async def run(self, query: Query, /, **values: Any) -> int:
        """See :class:`~promptdock.store.short.Transaction`."""
        prepared = self._preparations.query(query)
        try:
            return self._connection.execute(prepared.sql, prepared.values(values)).rowcount
        except sqlite3.IntegrityError as error:
            raise _told(error) from error

    async def insert(
        self, table: type[Table], rows: Sequence[Mapping[str, Any]], /, *, unless_there: bool = False
    ) -> None:
        """See :class:`~promptdock.store.short.Transaction`."""
        if not rows:
            return
        prepared = self._preparations.insert(table, rows, unless_there=unless_there)
        try:
            self._connection.executemany(prepared.sql, prepared.values_of(rows, self._now))
        except sqlite3.IntegrityError as error:
            raise _told(error) from error


def driven(work: Coroutine[Any, Any, _T]) -> _T:
    """Run what is written as a coroutine, and never waits here: its statements are done when they return.

    Raises:
        RuntimeError: It awaits something else.
    """
    try:
        work.send(None)
    except StopIteration as end:
        outcome: _T = end.value
        return outcome
    work.close()
    raise RuntimeError("a transaction on the short way awaited something else than its statements")


def _told(error: sqlite3.IntegrityError) -> Exception:
    unique = {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}
    return Taken() if error.sqlite_errorcode in unique else error
