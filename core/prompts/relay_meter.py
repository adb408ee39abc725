"""The meter of a raw passthrough: hears a copy of the reply's bytes, which it neither changes nor holds up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from ..jsontext import JsonError, loads
from ..providers.transports.sse import SseDecoder
from ..turn.events import Usage
from .relay_copy import Inflater
from .relay_texts import TextTally, answer_texts
from .relay_usage import usage_in, usage_near

__all__ = ["ReplyMeter", "ReplyReading"]

_MOST_KEPT: Final = 4_194_304
_END_KEPT: Final = 65_536
_MOST_INFLATED: Final = 268_435_456
_BYTES_PER_TOKEN: Final = 4
_DONE: Final = b"[DONE]"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyReading:
    """What a reply says of its tokens.

    Attributes:
        usage: As the provider reported it; None when it did not.
        completion_tokens: An estimate of what the model wrote.
        is_whole: Whether the reply says itself that nothing more comes.
    """

    usage: Usage | None
    completion_tokens: int
    is_whole: bool


class ReplyMeter:
    """Reads the usage off a reply that comes in pieces, whatever they are split into.

    Of JSON it keeps a few megabytes, and of larger replies their beginning and end; of server-sent events the newest
    one. Compressed replies are decompressed as a copy: gzip and deflate; of others only the size is known.

    Args:
        headers: The reply's headers.
    """

    def __init__(self, headers: Iterable[tuple[str, str]]) -> None:
        named: dict[str, str] = {}
        for name, value in headers:
            lower = name.lower()
            named[lower] = f"{named[lower]}, {value}" if lower in named else value
        self._inflater = Inflater(named.get("content-encoding", ""), most=_MOST_INFLATED)
        media_type = named.get("content-type", "").partition(";")[0].strip().lower()
        self._is_text = _is_json(media_type) or media_type.startswith("text/")
        self._reader = _reader(media_type)
        self._size = 0

    def feed(self, piece: bytes) -> None:
        """Hear the next piece."""
        self._size += len(piece)
        for plain in self._inflater.feed(piece):
            self._reader.feed(plain)

    def reading(self) -> ReplyReading:
        """What is known by now; asked once, at the end or where the reply broke off."""
        found = self._reader.reading()
        if found is not None:
            return found
        tokens = -(-self._size // _BYTES_PER_TOKEN) if self._is_text else 0
        return ReplyReading(usage=None, completion_tokens=tokens, is_whole=False)


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
            return None if usage is None else ReplyReading(usage=usage, completion_tokens=0, is_whole=False)
        try:
            reply = loads(self._begin)
        except JsonError:
            return None
        tally = TextTally()
        for text in answer_texts(reply):
            tally.add(text)
        return ReplyReading(usage=usage_in(reply), completion_tokens=tally.tokens, is_whole=True)


class _Events:
    """Server-sent events, each with one JSON object."""

    def __init__(self) -> None:
        self._decoder = SseDecoder()
        self._tally = TextTally()
        self._usage: Usage | None = None
        self._is_whole = False
        self._unread = 0

    def feed(self, piece: bytes) -> None:
        self._unread += len(piece)
        if self._unread > _MOST_KEPT:
            # an event without an end: it is given up, and what follows is read afresh
            self._decoder, self._unread = SseDecoder(), 0
        for data in self._decoder.feed(piece):
            self._unread = 0
            self._read(data)

    def reading(self) -> ReplyReading:
        # some servers leave out the blank line after the last event
        for data in self._decoder.feed(b"\n\n"):
            self._read(data)
        return ReplyReading(usage=self._usage, completion_tokens=self._tally.tokens, is_whole=self._is_whole)

    def _read(self, data: bytes) -> None:
        if data.startswith(_DONE):
            self._is_whole = True
            return
        try:
            event = loads(data)
        except JsonError:
            return
        if not isinstance(event, dict):
            return
        usage = usage_in(event)
        self._usage = usage or self._usage
        kind = event.get("type")
        # the chunk about usage has no choices, and is the last one
        if kind in _LAST_EVENTS or (usage is not None and event.get("choices") == []):
            self._is_whole = True
        for text in _written(event, kind):
            self._tally.add(text)


def _written(event: Mapping[str, Any], kind: object) -> Iterable[str]:
    """What an event adds to the answer: those with a type say most things twice, in pieces and then as a whole."""
    if not isinstance(kind, str):
        return answer_texts(event)
    adds = kind.endswith(".delta") and not kind.endswith("audio.delta")
    return answer_texts(event.get("delta")) if adds else ()
