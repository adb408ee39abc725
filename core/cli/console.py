"""Where commands write: the process's own stdout and stderr, styled only on a terminal."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import TextIO

from rich.console import Console
from rich.text import Text

__all__ = ["Output", "open_output"]

# JSON text holds these only within strings, where they may be written as escapes
_INVISIBLE = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb]")


@dataclass(frozen=True, slots=True)
class Output:
    """The two streams of a command.

    Attributes:
        out: For what the command was asked for.
        err: For everything beside it.
    """

    out: Console
    err: Console

    @property
    def live(self) -> bool:
        """Whether a person watches both streams, so that progress may be drawn."""
        return self.out.is_terminal and self.err.is_terminal and not self.err.is_dumb_terminal

    def line(self, text: Text | str = "") -> None:
        """Write one line to stdout; it is never wrapped or cut."""
        self.out.print(text if isinstance(text, Text) else Text(text), soft_wrap=True)

    def aside(self, text: Text | str) -> None:
        """Write one line to stderr."""
        self.err.print(text if isinstance(text, Text) else Text(text), soft_wrap=True)

    def piece(self, text: str) -> None:
        """Write a part of a line to stdout, at once."""
        self.out.print(Text(text), end="", soft_wrap=True)
        self.out.file.flush()

    def json(self, value: object) -> None:
        """Write one JSON value to stdout, indented."""
        import msgspec

        from ..jsontext import dumps

        text = msgspec.json.format(dumps(value), indent=2).decode()
        self.out.file.write(_INVISIBLE.sub(lambda match: f"\\u{ord(match.group()):04x}", text) + "\n")


@contextmanager
def open_output() -> Iterator[Output]:
    """Keep stdout for the command alone: what plugins and tools print meanwhile goes to stderr."""
    output = Output(out=_console(sys.stdout), err=_console(sys.stderr))
    with redirect_stdout(sys.stderr):
        yield output


def _console(stream: TextIO) -> Console:
    return Console(file=stream, highlight=False, markup=False, emoji=False)
