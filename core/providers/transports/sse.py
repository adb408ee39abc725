"""Reading server-sent events from bytes that come in any pieces."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["SseDecoder"]

_BOM = b"\xef\xbb\xbf"


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

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Take in the next piece and give the data of every event that it completes."""
        if self._skip_newline and piece:
            # the CR that ended the last piece was the first half of a CR LF
            self._skip_newline = False
            piece = piece.removeprefix(b"\n")
        if b"\n" not in piece and b"\r" not in piece:
            self._rest += piece
            return
        lines = (bytes(self._rest) + piece).splitlines(keepends=True)
        self._rest.clear()
        if not lines[-1].endswith((b"\n", b"\r")):
            self._rest += lines.pop()
        else:
            self._skip_newline = lines[-1].endswith(b"\r")
        for line in lines:
            data = self._take(line.rstrip(b"\r\n"))
            if data:
                yield data

    def _take(self, line: bytes) -> bytes | None:
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(_BOM)
        if not line:
            data, self._data = b"\n".join(self._data), []
            return data
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
        return None
