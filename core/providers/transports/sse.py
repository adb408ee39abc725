"""Reading server-sent events from bytes that come in any pieces."""

from __future__ import annotations

__all__ = ["SseDecoder"]

_BOM = b"\xef\xbb\xbf"
_FIELD = b"data: "
_BETWEEN = b"\n\ndata: "
_END = b"\n\n"


class SseDecoder:
    """Gives the data of each event, as the WHATWG's rules say: LF, CR or CR LF end a line, a blank line ends an event.

    Comments, names, ids and retry times are passed over, and an event without data is none. An event that the end of
    the stream cuts off is dropped. There is no limit on the length of a line.
    """

    def __init__(self) -> None:
        self._rest = bytearray()
        self._data: list[bytes] = []
        self._skip_newline = False
        self._at_start = True

    def feed(self, piece: bytes) -> list[bytes]:
        """Take in the next piece and give the data of every event that it completes."""
        if piece.startswith(_FIELD) and not self._rest and not self._data:
            events = _plain_events(piece)
            if events is not None:
                self._skip_newline = self._at_start = False
                return events
        if self._skip_newline and piece:
            # the CR that ended the last piece was the first half of a CR LF
            self._skip_newline = False
            piece = piece.removeprefix(b"\n")
        if b"\n" not in piece and b"\r" not in piece:
            self._rest += piece
            return []
        lines = (bytes(self._rest) + piece).splitlines()
        self._rest.clear()
        if not piece.endswith((b"\n", b"\r")):
            self._rest += lines.pop()
        else:
            self._skip_newline = piece.endswith(b"\r")
        if self._at_start:
            self._at_start = False
            lines[0] = lines[0].removeprefix(_BOM)
        return self._events(lines)

    def _events(self, lines: list[bytes]) -> list[bytes]:
        """What whole lines complete; all in one loop, as a fast stream brings many at a time."""
        events = []
        data = self._data
        for line in lines:
            if not line:
                if data:
                    event = data[0] if len(data) == 1 else b"\n".join(data)
                    data.clear()
                    if event:
                        events.append(event)
            elif line.startswith(b"data: "):
                data.append(line[6:])
            elif line.startswith(b"data:"):
                data.append(line[5:])
            elif line == b"data":
                data.append(b"")
        return events


def _plain_events(text: bytes) -> list[bytes] | None:
    """The data of whole events that have one line each, as nearly all have; None where there is anything else."""
    if not text.endswith(_END) or b"\r" in text:
        return None
    events = text[len(_FIELD) : -len(_END)].split(_BETWEEN)
    if text.count(b"\n") != len(_END) * len(events):
        return None
    return [event for event in events if event] if b"" in events else events
