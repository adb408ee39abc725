"""One turn at a time in a session, first come, first served, among the prompts of this process."""

from __future__ import annotations

import asyncio

__all__ = ["Gate"]


class Gate:
    """Locks by key, which exist while somebody holds or waits for them. One gate serves one event loop."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._users: dict[str, int] = {}

    async def enter(self, key: str) -> None:
        """Wait for the lock of a key and take it; :meth:`leave` gives it back."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        self._users[key] = self._users.get(key, 0) + 1
        try:
            await lock.acquire()
        except BaseException:
            self._forget(key)
            raise

    def leave(self, key: str) -> None:
        """Give the lock of a key back."""
        self._locks[key].release()
        self._forget(key)

    def _forget(self, key: str) -> None:
        self._users[key] -= 1
        if not self._users[key]:
            del self._users[key], self._locks[key]
