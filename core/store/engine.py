"""Making the engine: what each of the two databases needs to behave as we rely on."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import URL, Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from .sqlite_files import PATIENCE

__all__ = ["WRITES", "make_engine"]

WRITES: Final = "promptdock_writes"
"""Execution option of a connection whose transaction will write."""

_CONNECTIONS: Final = 5
"""To PostgreSQL, one of them for the lease. The short way has ten more: six workers share the hundred that a server of
its takes by default."""
_BUSY_MS: Final = int(PATIENCE * 1000)


def make_engine(url: URL) -> AsyncEngine:
    """Make an engine; nothing is opened yet.

    Args:
        url: With the driver aiosqlite or asyncpg.
    """
    # what people said, and digests of keys, are no part of any error's text
    if url.get_backend_name() == "sqlite":
        engine = create_async_engine(url, pool_size=8, max_overflow=0, pool_timeout=60, hide_parameters=True)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    return create_async_engine(
        url,
        pool_size=_CONNECTIONS,
        max_overflow=0,
        pool_timeout=60,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"server_settings": {"application_name": "promptdock", "timezone": "UTC"}},
    )


def _prepare_sqlite(connection: Any, _: object) -> None:
    # the driver's own idea of when a transaction begins is switched off; see _begin_sqlite
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (f"busy_timeout = {_BUSY_MS}", "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Take the lock for writing at once: a transaction that read first could not get it later, and would fail."""
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
