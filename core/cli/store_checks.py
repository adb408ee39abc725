"""The checks of ``promptdock doctor`` that look at the database, and at the secret that its keys are hashed with."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from ..errors import PromptdockError
from ..store.database import Database, StoreUnavailable
from ..store.migrating import SchemaStatus, schema_status
from ..store.secret import fits, secret_file
from ..store.urls import database_url, shown_url
from .database import missing_file, reason_of
from .findings import Finding, Level

if TYPE_CHECKING:
    from ..settings import Settings

__all__ = ["check_store"]

_SHORTEST = 32
"""Characters of a secret in a file."""


async def check_store(settings: Settings) -> list[Finding]:
    """Look whether the database can be used and is up to date, and whether the secret fits; nothing is made."""
    try:
        url = database_url(settings)
    except PromptdockError as error:
        return [_database(Level.PROBLEM, error.message, error.hint)]
    if missing_file(url) is not None:
        made = _database(Level.OK, f"The database {shown_url(url)} is made when it is needed.")
        return [made, await _check_secret(settings, None)]
    database = Database(url)
    try:
        status = await schema_status(database)
        found = _about(shown_url(url), status)
        return [found, await _check_secret(settings, database if status.is_current else None)]
    except StoreUnavailable as error:
        return [
            _database(
                Level.PROBLEM,
                f"The database {shown_url(url)} cannot be used: {reason_of(error)}.",
                "Set PROMPTDOCK_DATABASE_URL to one that can, or unset it for a file in the home.",
            )
        ]
    finally:
        await database.aclose()


def _about(place: str, status: SchemaStatus) -> Finding:
    """What is said of a database that answers."""
    if not status.known:
        told = f"The database {place} has the schema {status.current!r}, which this version of promptdock lacks."
        return _database(Level.PROBLEM, told, "Install the version that made it, or a later one.")
    if status.current != status.head:
        told = f"The database {place} is at revision {status.current or 'none'}; this version's is {status.head}."
        return _database(Level.NOTE, told, "Run 'promptdock db upgrade', or start the server, which does so.")
    if status.differences:
        told = f"The tables of {place} are not as this version made them: {', '.join(status.differences)}."
        return _database(Level.PROBLEM, told, "Undo what was changed by hand, or restore a backup.")
    return _database(Level.OK, f"The database {place} is up to date, at revision {status.head}.")


async def _check_secret(settings: Settings, database: Database | None) -> Finding:
    """Look at the secret.

    Args:
        settings: Say where it is.
        database: Knows whether it fits; None where there are no tables that could know.
    """
    path = secret_file(settings)
    source = f"The secret in {path}" if settings.secret_key is None else "The secret in PROMPTDOCK_SECRET_KEY"
    try:
        secret = settings.secret_key or _read(path)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        return _secret(
            Level.PROBLEM, f"{source} cannot be read: {reason}.", "Change its permissions, or bring it back."
        )
    known = None if database is None else await database.read(lambda session: fits(session, secret or SecretStr("")))
    if secret is None and known is None:
        return _secret(Level.OK, f"{source} is made when it is needed.")
    if secret is None or known is False:
        told = "is gone" if secret is None else "is not the right one"
        return _secret(
            Level.PROBLEM,
            f"{source} {told}: the keys in the database were hashed with another.",
            f"Set PROMPTDOCK_SECRET_KEY to that, or bring back {path}.",
        )
    return _about_file(source, path, secret) if settings.secret_key is None else _secret(Level.OK, f"{source} is good.")


def _about_file(source: str, path: Path, secret: SecretStr) -> Finding:
    if len(secret.get_secret_value()) < _SHORTEST:
        return _secret(Level.PROBLEM, f"{source} is no secret of promptdock's.", "Remove the file.")
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        told = f"{source} may be read or written by other users of this machine: its mode is {mode:04o}."
        return _secret(Level.PROBLEM, told, f"chmod 600 {path}")
    return _secret(Level.OK, f"{source} is good, and nobody else's to read.")


def _read(path: Path) -> SecretStr | None:
    return SecretStr(path.read_text(encoding="ascii").strip()) if path.exists() else None


def _database(level: Level, what: str, hint: str | None = None) -> Finding:
    return Finding(check="database", level=level, what=what, next=hint)


def _secret(level: Level, what: str, hint: str | None = None) -> Finding:
    return Finding(check="secret", level=level, what=what, next=hint)
