"""Levels of log lines that are stored, applied in this process: looked up now and then, never for a line."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..errors import ConfigurationError
from ..log_levels import LogLevels
from ..store.log_levels import log_levels

if TYPE_CHECKING:
    from ..store.database import Database

__all__ = ["LogSync"]

_log = logging.getLogger("promptdock.prompts")


class LogSync:
    """Keeps this process's levels as the settings and, on top of them, the database say.

    Args:
        settings: Levels by component that hold where none is stored.

    Raises:
        ConfigurationError: One of them does not exist.
    """

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._levels = LogLevels(settings)
        self._stored: Mapping[str, str] = {}
        self._one_at_a_time = asyncio.Lock()  # what was read first must not be applied last

    async def refresh(self, database: Database) -> None:
        """Apply what changed in the database since the last time.

        Raises:
            StoreUnavailable: It cannot be reached; then everything stays as it is.
        """
        async with self._one_at_a_time:
            stored = {row.component: row.level for row in await database.read(log_levels)}
            before, self._stored = self._stored, stored
            for component in before.keys() - stored.keys():
                self._set(component, None)
            for component, level in stored.items():
                if before.get(component) != level:
                    self._set(component, level)

    def close(self) -> None:
        """Make all levels as they were before."""
        self._levels.close()

    def _set(self, component: str, level: str | None) -> None:
        try:
            self._levels.set(component, level)
        except ConfigurationError as error:
            # e.g. stored by a later version; one such row is no reason to miss the others
            _log.warning("A stored log level is passed over: %s", error.message)
