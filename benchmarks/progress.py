"""Where a long run is: a bar with the time that is left, or plain lines when nobody watches a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol, TextIO

from .works.work import Options, Ticks, Work

__all__ = ["Shown", "showing"]


class Shown(Protocol):
    """Shows how far a run is."""

    def begin(self, work: Work) -> Ticks:
        """Begin with a work; gives what is to be told of its steps."""


class _Lines:
    """One line a step."""

    def __init__(self, total: int, stream: TextIO) -> None:
        self._total, self._stream = total, stream
        self._done = 0
        self._began = time.monotonic()

    def begin(self, work: Work) -> Ticks:
        def tick(text: str, steps: int) -> None:
            self._done += steps
            spent = time.monotonic() - self._began
            left = spent / self._done * max(0, self._total - self._done)
            self._stream.write(f"{self._done}/{self._total}  {work.name}: {text}  (about {left:.0f} s left)\n")
            self._stream.flush()

        return tick


@contextmanager
def showing(works: Sequence[Work], options: Options, stream: TextIO | None = None) -> Iterator[Shown]:
    """Show how far a run is.

    Args:
        works: What will be run.
        options: How much of it.
        stream: Where; None for stderr.
    """
    stream = stream or sys.stderr
    total = sum(work.steps(options) for work in works)
    if not stream.isatty():
        yield _Lines(total, stream)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.fields[work]}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("{task.description}", style="dim"),
    )
    # four times a second: the machine is busy with what is measured
    with Progress(*columns, console=Console(file=stream), refresh_per_second=4, speed_estimate_period=300) as progress:
        task = progress.add_task("", total=total, work="")

        class Bar:
            def begin(self, work: Work) -> Ticks:
                progress.update(task, work=work.name)
                return lambda text, steps: progress.update(task, advance=steps, description=text)

        yield Bar()
