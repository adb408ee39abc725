"""The database, opened for a command; why it cannot be used is told in one line."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from ..store.database import Database, StoreUnavailable
from ..store.urls import database_url, shown_url
from .failures import CommandFailed

if TYPE_CHECKING:
    from sqlalchemy import URL

    from ..settings import Settings

__all__ = ["missing_file", "opened_as_it_is", "opened_up_to_date", "reason_of", "telling_why"]


@asynccontextmanager
async def opened_up_to_date(settings: Settings) -> AsyncIterator[Database]:
    """Open the database, make or bring it up to date, and close it at the end of the block.

    Raises:
        ConfigurationError: The settings do not lead to a database that this version can use.
        CommandFailed: It cannot be used.
    """
    from ..prompts.dock import open_database

    with telling_why(settings):
        async with open_database(settings) as database:
            yield database


@asynccontextmanager
async def opened_as_it_is(settings: Settings) -> AsyncIterator[Database]:
    """Open the database, whatever is in it, and close it at the end of the block.

    Raises:
        ConfigurationError: The settings do not lead to a database.
        CommandFailed: It cannot be used.
    """
    database = Database(database_url(settings))
    try:
        with telling_why(settings):
            yield database
    finally:
        await database.aclose()


def missing_file(url: URL) -> Path | None:
    """The file that an SQLite database would be in, when there is none: only to look must not make it."""
    if url.get_backend_name() != "sqlite" or url.database is None:
        return None
    path = Path(url.database)
    try:
        return None if path.exists() else path
    except OSError:
        return None  # why it cannot be reached is told when it is opened


@contextmanager
def telling_why(settings: Settings) -> Iterator[None]:
    """Tell of a database that cannot be used in the way of commands, which have no log to look into.

    Raises:
        CommandFailed: It cannot be used, or is too busy.
    """
    try:
        yield
    except StoreUnavailable as error:
        raise CommandFailed(
            f"The database {shown_url(database_url(settings))} cannot be used: {reason_of(error)}",
            hint="Set PROMPTDOCK_DATABASE_URL to one that can, or unset it for a file in the home.",
        ) from error


def reason_of(error: StoreUnavailable) -> str:
    """What the database, or the way to it, says."""
    cause = error.__cause__
    if isinstance(cause, DBAPIError):
        return str(cause.orig)
    return (str(cause) or type(cause).__name__) if cause is not None else error.message
