"""Where commands write: the process's own stdout and stderr, styled only on a terminal."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from functools import cached_property
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

__all__ = ["Output", "open_output"]

# JSON text holds these only within strings, where they may be written as escapes
_INVISIBLE = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb]")


class Output:
    """The two streams of a command; what styles them is imported when something is styled.

    Args:
        out: For what the command was asked for.
        err: For everything beside it.
    """

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._out = out
        self._err = err

    @cached_property
    def out(self) -> Console:
        """For what the command was asked for."""
        return _console(self._out)

    @cached_property
    def err(self) -> Console:
        """For everything beside it."""
        return _console(self._err)

    @property
    def live(self) -> bool:
        """Whether a person watches both streams, so that progress may be drawn."""
        return self.out.is_terminal and self.err.is_terminal and not self.err.is_dumb_terminal

    def line(self, text: Text | str = "") -> None:
        """Write one line to stdout; it is never wrapped or cut."""
        self.out.print(_text(text), soft_wrap=True)

    def plain(self, text: str) -> None:
        """Write one line of our own words to stdout, as it is and at once."""
        self._out.write(f"{text}\n")
        self._out.flush()

    def aside(self, text: Text | str) -> None:
        """Write one line to stderr."""
        self.err.print(_text(text), soft_wrap=True)

    def piece(self, text: str) -> None:
        """Write a part of a line to stdout, at once."""
        self.out.print(_text(text), end="", soft_wrap=True)
        self._out.flush()

    def json(self, value: object) -> None:
        """Write one JSON value to stdout, indented."""
        import msgspec

        from ..jsontext import dumps

        text = msgspec.json.format(dumps(value), indent=2).decode()
        self._out.write(_INVISIBLE.sub(lambda match: f"\\u{ord(match.group()):04x}", text) + "\n")


@contextmanager
def open_output() -> Iterator[Output]:
    """Keep stdout for the command alone: what plugins and tools print meanwhile goes to stderr."""
    output = Output(sys.stdout, sys.stderr)
    with redirect_stdout(sys.stderr):
        yield output


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    return Console(file=stream, highlight=False, markup=False, emoji=False)


def _text(text: Text | str) -> Text:
    from rich.text import Text

    return text if isinstance(text, Text) else Text(text)
