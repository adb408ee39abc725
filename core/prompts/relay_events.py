"""Reading the server-sent events of a raw passthrough: who wants to know, looks at many of them at a time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from ..jsontext import JsonError, loads
from ..providers.transports.sse import SseDecoder
from ..turn.events import Usage
from .relay_chunks import chunk_texts
from .relay_reading import ReplyReading
from .relay_texts import TextTally, answer_text
from .relay_usage import usage_in

__all__ = ["EventReader"]

_HELD: Final = 16_384
"""Bytes of events that wait for somebody to look at them."""
_LONGEST: Final = 4_194_304
"""Bytes of one event; of a longer one nothing is read."""
_BLANK: Final = b"\n\n"
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
# in JSON a name looks like this or has escapes in it
_USAGE: Final = re.compile(rb'"usage"\s*:\s*[^\sn]')
_TYPE: Final = b'"type"'
_ENDS: Final = (b'.completed"', b'.done"', b'.failed"', b'.incomplete"')


class EventReader:
    """Reads server-sent events, each with one JSON object.

    Most of them nobody looks at: only the last ones tell of usage and of the end. What the others say is decoded when
    it has to be estimated, many in one go.
    """

    def __init__(self) -> None:
        self._decoder = SseDecoder()
        self._pieces: list[bytes] = []
        self._held = 0
        self._tally = TextTally()
        self._untold: list[bytes] = []
        self._texts: list[str] = []
        self._usage: Usage | None = None
        self._is_whole = False
        self._unread = 0

    def feed(self, piece: bytes) -> None:
        """Hear the next piece."""
        self._pieces.append(piece)
        self._held += len(piece)
        if self._held > _HELD:
            self._read(b"".join(self._pieces))
            self._pieces, self._held = [], 0
            self._tell()

    def reading(self) -> ReplyReading:
        """What is known by now; asked once."""
        text, self._pieces = b"".join(self._pieces), []
        self._read(text)
        if not text.endswith(_BLANK):
            self._read(_BLANK)  # some servers leave out the blank line after the last event
        return ReplyReading(usage=self._usage, is_whole=self._is_whole, written=self._tell)

    def _read(self, text: bytes) -> None:
        self._unread += len(text)
        if self._unread > _LONGEST:
            # an event without an end: it is given up, and what follows is read afresh
            self._decoder, self._unread = SseDecoder(), 0
        events = self._decoder.feed(text)
        if not events:
            return
        self._unread = 0
        told = [event for event in events if not event.startswith(_DONE)]
        if len(told) < len(events):
            self._is_whole = True
        self._look(told)

    def _look(self, told: list[bytes]) -> None:
        """Hear what is worth it, and put the rest by for whoever wants to count it."""
        text = b",".join(told)
        escapes, names = _has_escapes(text), _names_an_end(text)
        if escapes and not names:
            # nearly always of letters alone: then nothing is to be heard, and nothing decoded once more
            texts = chunk_texts(b"[%b]" % text, len(told))
            if texts is not None:
                self._texts += texts
                return
        self._untold += told
        if escapes or names:
            for event in told:
                if _has_escapes(event) or _names_an_end(event):
                    self._hear(event)

    def _hear(self, data: bytes) -> None:
        event = _object(data)
        usage = usage_in(event)
        self._usage = usage or self._usage
        kind = event.get("type")
        # the chunk about usage has no choices, and is the last one
        if (isinstance(kind, str) and kind in _LAST_EVENTS) or (usage is not None and event.get("choices") == []):
            self._is_whole = True

    def _tell(self) -> int:
        """Count what the events tell that were read and not counted."""
        texts, untold = self._texts, self._untold
        self._texts, self._untold = [], []
        if untold:
            text = b"[%b]" % b",".join(untold)
            found = chunk_texts(text, len(untold))
            texts += [answer_text(_written(_objects(text, untold)))] if found is None else found
        self._tally.add("".join(texts))
        return self._tally.tokens


def _has_escapes(text: bytes) -> bool:
    """Whether a name may be written in it so that nobody finds it without decoding."""
    return b"\\" in text and b"\\u" in text  # a single byte is found much sooner


def _names_an_end(text: bytes) -> bool:
    """Whether there may be usage in it, or the end of an answer, by a name without escapes."""
    if _TYPE in text:  # chunks of a chat completion have none
        for end in _ENDS:
            if end in text:
                return True
    return b'"usage"' in text and _USAGE.search(text) is not None


def _objects(text: bytes, texts: list[bytes]) -> list[Any]:
    """All of them in one go, as a list; what is no JSON, and what is none by itself, is found by looking at each."""
    try:
        events = loads(text)
    except JsonError:
        events = []
    return events if len(events) == len(texts) else [_object(text) for text in texts]


def _object(data: bytes) -> Mapping[str, Any]:
    try:
        event = loads(data)
    except JsonError:
        return {}
    return event if isinstance(event, dict) else {}


def _written(events: list[Any]) -> list[Any]:
    """What events add to the answer: those with a type say most things twice, in pieces and then as a whole."""
    written: list[Any] = []
    for event in events:
        if not isinstance(event, dict):
            continue
        kind = event.get("type")
        if not isinstance(kind, str):
            written.append(event)
        elif kind.endswith(".delta") and not kind.endswith("audio.delta"):
            written.append(event.get("delta"))
    return written
