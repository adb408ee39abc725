"""Files of SQLite's, and waiting for other processes where SQLite gives up at once, as waiting might never end."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from typing import Final

__all__ = ["PATIENCE", "is_busy", "keep_write_ahead_log", "patiently", "prepare_file"]

PATIENCE: Final = 30.0
"""Seconds that others are waited for."""
_FIRST_PAUSE: Final = 0.001
_LONGEST_PAUSE: Final = 0.05


def is_busy(error: sqlite3.OperationalError) -> bool:
    """Whether a statement failed because another process is at the file."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def patiently(step: Callable[[], object], patience: float = PATIENCE) -> None:
    """Do something until no other process is in its way; this thread sleeps meanwhile.

    Args:
        step: What to do.
        patience: Seconds.

    Raises:
        sqlite3.OperationalError: Others take too long, or whatever else ``step`` fails with.
    """
    end, pause = time.monotonic() + patience, _FIRST_PAUSE
    while True:
        try:
            step()
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > end:
                raise
        else:
            return
        time.sleep(pause)
        pause = min(_LONGEST_PAUSE, pause * 1.5)


def prepare_file(path: str, patience: float = PATIENCE) -> None:
    """Open a file for the first time, in a thread.

    aiosqlite's own thread complains on stderr when the event loop ends right after it could not open one.

    Args:
        path: Of the file; it is made when there is none.
        patience: Seconds that others are waited for.

    Raises:
        sqlite3.Error: It cannot be used.
    """
    with closing(sqlite3.connect(path, timeout=0)) as connection:  # the waiting is ours
        keep_write_ahead_log(connection, patience)


def keep_write_ahead_log(connection: sqlite3.Connection, patience: float = PATIENCE) -> None:
    """Have a file keep a write-ahead log, from now on and for everybody.

    Of processes that turn a new file to it together, all but one are told at once that it is locked, whatever their
    ``busy_timeout`` is (seen with SQLite 3.40).

    Args:
        connection: To the file.
        patience: Seconds that others are waited for.

    Raises:
        sqlite3.OperationalError: They take too long, or the file cannot be used.
    """
    patiently(lambda: connection.execute("PRAGMA journal_mode = WAL"), patience)
