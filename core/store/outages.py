"""What an exception of a database says: that it cannot be used now, that one may try again, or neither."""

from __future__ import annotations

import sqlite3
from typing import Final

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from .sqlite_files import is_busy

__all__ = ["MOST_TRIES", "is_outage", "may_be_tried_again", "reason_of", "tries"]

MOST_TRIES: Final = 8
"""How often any transaction is tried."""
_TRIES: Final = 4
_RETRIED: Final = frozenset({"40001", "40P01"})
"""PostgreSQL's codes for transactions that may be tried again: serialization failure and deadlock."""
_PARENT_GONE: Final = "23503"
"""PostgreSQL's code for a foreign key that leads nowhere: what was read a moment ago was deleted meanwhile. Whoever
tries again does not find it any more, and says so."""
_OUTAGES: Final = frozenset({"08", "53", "57", "58"})
"""PostgreSQL's classes of codes for: connection gone, out of resources, operator at work, system error."""
_DRIVERS_OWN: Final = "asyncpg"
_OF_CONNECTION: Final = frozenset({"InterfaceError", "InternalClientError"})


def is_outage(error: BaseException) -> bool:
    """Whether an exception says that the database cannot be used now, rather than that the statement was wrong."""
    original = error.orig if isinstance(error, DBAPIError) else error
    if getattr(original, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
        return False  # the statement was wrong, e.g. there is no such table; SQLite has no class of its own for that
    if isinstance(error, (OSError, PoolTimeout, InterfaceError, OperationalError, sqlite3.OperationalError)):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    # the driver's own exceptions come as they are where a connection is opened, and on the short way
    return (_sqlstate(error) or "")[:2] in _OUTAGES or _is_of_connection(error)


def may_be_tried_again(error: BaseException) -> bool:
    """Whether a transaction that failed so may succeed the next time."""
    original = error.orig if isinstance(error, DBAPIError) else error
    return _sqlstate(error) in _RETRIED or (isinstance(original, sqlite3.OperationalError) and is_busy(original))


def tries(error: BaseException) -> int:
    """How often a transaction is tried that fails so."""
    code = _sqlstate(error)
    if code in _RETRIED:
        return MOST_TRIES
    return _TRIES if code == _PARENT_GONE or may_be_tried_again(error) else 1


def reason_of(error: Exception) -> str:
    """What the database's driver, or the system, says of a failure."""
    return str(getattr(error, "orig", None) or getattr(error, "strerror", None) or error)


def _sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's code of an exception, however deep it is wrapped."""
    original = error.orig if isinstance(error, DBAPIError) else error
    code: str | None = getattr(original, "sqlstate", None)
    return code or getattr(getattr(original, "__cause__", None), "sqlstate", None)


def _is_of_connection(error: BaseException) -> bool:
    """Whether asyncpg found a connection closed, or in the middle of what ended it; by name, as it may be missing."""
    kinds = {kind.__name__ for kind in type(error).__mro__ if kind.__module__.startswith(_DRIVERS_OWN)}
    return not kinds.isdisjoint(_OF_CONNECTION)
