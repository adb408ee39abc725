"""What every work has, and what it gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from benchmarks.figures import Spread, differences, ratios
from benchmarks.subjects.subject import Subject

__all__ = ["Bar", "Metric", "Options", "Outcome", "Ticks", "Work"]

Ticks = Callable[[str, int], None]
"""Told what was just done, and how many steps that were."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One kind of figure.

    Attributes:
        key: What it is called in the JSON.
        title: What it is called in tables and charts.
        more_is_better: Whether a higher one is the better one.
    """

    key: str
    title: str
    more_is_better: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """What is to be reached: of two figures of one run, or of one figure alone.

    Attributes:
        subject: Whose figure.
        metric: Which one.
        bound: What is to be reached.
        other: Whose figure it is divided by; empty for the figure itself.
        moonshot: What would be better still; None where there is none of this kind.
        kind: Whether ``bound`` is the least or the most.
        unit: Of the figure; a ratio has none.
        minus: Whether the other figure is taken off, not divided by.
        is_moonshot: Whether this bar is one of those that would be better still.
    """

    subject: str
    metric: str
    bound: float
    other: str = ""
    moonshot: float | None = None
    kind: Literal["least", "most"] = "least"
    unit: str = ""
    minus: bool = False
    is_moonshot: bool = False

    def meets(self, value: float, bound: float | None = None) -> bool:
        """Whether a value reaches the bar, or another bound in its place."""
        limit = self.bound if bound is None else bound
        return value >= limit if self.kind == "least" else value <= limit


@dataclass(frozen=True, slots=True)
class Options:
    """How much is measured.

    Attributes:
        rounds: How often each subject is visited.
        seconds: How long each visit is.
        quick: Whether counts are smaller, and peers left out.
        subjects: Only these subjects, and ours; empty for all.
    """

    rounds: int = 7
    seconds: float = 4.0
    quick: bool = False
    subjects: tuple[str, ...] = ()


@dataclass(slots=True)
class Outcome:
    """What a work gave.

    Attributes:
        work: Its name.
        title: Its title.
        metrics: What was measured; the first one is drawn.
        figures: By subject and metric: the figure of each round.
        skipped: Subjects that were left out, and why.
        failed: Subjects that did not do what they were asked, and what they did instead; they have no figures.
        bars: What is to be reached.
        notes: What a reader should know about this run.
    """

    work: str
    title: str
    metrics: Sequence[Metric]
    figures: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    bars: Sequence[Bar] = ()
    notes: list[str] = field(default_factory=list)

    def add(self, subject: str, **values: float) -> None:
        """Add a round's figures."""
        rows = self.figures.setdefault(subject, {})
        for key, value in values.items():
            rows.setdefault(key, []).append(value)

    def fail(self, subject: str, reason: object) -> None:
        """Leave a subject out: figures of one that answers wrongly say nothing."""
        self.figures.pop(subject, None)
        self.failed[subject] = str(reason)

    def spread(self, subject: str, metric: str) -> Spread | None:
        """The figures of all rounds; None where there is none."""
        values = self.figures.get(subject, {}).get(metric)
        return Spread.of(values) if values else None

    def reached(self, bar: Bar) -> Spread | None:
        """What a bar is compared with: the ratios of all rounds, or the figures."""
        ours = self.figures.get(bar.subject, {}).get(bar.metric, [])
        if not bar.other:
            return Spread.of(ours) if ours else None
        others = self.figures.get(bar.other, {}).get(bar.metric, [])
        found = differences(ours, others) if bar.minus else ratios(ours, others)
        return Spread.of(found) if found else None


class Work(ABC):
    """One question.

    Attributes:
        name: For ``--only``.
        title: For people.
        is_long: Whether a quick run leaves it out.
    """

    name: str
    title: str
    is_long = False

    def subjects(self, options: Options) -> Sequence[Subject]:
        """Who is measured."""
        return ()

    @abstractmethod
    def steps(self, options: Options) -> int:
        """How many steps :meth:`run` tells of."""

    @abstractmethod
    def run(self, options: Options, tick: Ticks) -> Outcome:
        """Measure.

        Raises:
            BenchmarkError: What is measured does not work.
        """
