"""The spinner that shows a person that something is going on."""

from __future__ import annotations

from rich.status import Status
from rich.text import Text

from ..plaintext import one_line, shorten
from .console import Output

__all__ = ["Waiting"]

_LONGEST = 60


class Waiting:
    """A spinner on stderr; it does nothing unless a terminal watches.

    Whoever writes a line takes the spinner away first, so that the two never share one.

    Args:
        output: Where the command writes.
    """

    def __init__(self, output: Output) -> None:
        self._status = Status("", console=output.err, spinner="dots") if output.live else None
        self._shown = False

    def show(self, what: str) -> None:
        """Say what is waited for."""
        if self._status is None:
            return
        self._status.update(Text(shorten(one_line(what), _LONGEST)))
        if not self._shown:
            self._shown = True
            self._status.start()

    def hide(self) -> None:
        """Take the spinner away."""
        if self._status is not None and self._shown:
            self._shown = False
            self._status.stop()
