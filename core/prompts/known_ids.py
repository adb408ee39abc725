"""Ids of what this process has stored already, and need not store again."""

from __future__ import annotations

from typing import Final
from uuid import UUID

__all__ = ["KnownIds"]

_MOST: Final = 10_000


class KnownIds:
    """Remembers ids, so many at most; to forget one costs no more than a statement that changes nothing."""

    def __init__(self) -> None:
        self._ids: set[UUID] = set()

    def knows(self, one: UUID) -> bool:
        """Whether an id was added."""
        return one in self._ids

    def add(self, one: UUID) -> None:
        """Remember an id."""
        if len(self._ids) >= _MOST:
            self._ids.clear()
        self._ids.add(one)
