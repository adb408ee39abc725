"""Bodies that come compressed though nobody asked for it."""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING

from .errors import InvalidReply

if TYPE_CHECKING:
    from .reply import Reply

__all__ = ["Body"]

_STEP = 262_144
"""The most bytes that are decoded at a time: a few that came can stand for very many."""
_GZIP = zlib.MAX_WBITS | 16
_PLAIN = frozenset({b"", b"identity"})


class Body:
    """The body of a reply without its ``Content-Encoding``, which may be ``gzip`` or ``deflate``.

    Args:
        reply: The reply; its head has come.

    Raises:
        InvalidReply: Another coding.
    """

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._left = b""
        self._inflating: zlib._Decompress | None = None
        coding = (reply.header(b"content-encoding") or b"").strip().lower()
        self._coding = b"" if coding in _PLAIN else coding.removeprefix(b"x-")
        if self._coding not in {b"", b"gzip", b"deflate"}:
            raise InvalidReply("an unknown content coding")

    async def piece(self) -> bytes:
        """What has come since the last time, at least a byte; nothing at the end.

        Raises:
            HttpError: The body breaks off, or is not what its coding says.
        """
        if not self._coding:
            return await self._reply.piece()
        while True:
            if self._left:  # what came may stand for very much, and others want their turn, too
                await asyncio.sleep(0)
            came = self._left or await self._reply.piece()
            if not came:
                if self._inflating is not None and not self._inflating.eof:
                    raise InvalidReply("the compressed body breaks off")
                return b""
            if decoded := self._decoded(came):
                return decoded

    async def read(self, limit: int) -> bytes:
        """The rest of it.

        Args:
            limit: The most bytes that are taken.

        Raises:
            HttpError: The body breaks off, or is longer.
        """
        if not self._coding:
            return await self._reply.read(limit)
        whole = bytearray()
        while piece := await self.piece():
            whole += piece
            if len(whole) > limit:
                raise InvalidReply("the body is too long")
        return bytes(whole)

    def _decoded(self, came: bytes) -> bytes:
        inflating = self._inflating
        if inflating is None or inflating.eof:  # at the beginning, and where another part begins
            inflating = self._inflating = zlib.decompressobj(self._window(came[0]))
        try:
            decoded = inflating.decompress(came, _STEP)
        except zlib.error:
            raise InvalidReply("the body is not what its coding says") from None
        self._left = inflating.unused_data or inflating.unconsumed_tail
        return decoded

    def _window(self, first: int) -> int:
        if self._coding == b"gzip":
            return _GZIP
        # some servers leave the frame of zlib out
        return zlib.MAX_WBITS if first & 0x0F == 8 else -zlib.MAX_WBITS
