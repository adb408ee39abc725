"""The database of one host: short transactions, each a function of a session."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from sqlite3 import SQLITE_ERROR
from typing import Final, TypeVar

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import ServiceUnavailable
from .engine import WRITES, make_engine
from .urls import shown_url

__all__ = ["Database", "StoreUnavailable", "is_outage"]

_T = TypeVar("_T")
_log = logging.getLogger("promptdock.store")
_TRIES: Final = 4
_MOST_TRIES: Final = 8
_RETRIED: Final = frozenset({"40001", "40P01"})
"""PostgreSQL's codes for transactions that may be tried again: serialization failure and deadlock."""
_PARENT_GONE: Final = "23503"
"""PostgreSQL's code for a foreign key that leads nowhere: what was read a moment ago was deleted meanwhile. Whoever
tries again does not find it any more, and says so."""

_OUTAGES: Final = frozenset({"08", "53", "57", "58"})
"""PostgreSQL's classes of codes for: connection gone, out of resources, operator at work, system error."""


class StoreUnavailable(ServiceUnavailable):
    """The database cannot be reached, or is too busy."""

    code = "store_unavailable"


class Database:
    """Runs transactions. Each one runs in a task of its own: whoever waits may be cancelled, a transaction never is.

    Args:
        url: With the driver aiosqlite or asyncpg.
    """

    def __init__(self, url: URL) -> None:
        self.url = url
        self._engine = make_engine(url)
        # SQLite has one writer at a time; waiting here is cheaper than in its busy handler, and keeps the order
        self._writer = asyncio.Lock() if self.is_sqlite else contextlib.nullcontext()
        self._running: set[asyncio.Task[object]] = set()
        self._openable = False

    @property
    def is_sqlite(self) -> bool:
        """Whether it is SQLite; else it is PostgreSQL."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def engine(self) -> AsyncEngine:
        """The engine, for migrations and liveness."""
        return self._engine

    async def read(self, work: Callable[[AsyncSession], Awaitable[_T]]) -> _T:
        """Run a transaction that only reads.

        Args:
            work: What to read; its session is closed afterwards, so it gives what is needed, loaded.

        Raises:
            StoreUnavailable: The database cannot be reached.
            Exception: Whatever ``work`` raises.
        """
        return await self._shielded(lambda: self._once(work, writes=False))

    async def write(self, work: Callable[[AsyncSession], Awaitable[_T]]) -> _T:
        """Run a transaction that writes: all of it, or nothing when ``work`` raises.

        Args:
            work: What to write. It may be called again when another transaction got in its way, so it has no other
                effects.

        Raises:
            StoreUnavailable: The database cannot be reached, or stays busy.
            Exception: Whatever ``work`` raises; nothing was written then.
        """
        return await self._shielded(lambda: self._tried(work))

    async def aclose(self) -> None:
        """Wait for the transactions under way, then close the connections."""
        while self._running:
            await asyncio.wait(set(self._running))
        await self._engine.dispose()

    async def _shielded(self, start: Callable[[], Awaitable[_T]]) -> _T:
        async def run() -> _T:
            return await start()

        task = asyncio.ensure_future(run())
        self._running.add(task)
        task.add_done_callback(self._forget)
        return await asyncio.shield(task)

    def _forget(self, task: asyncio.Task[object]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.debug("A transaction failed: %s", type(error).__name__)

    async def _tried(self, work: Callable[[AsyncSession], Awaitable[_T]]) -> _T:
        for attempt in range(1, _MOST_TRIES + 1):
            try:
                async with self._writer:
                    return await self._once(work, writes=True)
            except DBAPIError as error:
                if attempt >= _tries(error):
                    if not _may_be_tried_again(error):
                        raise
                    raise self._unavailable(error) from error
                # by chance, so that those who were in each other's way are not again
                await asyncio.sleep(random.uniform(0.5, 1.5) * 0.005 * 2**attempt)  # noqa: S311  (no secret)
        raise AssertionError  # the last try returns or raises

    async def _once(self, work: Callable[[AsyncSession], Awaitable[_T]], *, writes: bool) -> _T:
        try:
            async with self._session(writes=writes) as session:
                return await work(session)
        except Exception as error:
            if not is_outage(error) or (isinstance(error, DBAPIError) and _may_be_tried_again(error)):
                raise
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> StoreUnavailable:
        _log.error("The database %s cannot be used: %s", shown_url(self.url), error)
        return StoreUnavailable("The database cannot be used now; the log says why.", hint="Try again.", retry_after=1)

    @asynccontextmanager
    async def _session(self, *, writes: bool) -> AsyncIterator[AsyncSession]:
        async with contextlib.aclosing(await self._connected()) as connection:
            if writes:
                connection = await connection.execution_options(**{WRITES: True})
            session = AsyncSession(bind=connection, expire_on_commit=False)
            try:
                async with session.begin():
                    yield session
            finally:
                await session.close()

    async def _connected(self) -> AsyncConnection:
        try:
            if self.is_sqlite and not self._openable:
                # aiosqlite's thread complains on stderr when the event loop ends right after it could not open a file
                await asyncio.to_thread(lambda: sqlite3.connect(str(self.url.database)).close())
                self._openable = True
            return await self._engine.connect()
        except (DBAPIError, OSError, sqlite3.Error, TypeError) as error:
            if isinstance(error, DBAPIError) and _may_be_tried_again(error):
                raise
            # whatever it is: no such host, a wrong password, a parameter that no URL has, a file that is no database
            raise ConnectionError(_reason(error)) from error


def is_outage(error: BaseException) -> bool:
    """Whether an exception says that the database cannot be used now, rather than that the statement was wrong."""
    if getattr(getattr(error, "orig", None), "sqlite_errorcode", None) == SQLITE_ERROR:
        return False  # the statement was wrong, e.g. there is no such table; SQLite has no class of its own for that
    if isinstance(error, (OSError, PoolTimeout, InterfaceError, OperationalError)):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    # the driver's own exceptions come as they are where a connection is opened
    return (_sqlstate(error) or "")[:2] in _OUTAGES


def _sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's code of an exception, however deep it is wrapped."""
    original = error.orig if isinstance(error, DBAPIError) else error
    code: str | None = getattr(original, "sqlstate", None)
    return code or getattr(getattr(original, "__cause__", None), "sqlstate", None)


def _reason(error: Exception) -> str:
    """What the database's driver, or the system, says of a failure."""
    return str(getattr(error, "orig", None) or getattr(error, "strerror", None) or error)


def _tries(error: DBAPIError) -> int:
    """How often a transaction is tried that fails so; a lock of SQLite's was waited for by SQLite itself."""
    code = _sqlstate(error)
    if code in _RETRIED:
        return _MOST_TRIES
    return _TRIES if code == _PARENT_GONE or _may_be_tried_again(error) else 1


def _may_be_tried_again(error: DBAPIError) -> bool:
    return _sqlstate(error) in _RETRIED or "database is locked" in str(error.orig)
