"""SQLite on the short way: one thread writes, and commits what has gathered meanwhile all at once.

SQLite has one writer at a time, and a commit that survives a loss of power waits for the disk. So transactions that
come while another commit is under way share the next one. Each stands for itself: when one of them fails, all are begun
anew, each behind a savepoint of its own. Nobody is told of a success before the commit that holds it.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from .transaction import Taken

if TYPE_CHECKING:
    from ..tables import Table
    from .prepared import Preparations
    from .transaction import Query, Transaction, Work

__all__ = ["SqliteShort"]

_T = TypeVar("_T")
_BUSY_SECONDS: Final = 30.0
_STATEMENTS: Final = 256
"""Statements that a connection keeps compiled: more than we have."""


class SqliteShort:
    """The short way to one SQLite database.

    Args:
        path: The database's file.
        preparations: Its statements.
        writer: Held by whoever writes by another way.
    """

    def __init__(self, path: str, preparations: Preparations, writer: asyncio.Lock) -> None:
        self._path = path
        self._preparations = preparations
        self._writer = writer
        self._waiting: list[_Unit] = []
        self._committing: asyncio.Task[None] | None = None
        self._write_thread = _Thread(path, preparations, "promptdock-writer", is_writer=True)
        self._read_thread = _Thread(path, preparations, "promptdock-reader", is_writer=False)
        self._here: _Connected | None = None

    async def write(self, work: Work[_T]) -> _T:
        """Run a transaction that writes, together with others; see :meth:`promptdock.store.database.Database.short`."""
        unit = _Unit(work, asyncio.get_running_loop().create_future())
        self._waiting.append(unit)
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit(), name="promptdock commits")
        return cast("_T", await unit.done)

    async def read(self, work: Work[_T]) -> _T:
        """Run a transaction that reads, in a thread."""
        return cast("_T", await asyncio.wrap_future(self._read_thread.submit(lambda here: here.read(work))))

    async def peek(self, work: Work[_T]) -> _T:
        """Read something small at once, here: that takes less time than asking a thread for it.

        In SQLite's write-ahead mode readers wait for nobody.
        """
        if self._here is None:
            self._here = _Connected(self._path, self._preparations, is_writer=False)
        try:
            return _driven(work(self._here))
        except sqlite3.OperationalError:  # e.g. while another process repairs the log after a crash: wait in a thread
            return await self.read(work)

    async def aclose(self) -> None:
        """Wait for what is under way, then close the connections."""
        while self._committing is not None:
            await asyncio.wait({self._committing})
        for thread in (self._write_thread, self._read_thread):
            await asyncio.to_thread(thread.close)
        if self._here is not None:
            self._here.close()
            self._here = None

    async def _commit(self) -> None:
        try:
            while self._waiting:
                async with self._writer:
                    units, self._waiting = self._waiting, []
                    await self._committed(units)
        finally:
            self._committing = None

    async def _committed(self, units: Sequence[_Unit]) -> None:
        try:
            await asyncio.wrap_future(self._write_thread.submit(lambda here: here.write(units)))
        except Exception as error:  # noqa: BLE001  (each of them hears it)
            told = error.__cause__ if isinstance(error, _UnitFailed) else error
            for unit in units:
                unit.outcome, unit.error = None, told
        for unit in units:
            unit.tell()


@dataclass(slots=True)
class _Unit:
    """One transaction among those of a commit."""

    work: Callable[[Transaction], Awaitable[Any]]
    done: asyncio.Future[Any]
    outcome: Any = None
    error: BaseException | None = field(default=None)

    def tell(self) -> None:
        if self.done.done():
            return
        if self.error is None:
            self.done.set_result(self.outcome)
        else:
            self.done.set_exception(self.error)


class _UnitFailed(Exception):
    """One of the transactions of a commit failed; its cause says how."""


class _Thread:
    """A thread with a connection of its own, both made when they are needed."""

    def __init__(self, path: str, preparations: Preparations, name: str, *, is_writer: bool) -> None:
        self._make = partial(_Connected, path, preparations, is_writer=is_writer)
        self._name = name
        self._pool: ThreadPoolExecutor | None = None
        self._connected: _Connected | None = None

    def submit(self, work: Callable[[_Connected], _T]) -> Any:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix=self._name)
        return self._pool.submit(self._run, work)

    def close(self) -> None:
        if self._pool is not None:
            self._pool.submit(self._close).result()
            self._pool.shutdown()
            self._pool = None

    def _run(self, work: Callable[[_Connected], _T]) -> _T:
        if self._connected is None:
            self._connected = self._make()
        return work(self._connected)

    def _close(self) -> None:
        if self._connected is not None:
            self._connected.close()
            self._connected = None


class _Connected:
    """A connection, and the transaction on it. All of it belongs to one thread."""

    def __init__(self, path: str, preparations: Preparations, *, is_writer: bool) -> None:
        self._preparations = preparations
        self._connection = sqlite3.connect(
            path, timeout=_BUSY_SECONDS if is_writer else 0, isolation_level=None, cached_statements=_STATEMENTS
        )
        try:
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
                self._connection.execute(f"PRAGMA {pragma}")
            if not is_writer:
                self._connection.execute("PRAGMA query_only = ON")
        except BaseException:
            self._connection.close()
            raise

    def write(self, units: Sequence[_Unit]) -> None:
        try:
            self._commit(units, self._run)
        except _UnitFailed as failed:
            if len(units) == 1:
                units[0].error = failed.__cause__
            else:  # one of them is at fault, and the others shall not suffer
                self._commit(units, self._run_apart)

    def _commit(self, units: Sequence[_Unit], run: Callable[[_Unit], None]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for unit in units:
                run(unit)
            self._connection.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def _run(self, unit: _Unit) -> None:
        try:
            unit.outcome = _driven(unit.work(cast("Transaction", self)))
        except Exception as error:
            raise _UnitFailed from error

    def _run_apart(self, unit: _Unit) -> None:
        self._connection.execute("SAVEPOINT unit")
        try:
            self._run(unit)
        except _UnitFailed as failed:
            if not self._connection.in_transaction:  # the database itself gave it up, with all that it held
                raise
            self._connection.execute("ROLLBACK TO unit")
            unit.error = failed.__cause__
        self._connection.execute("RELEASE unit")

    def read(self, work: Work[_T]) -> _T:
        self._connection.execute("BEGIN")
        try:
            return _driven(work(cast("Transaction", self)))
        finally:
            self._roll_back()

    def close(self) -> None:
        self._connection.close()

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    async def rows(self, query: Query, /, **values: Any) -> list[tuple[Any, ...]]:
        prepared = self._preparations.query(query)
        return prepared.decoded(self._connection.execute(prepared.sql, prepared.values(values)).fetchall())

    async def run(self, query: Query, /, **values: Any) -> int:
        prepared = self._preparations.query(query)
        try:
            return self._connection.execute(prepared.sql, prepared.values(values)).rowcount
        except sqlite3.IntegrityError as error:
            raise _told(error) from error

    async def insert(
        self, table: type[Table], rows: Sequence[Mapping[str, Any]], /, *, unless_there: bool = False
    ) -> None:
        prepared = self._preparations.insert(table, unless_there=unless_there)
        try:
            for row in rows:
                self._connection.execute(prepared.sql, prepared.values(row))
        except sqlite3.IntegrityError as error:
            raise _told(error) from error


def _told(error: sqlite3.IntegrityError) -> Exception:
    unique = {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}
    return Taken() if error.sqlite_errorcode in unique else error


def _driven(work: Awaitable[_T]) -> _T:
    """Run what is written as a coroutine, and never waits here: its statements are done when they return."""
    running = cast("Coroutine[Any, Any, _T]", work)
    try:
        running.send(None)
    except StopIteration as end:
        return cast("_T", end.value)
    running.close()
    raise RuntimeError("a transaction on the short way awaited something else than its statements")
