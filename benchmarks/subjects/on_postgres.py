"""Stored turns on PostgreSQL, with one worker and with two."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.databases import make_database, postgres_missing
from benchmarks.requests import Ask
from benchmarks.stage import Stage

from .promptdock import Promptdock
from .subject import Subject, Target

__all__ = ["OnPostgres"]


class OnPostgres(Subject):
    """promptdock on a database of its own."""

    def __init__(self, dock: Promptdock, workers: int) -> None:
        self.name = f"{workers} worker{'s' if workers > 1 else ''}"
        self._dock = replace(dock, options=(*dock.options, "--workers", str(workers)))

    def missing(self) -> str | None:
        """Whether there is a server."""
        return postgres_missing()

    def start(self, stage: Stage, upstream: int, ask: Ask) -> Target:
        """With a new database."""
        settings = {**self._dock.settings, "PROMPTDOCK_DATABASE_URL": make_database(stage)}
        return replace(self._dock, settings=settings).start(stage, upstream, ask)
