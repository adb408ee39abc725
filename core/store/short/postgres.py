"""PostgreSQL on the short way: asyncpg itself, whose connections keep the statements that they were sent before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ..outages import is_outage
from .postgres_transaction import NeverBegun, PostgresConnection, PostgresTransaction, Unanswered

if TYPE_CHECKING:
    from sqlalchemy import URL, Dialect

    from .prepared import Preparations
    from .transaction import Work

__all__ = ["PostgresShort"]

_T = TypeVar("_T")
_CONNECTIONS: Final = 10
_STATEMENTS: Final = 256
"""Statements that a connection keeps prepared: those in use; what rows may be added together is many more."""
_IDLE_SECONDS: Final = 300.0
_WAIT_SECONDS: Final = 60.0


class _NotConnected(ConnectionError):
    """There is no connection to be had."""


class PostgresShort:
    """The short way to one PostgreSQL database.

    Args:
        url: Of the database.
        dialect: Of the database, with its driver.
        preparations: Its statements.
    """

    def __init__(self, url: URL, dialect: Dialect, preparations: Preparations) -> None:
        self._url = url
        self._dialect = dialect
        self._preparations = preparations
        self._opening = asyncio.Lock()
        self._pool: Any = None

    async def write(self, work: Work[_T]) -> _T:
        """Run a transaction; the server itself commits several of them at once."""
        try:
            return await self._write(work)
        except NeverBegun:  # the connection was lost since it was used last
            return await self._write(work)

    async def _write(self, work: Work[_T]) -> _T:
        try:
            async with self._connection() as connection:
                transaction = PostgresTransaction(connection, self._preparations)
                try:
                    result = await work(transaction)
                    await transaction.commit()
                except BaseException:
                    await transaction.roll_back()
                    raise
        except Unanswered as lost:
            async with self._connection() as connection:
                await lost.repeat(connection)
        return result

    async def read(self, work: Work[_T]) -> _T:
        """Run statements that read, each for itself; once more where the connection was lost since it was used last."""
        try:
            return await self._read(work)
        except _NotConnected:
            raise
        except Exception as error:
            if not is_outage(error):
                raise
        return await self._read(work)

    async def _read(self, work: Work[_T]) -> _T:
        async with self._connection() as connection:
            return await work(PostgresConnection(connection, self._preparations))

    async def peek(self, work: Work[_T]) -> _T:
        """The same: the database is never so near that a question takes no time."""
        return await self.read(work)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            await self._pool.close()
            self._pool = None

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        if self._pool is None:
            await self._open()
        from asyncpg import InterfaceError, PostgresError

        try:
            # where one is free there is nothing to wait for, and no need of a clock beside it
            connection = await self._pool.acquire(timeout=None if self._pool.get_idle_size() else _WAIT_SECONDS)
        except (PostgresError, InterfaceError, OSError, TypeError) as error:
            # whatever it is: no such host, a wrong password, a parameter that no URL has
            raise _NotConnected(str(error)) from error
        try:
            yield connection
        except Exception as error:
            if is_outage(error):
                with suppress(InterfaceError):  # it was given back by itself
                    connection.terminate()  # it may not know yet that it is of no use
            raise
        finally:
            await self._pool.release(connection)

    async def _open(self) -> None:
        import asyncpg

        async with self._opening:
            if self._pool is not None:
                return
            _, options = self._dialect.create_connect_args(self._url)
            for name in ("prepared_statement_cache_size", "prepared_statement_name_func"):
                options.pop(name, None)  # SQLAlchemy's own
            self._pool = await asyncpg.create_pool(
                **options,
                min_size=0,
                max_size=_CONNECTIONS,
                statement_cache_size=_STATEMENTS,
                max_inactive_connection_lifetime=_IDLE_SECONDS,
                server_settings={"application_name": "promptdock", "timezone": "UTC"},
                reset=_nothing_to_reset,
            )


async def _nothing_to_reset(_: Any) -> None:
    """A transaction leaves nothing behind on its connection, and asking for that costs as much as a statement."""
