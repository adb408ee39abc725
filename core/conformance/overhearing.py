"""Hearing all that is logged and printed while something runs."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Overheard", "overhear"]

_KNOWN = frozenset(vars(logging.makeLogRecord({})))


@dataclass(frozen=True, slots=True, kw_only=True)
class Overheard:
    """Something that was said.

    Attributes:
        where: Where, in words that a finding can use: "the log of httpx".
        text: The text.
    """

    where: str
    text: str


@contextlib.contextmanager
def overhear(heard: list[Overheard]) -> Iterator[None]:
    """Hear every log record of any level, with its traceback and its extra members, and what is printed.

    Args:
        heard: Filled with what was said.
    """
    root = logging.getLogger()
    ear = _Ear(heard)
    others, level, disabled = root.handlers[:], root.level, logging.root.manager.disable
    printed = io.StringIO()
    # other handlers would print a leak to whoever reads the report
    root.handlers[:] = [ear]
    root.setLevel(logging.DEBUG)
    logging.disable(logging.NOTSET)
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            yield
    finally:
        root.handlers[:] = others
        root.setLevel(level)
        logging.disable(disabled)
        heard.append(Overheard(where="what it prints", text=printed.getvalue()))


class _Ear(logging.Handler):
    def __init__(self, heard: list[Overheard]) -> None:
        super().__init__(logging.DEBUG)
        self._heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line, and what came with it."""
        extra = {name: value for name, value in vars(record).items() if name not in _KNOWN}
        try:
            text = f"{self.format(record)} {extra!r}"
        except Exception:  # noqa: BLE001  (a record that cannot be formatted is somebody else's defect)
            text = f"{record.msg!r} {record.args!r}"
        self._heard.append(Overheard(where=f"the log of {record.name}", text=text))
