"""Python's garbage collector while a server starts: it would look through all that stays, again and again.

What a start makes are modules, classes, routes and tables, which live as long as the process. Left alone, the collector
takes a fifth of the start for finding nothing in them, and later stops the event loop for a tenth of a second whenever
it looks through everything. So it pauses until the server has started, and from then on looks at what is newer only.

It does so less often than Python by itself, whose seven hundred new objects are those of two requests: with a thousand
streams open it would look through all of theirs several times a minute.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["leave_alone_what_is_there", "pause", "paused"]

_THRESHOLDS: Final = (10_000, 10, 50)
"""New objects after which the newest are looked through; such looks after which the next older ones are; and so on."""


def pause() -> None:
    """Collect nothing until :func:`leave_alone_what_is_there`."""
    gc.disable()


def leave_alone_what_is_there() -> None:
    """Collect again, but never look at what exists by now."""
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
    gc.enable()


@contextmanager
def paused() -> Iterator[None]:
    """Pause the collector for the length of a block, unless :func:`leave_alone_what_is_there` ends that earlier."""
    pause()
    try:
        yield
    finally:
        gc.enable()
