"""Where the database is: what ``PROMPTDOCK_DATABASE_URL`` may say, and what it means."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy import URL

    from ..settings import Settings

__all__ = ["database_url", "shown_url"]

_DRIVERS: Final = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
_FILE: Final = "promptdock.db"


def database_url(settings: Settings) -> URL:
    """The URL of the database, with the driver that we use.

    Args:
        settings: Its ``database_url``, else ``promptdock.db`` in its home.

    Raises:
        ConfigurationError: It is no URL, names a database that we do not speak, or its driver is not installed.
    """
    from sqlalchemy import URL, make_url
    from sqlalchemy.exc import ArgumentError

    if settings.database_url is None:
        return URL.create(_DRIVERS["sqlite"], database=str(settings.home.expanduser().absolute() / _FILE))
    try:
        url = make_url(settings.database_url.get_secret_value().strip())
    except (ArgumentError, ValueError):
        raise _unusable("is no database URL") from None
    driver = _DRIVERS.get(url.get_backend_name())
    if driver is None:
        raise _unusable(f"names the database {url.get_backend_name()[:40]!r}, which promptdock does not speak")
    if driver.endswith("asyncpg") and find_spec("asyncpg") is None:
        raise ConfigurationError(
            "PostgreSQL needs the package asyncpg, which is not installed.", hint="pip install 'promptdock[postgres]'"
        )
    if driver.endswith("aiosqlite"):
        if url.database in {None, "", ":memory:"}:
            raise _unusable("names a database in memory, which would forget everything; name a file")
        url = url.set(database=str(Path(str(url.database)).expanduser().absolute()))
    if driver.endswith("asyncpg") and "sslmode" in url.query:
        # as libpq calls it, and thus most URLs that a host of databases gives out
        url = url.update_query_dict({"ssl": url.query["sslmode"]}).difference_update_query(["sslmode"])
    return url.set(drivername=driver)


def shown_url(url: URL) -> str:
    """The URL as people write it, and as it may be shown: without its password, and its query, which may hold one."""
    plain = url.set(drivername=url.get_backend_name()).difference_update_query(url.query)
    return plain.render_as_string(hide_password=True)


def _unusable(why: str) -> ConfigurationError:
    return ConfigurationError(
        f"PROMPTDOCK_DATABASE_URL {why}.",
        hint="Write postgresql://user:password@host/name or sqlite:////path/to/file.db, or unset it.",
    )
