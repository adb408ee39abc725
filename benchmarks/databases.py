"""A PostgreSQL database of our own, for the length of a work."""

from __future__ import annotations

import asyncio
import os
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

from .stage import BenchmarkError, Stage

__all__ = ["make_database", "postgres_missing"]

_VARIABLE: Final = "PROMPTDOCK_BENCH_POSTGRES_URL"
_LOCAL: Final = "postgresql://postgres@127.0.0.1:5432/postgres"


def postgres_missing() -> str | None:
    """Why no database can be made; None when one can."""
    try:
        asyncio.run(_run("SELECT 1"))
    except (ImportError, OSError, TimeoutError) as error:
        return f"no PostgreSQL server lets us in ({type(error).__name__}); set {_VARIABLE}"
    except Exception as error:  # noqa: BLE001  (asyncpg's own errors, which cannot be named without importing it)
        return f"no PostgreSQL server lets us in ({error}); set {_VARIABLE}"
    return None


def make_database(stage: Stage) -> str:
    """Make one; it is dropped when the stage ends.

    Returns:
        Its URL.

    Raises:
        BenchmarkError: There is no server.
    """
    reason = postgres_missing()
    if reason is not None:
        raise BenchmarkError(reason)
    name = f"promptdock_bench_{uuid4().hex}"
    asyncio.run(_run(f'CREATE DATABASE "{name}"'))
    stage.at_end(lambda: asyncio.run(_run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')))
    return urlsplit(_url())._replace(path=f"/{name}").geturl()


def _url() -> str:
    return os.environ.get(_VARIABLE, _LOCAL)


async def _run(statement: str) -> None:
    import asyncpg

    connection: Any = await asyncpg.connect(_url(), timeout=5)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
