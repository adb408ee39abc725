"""The meter of a raw passthrough: hears a copy of the reply's bytes, which it neither changes nor holds up."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Protocol

from ..jsontext import JsonError, loads
from ..providers.transports.sse import SseDecoder
from ..turn.events import Usage
from .relay_copy import Inflater
from .relay_texts import TextTally, answer_texts
from .relay_usage import usage_in, usage_near, usage_of

__all__ = ["ReplyMeter", "ReplyReading"]

_MOST_KEPT: Final = 4_194_304
_END_KEPT: Final = 65_536
_EVENTS_KEPT: Final = 16_384
"""Bytes of events that are held until somebody looks at them."""
_MOST_INFLATED: Final = 268_435_456
_BYTES_PER_TOKEN: Final = 4
_DONE: Final = b"[DONE]"
_TOLD: Final = frozenset({"content-encoding", "content-type"})
_LAST_EVENTS: Final = frozenset(
    {
        "image_edit.completed",
        "image_generation.completed",
        "response.completed",
        "response.failed",
        "response.incomplete",
        "transcript.text.done",
    }
)
# in JSON a name looks like this or has escapes in it
_TELLING: Final = re.compile(rb'"usage"\s*:\s*[^\sn]|\.(?:completed|done|failed|incomplete)"|\\u')
"""Finds the events that may tell of usage, or of the end."""


@dataclass(frozen=True, kw_only=True)
class ReplyReading:
    """What a reply says of its tokens.

    Attributes:
        usage: As the provider reported it; None when it did not.
        is_whole: Whether the reply says itself that nothing more comes.
        written: Estimates what the model wrote.
    """

    usage: Usage | None = None
    is_whole: bool = False
    written: Callable[[], int] = field(default=int, repr=False)

    @cached_property
    def completion_tokens(self) -> int:
        """An estimate of what the model wrote; made when it is asked for, as most replies report it."""
        return self.written()


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
        media_type = named.get("content-type", "").partition(";")[0].strip().lower()
        self._is_text = _is_json(media_type) or media_type.startswith("text/")
        self._reader = _reader(media_type)
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
        tokens = -(-self._size // _BYTES_PER_TOKEN) if self._is_text else 0
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
    return _Events() if media_type == "text/event-stream" else _Opaque()


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
        room = max(0, _MOST_KEPT - len(self._begin))
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
        tally = TextTally()
        with suppress(JsonError):
            for text in answer_texts(loads(self._begin)):
                tally.add(text)
        return tally.tokens


def _is_readable(text: bytearray) -> bool:
    try:
        loads(text)
    except JsonError:
        return False
    return True


class _Events:
    """Server-sent events, each with one JSON object.

    They are looked at many at a time, and most of them not at all: only the last ones tell of usage and of the end.
    """

    def __init__(self) -> None:
        self._decoder = SseDecoder()
        self._pieces: list[bytes] = []
        self._held = 0
        self._tally = TextTally()
        self._untold: list[bytes] = []
        self._usage: Usage | None = None
        self._is_whole = False
        self._unread = 0

    def feed(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._held += len(piece)
        if self._held > _EVENTS_KEPT:
            self._read(b"".join(self._pieces))
            self._pieces, self._held = [], 0
            self._tell()

    def reading(self) -> ReplyReading:
        # some servers leave out the blank line after the last event
        self._read(b"".join((*self._pieces, b"\n\n")))
        self._pieces = []
        return ReplyReading(usage=self._usage, is_whole=self._is_whole, written=self._tell)

    def _read(self, text: bytes) -> None:
        self._unread += len(text)
        if self._unread > _MOST_KEPT:
            # an event without an end: it is given up, and what follows is read afresh
            self._decoder, self._unread = SseDecoder(), 0
        for data in self._decoder.feed(text):
            self._unread = 0
            if data.startswith(_DONE):
                self._is_whole = True
                continue
            self._untold.append(data)
            if _TELLING.search(data):
                self._hear(data)

    def _hear(self, data: bytes) -> None:
        event = _object(data)
        usage = usage_in(event)
        self._usage = usage or self._usage
        # the chunk about usage has no choices, and is the last one
        if event.get("type") in _LAST_EVENTS or (usage is not None and event.get("choices") == []):
            self._is_whole = True

    def _tell(self) -> int:
        """Count what the events tell that were read and not counted."""
        for data in self._untold:
            event = _object(data)
            for text in _written(event, event.get("type")):
                self._tally.add(text)
        self._untold = []
        return self._tally.tokens


def _object(data: bytes) -> Mapping[str, Any]:
    try:
        event = loads(data)
    except JsonError:
        return {}
    return event if isinstance(event, dict) else {}


def _written(event: Mapping[str, Any], kind: object) -> Iterable[str]:
    """What an event adds to the answer: those with a type say most things twice, in pieces and then as a whole."""
    if not isinstance(kind, str):
        return answer_texts(event)
    adds = kind.endswith(".delta") and not kind.endswith("audio.delta")
    return answer_texts(event.get("delta")) if adds else ()
