"""The database of one host: transactions, each a function of a session, or on the short way of its statements."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import ServiceUnavailable
from .configuration import Configuration
from .engine import make_engine
from .opened import Sessions
from .outages import MOST_TRIES, is_outage, may_be_tried_again, tries
from .short.prepared import Preparations
from .short.sqlite import SqliteShort
from .sqlite_files import PATIENCE
from .urls import shown_url

if TYPE_CHECKING:
    from .short import Query, Work
    from .short.postgres import PostgresShort

__all__ = ["Database", "StoreUnavailable"]

_T = TypeVar("_T")
_log = logging.getLogger("promptdock.store")


class StoreUnavailable(ServiceUnavailable):
    """The database cannot be reached, or is too busy."""

    code = "store_unavailable"


class Database:
    """Runs transactions. Each one runs in a task of its own: whoever waits may be cancelled, a transaction never is.

    Args:
        url: With the driver aiosqlite or asyncpg.

    Attributes:
        url: As given.
        is_sqlite: Whether it is SQLite; else it is PostgreSQL.
        configuration: Remembers what seldom changes.
        observe: Told of each transaction when it has ended: its kind (``read``, ``write``, or ``group`` for one on the
            short way), its outcome (``ok``, ``failed`` or ``unavailable``), the seconds that it took, and those that it
            had waited for its turn; None for nobody.
    """

    def __init__(self, url: URL) -> None:
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._engine = make_engine(url)
        self._sessions = Sessions(self._engine)
        preparations = Preparations(self._engine.dialect)
        if self.is_sqlite:
            # one writer at a time; waiting here is cheaper than in its busy handler, and keeps the order
            self._writer: asyncio.Lock | None = asyncio.Lock()
            self._short: SqliteShort | PostgresShort = SqliteShort(
                str(url.database), preparations, self._writer, self._ended
            )
        else:
            from .short.postgres import PostgresShort

            self._writer = None
            self._short = PostgresShort(url, self._engine.dialect, preparations)
        self.configuration = Configuration(self)
        self.observe: Callable[[str, str, float, float], None] | None = None
        self._running: set[asyncio.Task[object]] = set()

    @property
    def engine(self) -> AsyncEngine:
        """The engine, for migrations and liveness."""
        return self._engine

    async def read(self, work: Callable[[AsyncSession], Awaitable[_T]]) -> _T:
        """Run a transaction that only reads.

        Args:
            work: What to read; its session is closed afterwards, so it gives what is needed, loaded. It may be called
                again, as for :meth:`write`.

        Raises:
            StoreUnavailable: The database cannot be reached, or stays busy.
            Exception: Whatever ``work`` raises.
        """
        return await self._shielded(
            lambda: self._tried(lambda: self._observed("read", lambda: self._once(work, writes=False)))
        )

    async def write(self, work: Callable[[AsyncSession], Awaitable[_T]]) -> _T:
        """Run a transaction that writes: all of it, or nothing when ``work`` raises.

        Args:
            work: What to write. It may be called again when another transaction got in its way, so it has no other
                effects.

        Raises:
            StoreUnavailable: The database cannot be reached, or stays busy.
            Exception: Whatever ``work`` raises; nothing was written then.
        """
        return await self._shielded(lambda: self._tried(lambda: self._written(work)))

    def write_short(self, work: Work[_T]) -> asyncio.Future[_T]:
        """Run a transaction that writes, on the short way; in SQLite it shares its commit with others of the moment.

        Args:
            work: What to write. It may be called again, and in another thread, and awaits nothing but its transaction.

        Returns:
            What ``work`` returns, once it is stored for good. Who cancels it stops waiting, and nothing else: what is
            begun is done. It fails with StoreUnavailable when the database cannot be reached, or stays busy, and with
            whatever ``work`` raises; nothing of it was written then.
        """
        if isinstance(self._short, SqliteShort):
            return self._short.write(work)
        short = self._short
        return self._shielded(lambda: self._tried(lambda: self._grouped(short, work)))

    async def read_short(self, work: Work[_T]) -> _T:
        """Read, on the short way.

        Args:
            work: What to read, as for :meth:`write_short`.

        Raises:
            StoreUnavailable: The database cannot be reached.
            Exception: Whatever ``work`` raises.
        """
        return await self._shielded(lambda: self._observed("read", lambda: self._told(lambda: self._short.read(work))))

    def at_once(self, query: Query, /, **values: Any) -> list[tuple[Any, ...]] | None:
        """The rows of a query that an index leads to; None where they have to be waited for, see :meth:`peek`.

        Args:
            query: What to read; its columns are named one by one.
            **values: For the parameters of the query.
        """
        return self._short.at_once(query, values) if isinstance(self._short, SqliteShort) else None

    async def peek(self, work: Work[_T]) -> _T:
        """Read a row or two that an index leads to; in SQLite at once, in this thread and task.

        Args:
            work: As for :meth:`read_short`; its statements do not see one state of the database.

        Raises:
            StoreUnavailable: The database cannot be reached.
            Exception: Whatever ``work`` raises.
        """
        if isinstance(self._short, SqliteShort):
            return await self._told(lambda: self._short.peek(work))
        return await self._shielded(lambda: self._told(lambda: self._short.peek(work)))

    async def aclose(self) -> None:
        """Wait for the transactions under way, then close the connections."""
        while self._running:
            await asyncio.wait(set(self._running))
        await self._short.aclose()
        await self._engine.dispose()

    def _shielded(self, start: Callable[[], Awaitable[_T]]) -> asyncio.Future[_T]:
        async def run() -> _T:
            return await start()

        task = asyncio.ensure_future(run())
        self._running.add(task)
        task.add_done_callback(self._forget)
        return asyncio.shield(task)

    def _forget(self, task: asyncio.Task[object]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.debug("A transaction failed: %s", type(error).__name__)

    async def _tried(self, attempt: Callable[[], Awaitable[_T]]) -> _T:
        end = time.monotonic() + PATIENCE
        for number in range(1, MOST_TRIES + 1):
            try:
                return await attempt()
            except StoreUnavailable:
                raise
            except Exception as error:
                # a lock of SQLite's that was waited for is not waited for again
                if number >= tries(error) or (self.is_sqlite and time.monotonic() >= end):
                    if not may_be_tried_again(error):
                        raise
                    raise self._unavailable(error) from error
                # by chance, so that those who were in each other's way are not again
                await asyncio.sleep(random.uniform(0.5, 1.5) * 0.005 * 2**number)  # noqa: S311  (no secret)
        raise AssertionError  # the last try returns or raises

    async def _written(self, work: Callable[[AsyncSession], Awaitable[_T]]) -> _T:
        if self._writer is None:
            return await self._observed("write", lambda: self._once(work, writes=True))
        began = time.perf_counter()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._writer.acquire()
        except TimeoutError as error:
            if self.observe is not None:
                self.observe("write", "unavailable", 0.0, time.perf_counter() - began)
            raise self._unavailable("others have been writing for too long") from error
        try:
            waited = time.perf_counter() - began
            return await self._observed("write", lambda: self._once(work, writes=True), waited)
        finally:
            self._writer.release()

    async def _grouped(self, short: PostgresShort, work: Work[_T]) -> _T:
        began = time.perf_counter()
        try:
            result = await short.write(work)
        except Exception as error:
            told = self._ended(began, error)
            if told is None or told is error:
                raise
            raise told  # noqa: B904  (its cause is said already)
        self._ended(began, None)
        return result

    def _ended(self, began: float, error: BaseException | None) -> BaseException | None:
        """Tell who observes of a transaction on the short way; gives what whoever waits hears of its error."""
        outcome, told = "ok", error
        if error is not None:
            outcome = "failed"
            if self._is_to_be_told(error):
                outcome, told = "unavailable", self._unavailable(error)
                told.__cause__ = error
        try:
            if self.observe is not None:
                self.observe("group", outcome, time.perf_counter() - began, 0.0)
        except Exception:  # noqa: BLE001  (others wait for the same commit, and it is done)
            _log.exception("A transaction could not be told of")
        return told

    async def _observed(self, kind: str, attempt: Callable[[], Awaitable[_T]], waited: float = 0.0) -> _T:
        if self.observe is None:
            return await attempt()
        began, outcome = time.perf_counter(), "failed"
        try:
            result = await attempt()
            outcome = "ok"
        except StoreUnavailable:
            outcome = "unavailable"
            raise
        finally:
            self.observe(kind, outcome, time.perf_counter() - began, waited)
        return result

    async def _told(self, attempt: Callable[[], Awaitable[_T]]) -> _T:
        """Say of an outage what it is."""
        try:
            return await attempt()
        except Exception as error:
            if not self._is_to_be_told(error):
                raise
            raise self._unavailable(error) from error

    def _is_to_be_told(self, error: BaseException) -> bool:
        """Whether it is an outage; a transaction that may be tried again fails as it is."""
        return is_outage(error) and (self.is_sqlite or not may_be_tried_again(error))

    async def _once(self, work: Callable[[AsyncSession], Awaitable[_T]], *, writes: bool) -> _T:
        try:
            async with self._sessions.begun(writes=writes) as session:
                return await work(session)
        except Exception as error:
            if not is_outage(error) or may_be_tried_again(error):
                raise
            raise self._unavailable(error) from error

    def _unavailable(self, error: BaseException | str) -> StoreUnavailable:
        _log.error("The database %s cannot be used: %s", shown_url(self.url), error)
        return StoreUnavailable("The database cannot be used now; the log says why.", hint="Try again.", retry_after=1)
