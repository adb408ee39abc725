"""Stored turns on PostgreSQL, with one worker and with two."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import psutil

from benchmarks.databases import make_database, postgres_missing
from benchmarks.requests import Ask
from benchmarks.shares import hold_to, shares_missing
from benchmarks.stage import BenchmarkError, Stage

from .promptdock import Promptdock
from .subject import Subject, Target

__all__ = ["OnPostgres"]

_PATIENCE: Final = 60.0
"""Seconds that all workers may take to be there."""


class OnPostgres(Subject):
    """promptdock on a database of its own.

    Args:
        dock: What is asked of it.
        workers: How many.
        share: Of a core, that each worker is held to; None for as much as the machine gives. Where the cores are full
            with one worker, a second one shows nothing: it is the server, the upstream and the load that it takes from.
    """

    def __init__(self, dock: Promptdock, workers: int, share: float | None = None) -> None:
        held = "" if share is None else f", {share:g} of a core{' each' if workers > 1 else ''}"
        self.name = f"{workers} worker{'s' if workers > 1 else ''}{held}"
        self._dock = replace(dock, options=(*dock.options, "--workers", str(workers)))
        self._workers = workers
        self._share = share

    def missing(self) -> str | None:
        """Whether there is a server, and whether processes can be held."""
        return postgres_missing() or (None if self._share is None else shares_missing())

    def start(self, stage: Stage, upstream: int, ask: Ask) -> Target:
        """With a new database."""
        settings = {**self._dock.settings, "PROMPTDOCK_DATABASE_URL": make_database(stage)}
        target = replace(self._dock, settings=settings).start(stage, upstream, ask)
        if self._share is not None:
            for pid in _workers(target.pid, self._workers):
                hold_to(stage, pid, self._share)
        return target


def _workers(pid: int, number: int) -> Sequence[int]:
    """The processes that answer: the server itself, or those that it starts."""
    if number == 1:
        return [pid]
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        below = psutil.Process(pid).children()
        found = [child.pid for child in below if any("spawn_main" in part for part in child.cmdline())]
        if len(found) == number:
            return found
        time.sleep(0.1)
    raise BenchmarkError(f"there are not {number} workers")
