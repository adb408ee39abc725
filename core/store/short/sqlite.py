"""SQLite on the short way: what has gathered while one commit was under way is the next one.

SQLite has one writer at a time, and a commit that survives a loss of power waits for the disk. So transactions that
come meanwhile share the next commit. Each stands for itself: when one of them fails, all are begun anew, each behind a
savepoint of its own. Nobody is told of a success before the commit that holds it.

Statements run here, in the event loop's thread: each takes some microseconds, and two threads that hand Python's lock
back and forth for each of them take twice as long. Only the disk is waited for in another thread, and other processes.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import msgspec

from .side_thread import SideThread
from .sqlite_connection import SqliteConnection, driven

if TYPE_CHECKING:
    from .prepared import Preparations
    from .transaction import Query, Transaction, Work

__all__ = ["Ended", "SqliteShort"]

_T = TypeVar("_T")
Ended: TypeAlias = Callable[[float, BaseException | None], BaseException | None]
"""Takes when a transaction was asked for, and what it failed of; gives what whoever waits for it hears of that."""

_AT_ONCE: Final = 16
"""Transactions that run without anything else in between."""
_GATHER: Final = 0.0003
"""Seconds that a commit waits for others to join it, where several joined the one before: a commit costs as much time
of the processor as two or three transactions. So long take those that are about to come; a whole millisecond costs who
waits more than it gathers. uvloop counts whole ones, and takes it for the time until its next turn."""


class SqliteShort:
    """The short way to one SQLite database.

    Args:
        path: The database's file.
        preparations: Its statements.
        writer: Held by whoever writes by another way.
        ended: Told of each transaction that writes when it has ended.
    """

    def __init__(self, path: str, preparations: Preparations, writer: asyncio.Lock, ended: Ended) -> None:
        self._open = partial(SqliteConnection, path, preparations)
        self._writer = writer
        self._ended = ended
        self._waiting: list[_Unit] = []
        self._committing: asyncio.Task[None] | None = None
        self._crowded = False
        self._write_thread = SideThread("promptdock-sqlite-writer")
        self._read_thread = SideThread("promptdock-sqlite-reader")
        self._for_writing: SqliteConnection | None = None
        self._for_threads: SqliteConnection | None = None
        self._here: SqliteConnection | None = None
        self._is_closed = False

    def write(self, work: Work[_T]) -> asyncio.Future[_T]:
        """Run a transaction that writes; see :meth:`promptdock.store.database.Database.write_short`."""
        unit = _Unit(work, asyncio.get_running_loop().create_future(), time.perf_counter())
        self._waiting.append(unit)
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit(), name="promptdock commits")
        return unit.done

    async def read(self, work: Work[_T]) -> _T:
        """Run a transaction that reads, in a thread."""
        self._check_open()
        return await self._read_thread.run(lambda: self._reader().read(work))

    def at_once(self, query: Query, values: Mapping[str, Any]) -> list[tuple[Any, ...]] | None:
        """The rows of a query; None where it fails, and where it has to wait. Then :meth:`peek` says more.

        In SQLite's write-ahead mode readers wait for nobody.
        """
        try:
            return self._looking().look(query, values)
        except sqlite3.Error:
            return None

    async def peek(self, work: Work[_T]) -> _T:
        """Read something small at once, here: that takes less time than asking a thread for it."""
        try:
            return driven(work(self._looking()))
        except sqlite3.OperationalError:  # e.g. while another process repairs the log after a crash: wait in a thread
            return await asyncio.shield(asyncio.ensure_future(self.read(work)))

    async def aclose(self) -> None:
        """Wait for what is under way, then close the connections."""
        while self._committing is not None:
            await asyncio.wait({self._committing})
        # whoever comes now must not use in this thread what another one closes: that ends the process
        self._is_closed = True
        # the reader's first: reading may be under way still, for somebody who has gone
        for thread, connection in (
            (self._read_thread, self._for_threads),
            (self._read_thread, self._here),
            (self._write_thread, self._for_writing),
        ):
            if connection is not None:
                await thread.run(connection.close)
        self._for_writing = self._for_threads = self._here = None
        self._read_thread.close()
        self._write_thread.close()

    def _check_open(self) -> None:
        if self._is_closed:
            raise sqlite3.ProgrammingError("the database is closed")

    def _looking(self) -> SqliteConnection:
        self._check_open()
        if self._here is None:
            self._here = self._open(is_writer=False, patience=0.0)
        return self._here

    def _reader(self) -> SqliteConnection:
        if self._for_threads is None:
            self._for_threads = self._open(is_writer=False)
        return self._for_threads

    async def _commit(self) -> None:
        try:
            while self._waiting:
                if self._crowded:
                    await asyncio.sleep(_GATHER)
                async with self._writer:
                    units, self._waiting = self._waiting, []
                    self._crowded = len(units) > 1
                    await self._told(units)
        finally:
            self._committing = None

    async def _told(self, units: Sequence[_Unit]) -> None:
        """Commit some transactions, and tell those who wait for them."""
        try:
            await self._committed(units)
        except Exception as error:  # noqa: BLE001  (each of them hears it)
            told = error.__cause__ if isinstance(error, _UnitFailed) else error
            for unit in units:
                unit.outcome, unit.error = None, told
        for unit in units:
            unit.tell(self._ended(unit.began, unit.error))

    async def _committed(self, units: Sequence[_Unit]) -> None:
        self._check_open()
        if self._for_writing is None:
            self._for_writing = await self._write_thread.run(lambda: self._open(is_writer=True))
        try:
            await self._together(units, self._for_writing, _run)
        except _UnitFailed as failed:
            if len(units) == 1:
                units[0].error = failed.__cause__
            else:  # one of them is at fault, and the others shall not suffer
                await self._together(units, self._for_writing, _run_apart)

    async def _together(
        self, units: Sequence[_Unit], connection: SqliteConnection, run: Callable[[SqliteConnection, _Unit], None]
    ) -> None:
        if not connection.begin_now():
            await self._write_thread.run(connection.begin)
        try:
            for number, unit in enumerate(units, 1):
                run(connection, unit)
                if number % _AT_ONCE == 0:
                    await asyncio.sleep(0)
            await self._write_thread.run(connection.commit)
        except BaseException:
            connection.roll_back()
            raise


class _Unit(msgspec.Struct):
    """One transaction among those of a commit."""

    work: Callable[[Transaction], Coroutine[Any, Any, Any]]
    done: asyncio.Future[Any]
    began: float
    outcome: Any = None
    error: BaseException | None = None

    def tell(self, error: BaseException | None) -> None:
        if self.done.done():  # whoever waited has gone
            return
        if error is None:
            self.done.set_result(self.outcome)
        else:
            self.done.set_exception(error)


class _UnitFailed(Exception):
    """One of the transactions of a commit failed; its cause says how."""


def _run(connection: SqliteConnection, unit: _Unit) -> None:
    try:
        unit.outcome = driven(unit.work(connection))
    except Exception as error:
        raise _UnitFailed from error


def _run_apart(connection: SqliteConnection, unit: _Unit) -> None:
    connection.savepoint()
    try:
        _run(connection, unit)
    except _UnitFailed as failed:
        if not connection.in_transaction:  # the database itself gave it up, with all that it held
            raise
        connection.roll_back_to_savepoint()
        unit.error = failed.__cause__
    connection.release_savepoint()
