"""Where the lines of the log go: to stderr, those of requests that end together in one write."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Iterator
from typing import Final

from .request_lines import REQUEST
from .tasks import Soon

__all__ = ["StderrHandler"]

_AT_ONCE: Final = 4_096
"""Bytes that are written to a pipe as one, whoever else writes to it, e.g. another worker: PIPE_BUF on Linux."""


class StderrHandler(logging.Handler):
    """Writes to what is stderr at that moment: a spinner takes its place while it turns, and makes room for lines.

    A line of the access log is kept until the event loop has done what it is about to do: many requests end in one
    moment, as they share a commit, and to write a line takes longer than to make it. All other lines are written at
    once, behind those that are kept.
    """

    def __init__(self) -> None:
        super().__init__()
        self._kept: list[str] = []
        self._latest: logging.LogRecord | None = None
        self._soon = Soon(self._flush_latest)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record, or keep it for a moment."""
        try:
            self._kept.append(f"{self.format(record)}\n")
            if hasattr(record, REQUEST) and self._soon.ask():
                self._latest = record
            else:
                self.flush()
        except Exception:  # noqa: BLE001  (logging says of it what it always does)
            self.handleError(record)

    def flush(self) -> None:
        """Write what is kept; logging does so, too, when the process ends."""
        self.acquire()  # the loop's thread comes by itself
        try:
            kept, self._kept, self._latest = self._kept, [], None
            for lines in _portions(kept):
                sys.stderr.write(lines)
                sys.stderr.flush()
        finally:
            self.release()

    def _flush_latest(self) -> None:
        latest = self._latest
        try:
            self.flush()
        except Exception:  # noqa: BLE001  (as above)
            if latest is not None:
                self.handleError(latest)


def _portions(lines: Iterable[str]) -> Iterator[str]:
    """Lines in as few writes as keep each of them whole; one that is longer is written by itself."""
    portion: list[str] = []
    size = 0
    for line in lines:
        length = len(line.encode(errors="replace"))
        if portion and size + length > _AT_ONCE:
            yield "".join(portion)
            portion, size = [], 0
        portion.append(line)
        size += length
    if portion:
        yield "".join(portion)
