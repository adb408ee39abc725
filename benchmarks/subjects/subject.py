"""What every subject has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from benchmarks.load import Plan
from benchmarks.requests import Ask
from benchmarks.stage import Stage

__all__ = ["Subject", "Target"]


@dataclass(frozen=True, slots=True)
class Target:
    """A server that runs.

    Attributes:
        pid: Of the process whose CPU and memory count, with those below it.
        plan: How to ask it.
    """

    pid: int
    plan: Plan = field(repr=False)


class Subject(ABC):
    """Something that can stand in front of the upstream.

    Attributes:
        name: In tables and charts, and for ``--subjects``.
    """

    name: str

    def missing(self) -> str | None:
        """Why it cannot be measured here; None when it can."""
        return None

    @abstractmethod
    def start(self, stage: Stage, upstream: int, ask: Ask) -> Target:
        """Start it, and wait until it answers.

        Args:
            stage: Where.
            upstream: The upstream's port.
            ask: What it will be asked.

        Raises:
            BenchmarkError: It does not answer as expected.
        """
