"""The meter of a raw passthrough: hears a copy of the reply's bytes, which it neither changes nor holds up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

from ..jsontext import JsonError, loads
from ..turn.tokens import CharacterCounter
from .relay_copy import Inflater
from .relay_events import EventReader
from .relay_reading import ReplyReading
from .relay_texts import answer_text
from .relay_usage import usage_near, usage_of

__all__ = ["ReplyMeter"]

_MOST_KEPT: Final = 4_194_304
_END_KEPT: Final = 65_536
_MOST_INFLATED: Final = 268_435_456
_BYTES_PER_TOKEN: Final = 4
_TOLD: Final = frozenset({"content-encoding", "content-type"})


class ReplyMeter:
    """Reads the usage off a reply that comes in pieces, whatever they are split into.

    Of JSON it keeps a few megabytes, and of larger replies their beginning and end; of server-sent events a few
    kilobytes, and the newest one. Compressed replies are decompressed as a copy: gzip and deflate; of others only the
    size is known.

    Args:
        headers: The reply's headers.
    """

    def __init__(self, headers: Iterable[tuple[str, str]]) -> None:
        named: dict[str, str] = {}
        for name, value in headers:
            lower = name.lower()
            if lower in _TOLD:
                named[lower] = f"{named[lower]}, {value}" if lower in named else value
        encoding = named.get("content-encoding", "")
        self._inflater = Inflater(encoding, most=_MOST_INFLATED) if encoding else None
        self._media_type = named.get("content-type", "").partition(";")[0].strip().lower()
        self._reader = _reader(self._media_type)
        self._size = 0

    def feed(self, piece: bytes) -> None:
        """Hear the next piece."""
        self._size += len(piece)
        if self._inflater is None:
            self._reader.feed(piece)
            return
        for plain in self._inflater.feed(piece):
            self._reader.feed(plain)

    def reading(self) -> ReplyReading:
        """What is known by now; asked once, at the end or where the reply broke off."""
        found = self._reader.reading()
        if found is not None:
            return found
        is_text = _is_json(self._media_type) or self._media_type.startswith("text/")
        tokens = -(-self._size // _BYTES_PER_TOKEN) if is_text else 0
        return ReplyReading(written=lambda: tokens)


class _Reader(Protocol):
    """Reads one kind of body."""

    def feed(self, piece: bytes) -> None: ...

    def reading(self) -> ReplyReading | None:
        """What was read; None when nothing is known but the size."""


def _is_json(media_type: str) -> bool:
    return media_type == "application/json" or media_type.endswith("+json")


def _reader(media_type: str) -> _Reader:
    if _is_json(media_type):
        return _Json()
    return EventReader() if media_type == "text/event-stream" else _Opaque()


class _Opaque:
    """Audio, pictures, plain text."""

    def feed(self, piece: bytes) -> None:
        """Nothing is read."""

    def reading(self) -> None:
        """Nothing is known."""
        return


class _Json:
    """One JSON object."""

    def __init__(self) -> None:
        self._begin = bytearray()
        self._end = bytearray()
        self._size = 0

    def feed(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size <= _MOST_KEPT:
            self._begin += piece
            return
        room = _MOST_KEPT - len(self._begin)
        self._begin += piece[:room]
        self._end += piece[room:]
        if len(self._end) > 2 * _END_KEPT:
            del self._end[:-_END_KEPT]

    def reading(self) -> ReplyReading | None:
        if self._size > _MOST_KEPT:
            usage = usage_near(bytes(self._end)) or usage_near(bytes(self._begin))
            return None if usage is None else ReplyReading(usage=usage)
        try:
            usage = usage_of(self._begin)
        except JsonError:
            usage = None
        if usage is None and not _is_readable(self._begin):
            return None
        return ReplyReading(usage=usage, is_whole=True, written=self._written)

    def _written(self) -> int:
        try:
            return CharacterCounter().count(answer_text(loads(self._begin)))
        except JsonError:
            return 0


def _is_readable(text: bytearray) -> bool:
    try:
        loads(text)
    except JsonError:
        return False
    return True
