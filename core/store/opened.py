"""Sessions on connections of an engine, which say in one way when there is none to be had."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from .engine import WRITES
from .outages import may_be_tried_again, reason_of
from .sqlite_files import prepare_file

__all__ = ["Sessions"]


class Sessions:
    """Opens sessions, each with a transaction begun.

    Args:
        engine: Whose connections they have.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._is_prepared = engine.url.get_backend_name() != "sqlite"

    @asynccontextmanager
    async def begun(self, *, writes: bool) -> AsyncIterator[AsyncSession]:
        """A session, whose transaction is committed at the end of the block, or rolled back when that raises.

        Args:
            writes: Whether it will write.

        Raises:
            ConnectionError: There is no connection to be had.
            DBAPIError: The same, where it may be tried again.
        """
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
            if not self._is_prepared:
                await asyncio.to_thread(prepare_file, str(self._engine.url.database))
                self._is_prepared = True
            return await self._engine.connect()
        except (DBAPIError, OSError, sqlite3.Error, TypeError) as error:
            if isinstance(error, DBAPIError) and may_be_tried_again(error):
                raise
            # whatever it is: no such host, a wrong password, a parameter that no URL has, a file that is no database
            raise ConnectionError(reason_of(error)) from error
