"""A transport whose writes of one moment leave in one packet: each packet of its own costs a call of the system."""

from __future__ import annotations

import asyncio
from typing import Any, Final

__all__ = ["GatheringTransport"]

_MOST: Final = 16_384
"""Bytes that are kept back; more go out at once, so that whoever writes hears in time of a caller who does not read."""


class GatheringTransport:
    """Stands before a transport, and keeps back what is written until the event loop turns to something else.

    It is a transport, too, by all that it passes on.

    Args:
        inner: The transport itself.
    """

    __slots__ = ("_inner", "_kept", "_loop", "_size")

    def __init__(self, inner: asyncio.Transport) -> None:
        self._inner = inner
        self._loop = asyncio.get_running_loop()
        self._kept: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        """Whatever else a transport can do."""
        return getattr(self._inner, name)

    def write(self, data: bytes) -> None:
        """Keep a piece for a moment."""
        if not self._kept:
            self._loop.call_soon(self.flush)
        self._kept.append(data)
        self._size += len(data)
        if self._size >= _MOST:
            self.flush()

    def flush(self) -> None:
        """Send what is kept."""
        if self._kept:
            kept, self._kept, self._size = self._kept, [], 0
            if not self._inner.is_closing():
                self._inner.write(kept[0] if len(kept) == 1 else b"".join(kept))

    def close(self) -> None:
        """Close the connection, once all is sent."""
        self.flush()
        self._inner.close()

    def is_closing(self) -> bool:
        """Whether the connection is closed, or is about to be."""
        return self._inner.is_closing()
