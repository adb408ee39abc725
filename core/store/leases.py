"""Which worker processes are alive: each holds a lock that the system lets go of when it dies, however it dies."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final, Protocol
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel.ext.asyncio.session import AsyncSession

from ..ids import new_id
from .database import Database
from .tables import WorkerRow
from .uniqueness import insert_unless_there

__all__ = ["Lease", "enlist", "take_lease"]

_RETAKE_PAUSE: Final = 0.2
_BENEFIT_OF_DOUBT: Final = 1.0
"""Seconds in which a worker that lives takes a lock again that it has lost."""


class Lease(Protocol):
    """A worker's own lock, and a look at those of the others."""

    worker_id: UUID

    async def renew(self) -> None:
        """Take the lock again if it was lost, e.g. because the database was restarted."""
        ...

    async def dead(self, workers: Collection[UUID]) -> frozenset[UUID]:
        """Those of some workers that are not alive."""
        ...

    async def aclose(self) -> None:
        """Let go."""
        ...


async def take_lease(database: Database) -> Lease:
    """Make this process known as a worker.

    Args:
        database: Up to date.

    Returns:
        The lease; its lock was taken before others can read of the worker.
    """
    lease: Lease = FileLease(Path(str(database.url.database))) if database.is_sqlite else AdvisoryLease(database)
    await lease.renew()
    await database.write(lambda session: enlist(session, lease.worker_id))
    return lease


async def enlist(session: AsyncSession, worker_id: UUID) -> None:
    """Make this process known as a worker, if it is not."""
    row = {"id": worker_id, "host": socket.gethostname()[:255], "pid": os.getpid()}
    await insert_unless_there(session, WorkerRow, [row])


class FileLease:
    """For SQLite, whose workers share a machine: a locked file beside the database.

    Args:
        database: The database's file.
    """

    def __init__(self, database: Path) -> None:
        self.worker_id = new_id()
        self._folder = database.with_name(f"{database.name}.workers")
        self._file: IO[bytes] | None = None

    async def renew(self) -> None:
        """Lock the file; the system never takes that back from a process that lives."""
        if self._file is not None:
            return
        import fcntl

        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = (self._folder / str(self.worker_id)).open("wb")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    async def dead(self, workers: Collection[UUID]) -> frozenset[UUID]:
        """Try their locks."""
        return frozenset(worker for worker in workers if worker != self.worker_id and not self._is_locked(worker))

    def _is_locked(self, worker: UUID) -> bool:
        import fcntl

        path = self._folder / str(worker)
        try:
            with path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        path.unlink(missing_ok=True)
        return False

    async def aclose(self) -> None:
        """Unlock and remove the file."""
        if self._file is not None:
            (self._folder / str(self.worker_id)).unlink(missing_ok=True)
            self._file.close()
            self._file = None


class AdvisoryLease:
    """For PostgreSQL: an advisory lock on a connection of its own, taken again at once when that breaks.

    Args:
        database: The database.
    """

    def __init__(self, database: Database) -> None:
        self.worker_id = new_id()
        self._database = database
        self._connection: AsyncConnection | None = None
        self._renewing = asyncio.Lock()
        self._retaking: asyncio.Task[None] | None = None

    async def renew(self) -> None:
        """Lock, on a new connection when the old one has gone."""
        async with self._renewing:
            if self._connection is not None:
                try:
                    await self._connection.execute(text("SELECT 1"))
                    return
                except (DBAPIError, OSError):
                    await self._drop()
            self._connection = await self._locked()

    async def _locked(self) -> AsyncConnection:
        connection = await self._database.engine.execution_options(isolation_level="AUTOCOMMIT").connect()
        try:
            await connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _lock_key(self.worker_id)})
            driver: Any = (await connection.get_raw_connection()).driver_connection
            driver.add_termination_listener(self._broke)
        except BaseException:
            await connection.invalidate()
            await connection.close()
            raise
        return connection

    def _broke(self, _: object) -> None:
        """The connection has gone, and with it the lock: others would take this process for dead."""
        if self._connection is not None and (self._retaking is None or self._retaking.done()):
            self._retaking = asyncio.create_task(self._retake(), name="promptdock lease")

    async def _retake(self) -> None:
        while True:
            try:
                await self.renew()
                return
            except Exception:  # noqa: BLE001  (whatever a database that is away says)
                await asyncio.sleep(_RETAKE_PAUSE)

    async def dead(self, workers: Collection[UUID]) -> frozenset[UUID]:
        """Look which locks are held, twice: all are lost together when the server restarts, and soon taken again."""
        others = [worker for worker in workers if worker != self.worker_id]
        missing = await self._missing(others) if others else frozenset()
        if missing:
            await asyncio.sleep(_BENEFIT_OF_DOUBT)
            missing &= await self._missing(others)
        return missing

    async def _missing(self, others: Collection[UUID]) -> frozenset[UUID]:
        async with self._database.engine.connect() as connection:
            rows = await connection.execute(
                text(
                    "SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks "
                    "WHERE locktype = 'advisory' AND objsubid = 1 AND granted "
                    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                )
            )
            held = {row[0] for row in rows}
        return frozenset(worker for worker in others if _lock_key(worker) not in held)

    async def aclose(self) -> None:
        """Unlock."""
        if self._retaking is not None:
            self._retaking.cancel()
            with suppress(asyncio.CancelledError):
                await self._retaking
        await self._drop()

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(DBAPIError, OSError):
                # closed for good: given back to the pool it would keep the lock
                await connection.invalidate()
            await connection.close()


def _lock_key(worker: UUID) -> int:
    """63 bits of the id that are random enough; negative keys would not compare with what pg_locks tells."""
    return (worker.int ^ worker.int >> 64) & (1 << 63) - 1
