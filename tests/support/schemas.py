"""Databases of released versions: ``python -m tests.support.schemas`` writes the one of this version's schema.

Run it from the repository's root with every release that has a new revision, and keep the files of the earlier ones:
``tests/fixtures/schemas/<revision>.<database>.sql``, a database with two rows in every table, one with all columns
filled and one with those that may be null. It needs a PostgreSQL server, or its binaries, and ``pg_dump``.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg
from pydantic import SecretStr
from sqlalchemy import BigInteger, Boolean, Column, DateTime, Float, Integer, String, Uuid
from sqlalchemy import Table as SqlTable
from sqlmodel import AutoString
from sqlmodel.ext.asyncio.session import AsyncSession

from promptdock.settings import Settings
from promptdock.store.database import Database
from promptdock.store.migrating import schema_status, upgrade
from promptdock.store.tables import Table
from promptdock.store.types import JsonText, Money, UtcDateTime
from promptdock.store.urls import database_url as url_of
from tests.support.databases import Postgres, postgres_server

__all__ = ["FOLDER", "database_at", "fill", "load", "revisions"]

FOLDER: Final = Path(__file__).parents[1] / "fixtures" / "schemas"
_AT: Final = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)


def database_at(url: str) -> Database:
    """An engine of its own on a database."""
    return Database(url_of(Settings(database_url=SecretStr(url))))


def revisions() -> list[str]:
    """The revisions that have fixtures, the first one first."""
    return sorted({path.name.partition(".")[0] for path in FOLDER.glob("*.sql")})


async def load(url: str, revision: str) -> None:
    """Put the fixture of a revision into an empty database."""
    if url.startswith("sqlite"):
        script = (FOLDER / f"{revision}.sqlite.sql").read_text(encoding="utf-8")
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.executescript(script)
        return
    connection = await asyncpg.connect(url)
    try:
        await connection.execute((FOLDER / f"{revision}.postgresql.sql").read_text(encoding="utf-8"))
    finally:
        await connection.close()


async def fill(database: Database) -> None:
    """Put two rows into every table of this version."""
    tables = Table.metadata.sorted_tables

    async def work(session: AsyncSession) -> None:
        connection = await session.connection()
        for table in tables:
            # the configuration's version is there from the beginning
            for number in (2,) if table.name == "configuration_versions" else (1, 2):
                await connection.execute(table.insert().values(_row(table, number)))

    await database.write(work)


def _row(table: SqlTable, number: int) -> dict[str, Any]:
    return {column.name: _value(column, number) for column in table.columns}


def _value(column: Column[Any], number: int) -> Any:
    if column.nullable and number == 2:
        return None
    for key in column.foreign_keys:
        return _id(key.column.table.name, number)
    kind = column.type
    if isinstance(kind, Uuid):
        return (
            _id(column.table.name, number) if column.primary_key else _id(f"{column.table.name}.{column.name}", number)
        )
    return next(value(column, number) for types, value in _VALUES if isinstance(kind, types))


def _id(name: str, number: int) -> UUID:
    """The same in every run, and of version 7."""
    return UUID(int=int.from_bytes(name.encode()[:6].ljust(6), "big") << 80 | 0x7 << 76 | 0x2 << 62 | number)


def _text(column: Column[Any], number: int) -> str:
    longest = getattr(column.type, "length", None) or 64
    return f"{number} {column.name} 'quoted' \u00fc"[:longest]


def _json(column: Column[Any], number: int) -> Any:
    return {"column": column.name, "number": number, "text": "a 'quote', a \\ and a nul \u0000"}


_VALUES: Final[tuple[tuple[Any, Any], ...]] = (
    (UtcDateTime, lambda _, number: _AT.replace(day=number)),
    (DateTime, lambda _, number: _AT.replace(day=number)),
    (Money, lambda _, number: Decimal(f"{number}.000000000001")),
    (JsonText, _json),
    (Boolean, lambda _, number: number == 1),
    (BigInteger, lambda _, number: 2**40 + number),
    (Integer, lambda _, number: number),
    (Float, lambda _, number: number + 0.5),
    ((String, AutoString), _text),
)


def _dump_of_sqlite(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return "\n".join(connection.iterdump()) + "\n"


def _dump_of_postgresql(url: str) -> str:
    program = shutil.which("pg_dump")
    if program is None:
        raise RuntimeError("pg_dump is not installed")
    done = subprocess.run(
        [program, "--inserts", "--no-owner", "--no-privileges", "--no-comments", url],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return "\n".join(_kept(done.stdout.splitlines())) + "\n"


def _kept(lines: list[str]) -> Iterator[str]:
    """Without what only psql, or only the server's own version, understands."""
    for line in lines:
        if line and not line.startswith(("\\", "--", "SET ")):
            yield line


async def _made(url: str) -> str:
    """Make a database of this version, with rows; give its revision."""
    database = database_at(url)
    try:
        await upgrade(database)
        await fill(database)
        return (await schema_status(database)).head
    finally:
        await database.aclose()


def _write(server: Postgres) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.db"
        revision = asyncio.run(_made(f"sqlite:///{path}"))
        (FOLDER / f"{revision}.sqlite.sql").write_text(_dump_of_sqlite(path), encoding="utf-8")
    with server.database(migrated=False) as url:
        revision = asyncio.run(_made(url))
        (FOLDER / f"{revision}.postgresql.sql").write_text(_dump_of_postgresql(url), encoding="utf-8")


def main() -> None:
    """Write the fixtures of this version's schema."""
    with tempfile.TemporaryDirectory() as folder, postgres_server(Path(folder)) as server:
        if server is None:
            raise RuntimeError("there is no PostgreSQL: set PROMPTDOCK_TEST_POSTGRES_URL")
        _write(server)


if __name__ == "__main__":
    main()
