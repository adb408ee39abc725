"""Reading a copy of what is compressed: the bytes themselves are passed on as they are."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

__all__ = ["Inflater", "inflated"]

_GZIP: Final = frozenset({"deflate", "gzip", "x-gzip"})
_AUTOMATIC: Final = 32 + zlib.MAX_WBITS
"""Gzip or zlib, whichever it turns out to be."""
_RAW: Final = -zlib.MAX_WBITS
"""Deflate without zlib's frame, as some servers send under that name."""
_FRAME: Final = 2
_PIECE: Final = 1_048_576


class Inflater:
    """Decompresses a body that comes in pieces, as long as that can be done.

    Args:
        encoding: Its ``Content-Encoding``; empty for none.
        most: The most bytes to give; a small body may hold a very large one.

    Attributes:
        is_lost: Whether something of the body could not be read: another encoding, wrong bytes, or too many.
    """

    def __init__(self, encoding: str, *, most: int) -> None:
        codings = [coding for part in encoding.split(",") if (coding := part.strip().lower()) not in {"", "identity"}]
        self.is_lost = len(codings) > 1 or not _GZIP.issuperset(codings)
        self._is_plain = not codings
        self._stream = zlib.decompressobj(_AUTOMATIC)
        self._begin: bytes | None = b"" if codings == ["deflate"] else None
        self._left = most

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Take the next piece and give what it comes to, in pieces of a bounded size."""
        if self.is_lost:
            return
        for plain in [piece] if self._is_plain else self._inflate(self._with_its_frame_known(piece)):
            self._left -= len(plain)
            if self._left < 0:
                self.is_lost = True
                return
            yield plain

    def _with_its_frame_known(self, piece: bytes) -> bytes:
        """Hold the first two bytes of what is called deflate until both are there: they tell which of two it is."""
        if self._begin is None:
            return piece
        self._begin += piece
        if len(self._begin) < _FRAME:
            return b""
        begin, self._begin = self._begin, None
        if begin[0] & 0x0F != zlib.DEFLATED or int.from_bytes(begin[:_FRAME], "big") % 31:
            self._stream = zlib.decompressobj(_RAW)
        return begin

    def _inflate(self, piece: bytes) -> Iterator[bytes]:
        rest, more = piece, False
        while (rest or more) and not self.is_lost:
            try:
                plain = self._stream.decompress(rest, _PIECE)
            except zlib.error:
                self.is_lost = True
                return
            if plain:
                yield plain
            # a full piece may leave something inside even where no input is left over
            rest, more = self._stream.unconsumed_tail, len(plain) == _PIECE
            if self._stream.eof:
                # a further member of the file may follow
                rest, more = self._stream.unused_data, False
                self._stream = zlib.decompressobj(_AUTOMATIC)


def inflated(body: bytes, encoding: str, *, most: int) -> bytes:
    """A whole body without its ``Content-Encoding``; as it is where that cannot be taken off.

    Args:
        body: As it goes over the wire.
        encoding: Its ``Content-Encoding``.
        most: The most bytes to give.
    """
    inflater = Inflater(encoding, most=most)
    plain = b"".join(inflater.feed(body))
    return body if inflater.is_lost else plain
