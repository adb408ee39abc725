"""Reading HTTP/1.1 replies: as little as a load generator needs, so that it is not what is measured."""

from __future__ import annotations

import re
from typing import Final

from .upstream import chunked

__all__ = ["ReplyReader"]

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_LAST_CHUNK: Final = b"0\r\n\r\n"


class ReplyReader:
    """Collects the pieces of one reply after the other."""

    def __init__(self) -> None:
        self.status = 0
        self.last_status = 0
        self._buffer = b""
        self._start = 0
        self._length: int | None = None

    @property
    def body(self) -> bytes:
        """The body of the reply that is complete, without its framing."""
        raw = self._buffer[self._start :]
        if self._length is not None:
            return raw
        decoded = chunked(raw)
        return decoded[0] if decoded else b""

    def feed(self, data: bytes) -> bool:
        """Take a piece.

        Args:
            data: What came.

        Returns:
            Whether the reply is complete.
        """
        self._buffer += data
        if not self._start and not self._read_head():
            return False
        if self._length is not None:
            return len(self._buffer) >= self._start + self._length
        return self._buffer.endswith(_LAST_CHUNK)

    def reset(self) -> None:
        """Make ready for the next one."""
        self.last_status, self.status = self.status, 0
        self._buffer, self._start, self._length = b"", 0, None

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        self.status = int(self._buffer[9:12])
        found = _LENGTH.search(self._buffer, 0, end + 2)
        self._length = int(found[1]) if found else None
        self._start = end + 4
        return True
