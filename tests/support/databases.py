"""Real databases for tests: SQLite files, and PostgreSQL databases that are made and dropped.

PostgreSQL is found, in this order: at ``PROMPTDOCK_TEST_POSTGRES_URL``; at a local server that lets us in; or as
binaries, which are started in a folder of their own. Where there is none, its tests are skipped by name.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
from sqlalchemy import make_url

from promptdock.store.database import Database
from promptdock.store.migrating import upgrade

__all__ = ["Postgres", "migrated_file", "postgres_server"]

_LOCAL = "postgresql://postgres@127.0.0.1:5432/postgres"


class Postgres:
    """A server that tests make databases on.

    Args:
        url: Of a database that is there, with a user that may make others.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._template: str | None = None

    def answers(self) -> bool:
        """Whether it lets us in."""
        try:
            self.run("SELECT 1")
        except (OSError, asyncpg.PostgresError, TimeoutError):
            return False
        return True

    def run(self, statement: str) -> None:
        """Run one statement outside of any transaction."""
        asyncio.run(self._run(statement))

    @contextmanager
    def database(self, *, migrated: bool = True) -> Iterator[str]:
        """A database of its own for the length of a block; gives its URL."""
        if migrated and self._template is None:
            self._template = self._make_template()
        name = f"promptdock_test_{uuid4().hex}"
        self.run(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{self._template}"' if migrated else ""))
        try:
            yield self.url_of(name)
        finally:
            self.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def url_of(self, name: str) -> str:
        """The URL of another database of the server."""
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()

    def close(self) -> None:
        """Drop what is left."""
        if self._template is not None:
            self.run(f'DROP DATABASE IF EXISTS "{self._template}" WITH (FORCE)')

    def _make_template(self) -> str:
        name = f"promptdock_test_{uuid4().hex}"
        self.run(f'CREATE DATABASE "{name}"')
        asyncio.run(_migrate(self.url_of(name).replace("postgresql://", "postgresql+asyncpg://")))
        return name

    async def _run(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url, timeout=5)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def postgres_server(folder: Path) -> Iterator[Postgres | None]:
    """Find a server, or start one.

    Args:
        folder: Where one that is started keeps its data.

    Yields:
        The server, or None where there is none.
    """
    given = os.environ.get("PROMPTDOCK_TEST_POSTGRES_URL")
    found = Postgres(given or _LOCAL)
    if given is not None and not found.answers():
        raise RuntimeError("PROMPTDOCK_TEST_POSTGRES_URL leads to no server that lets us in")
    if found.answers():
        try:
            yield found
        finally:
            found.close()
        return
    with _started(folder) as started:
        yield started


@contextmanager
def _started(folder: Path) -> Iterator[Postgres | None]:
    binaries = _binaries()
    if binaries is None:
        yield None
        return
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    data = Path(tempfile.mkdtemp(prefix="promptdock-pg-"))
    user = _unprivileged()
    if user is not None:
        shutil.chown(data, user)
    try:
        _call(user, binaries / "initdb", "-D", str(data / "data"), "-U", "postgres", "-A", "trust", "--no-sync")
        server = subprocess.Popen(
            [str(binaries / "postgres"), "-D", str(data / "data"), "-p", str(port), "-k", str(data), "-F"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=user,
        )
        try:
            started = Postgres(f"postgresql://postgres@127.0.0.1:{port}/postgres")
            end = time.monotonic() + 30
            while not started.answers() and time.monotonic() < end:
                time.sleep(0.05)
            yield started
        finally:
            server.terminate()
            server.wait(30)
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _call(user: str | None, *command: object) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True, timeout=120, user=user, cwd="/")


def _binaries() -> Path | None:
    beside = shutil.which("initdb")
    found = (
        [Path(beside).parent] if beside else [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    )
    return max(found, default=None)


def _unprivileged() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    with suppress(KeyError):
        return pwd.getpwnam("postgres").pw_name
    return "nobody"


@lru_cache
def migrated_file() -> bytes:
    """An SQLite database of this version's schema, empty; made once a process, and copied by tests."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.db"
        asyncio.run(_migrate(f"sqlite+aiosqlite:///{path}"))
        return path.read_bytes()


async def _migrate(url: str) -> None:
    database = Database(make_url(url))
    try:
        await upgrade(database)
    finally:
        await database.aclose()
