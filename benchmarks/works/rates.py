"""Works that ask how many requests a second: each round visits every subject once, in another order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from benchmarks.requests import Ask
from benchmarks.stage import BenchmarkError, Stage, cpu_seconds
from benchmarks.subjects.subject import Subject, Target

from .work import Bar, Metric, Options, Outcome, Ticks, Work

__all__ = ["FIRST", "RATE", "RateWork", "visit"]

RATE: Final = Metric("rate", "requests/s", more_is_better=True)
FIRST: Final = Metric("first_ms", "ms to the first token")
_GAP: Final = Metric("gap_ms", "p99 ms between tokens")
_COMMON: Final = (Metric("cpu_ms", "CPU ms/request"), Metric("p50_ms", "p50 ms"), Metric("p99_ms", "p99 ms"))
_WARM_UP: Final = 0.5


@dataclass(frozen=True)
class RateWork(Work):
    """How many requests a second.

    Attributes:
        name: For ``--only``.
        title: For people.
        ask: What is asked.
        ours: Subjects that are always measured.
        peers: Those that a quick run leaves out.
        bars: What is to be reached.
        connections: How many requests are under way at once.
        chunks: How many tokens a streamed answer has.
        calls: How many upstream calls a reply takes; another count makes the figures invalid.
    """

    name: str
    title: str
    ask: Ask
    ours: Sequence[Subject]
    peers: Sequence[Subject] = ()
    bars: Sequence[Bar] = ()
    connections: int = 16
    chunks: int = 20
    calls: int = 1

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What is measured."""
        return (RATE, FIRST, _GAP, *_COMMON) if self.ask.expected_count else (RATE, *_COMMON)

    def subjects(self, options: Options) -> Sequence[Subject]:
        """Ours, and the peers that are wanted."""
        peers = () if options.quick and not options.subjects else self.peers
        return (*self.ours, *(peer for peer in peers if not options.subjects or peer.name in options.subjects))

    def steps(self, options: Options) -> int:
        """Starting each, and visiting it in every round."""
        return len(self.subjects(options)) * (options.rounds + 1)

    def run(self, options: Options, tick: Ticks) -> Outcome:
        """Start all servers, then measure one after the other."""
        outcome = Outcome(self.name, self.title, self.metrics, bars=self.bars)
        with Stage() as stage:
            upstream = stage.upstream(chunks=self.chunks)
            targets = self._started(stage, upstream, options, outcome, tick)
            for number in range(options.rounds):
                self._round(stage, targets, number, options, outcome, tick)
        return outcome

    def _started(
        self, stage: Stage, upstream: int, options: Options, outcome: Outcome, tick: Ticks
    ) -> dict[str, Target]:
        targets = {}
        for subject in self.subjects(options):
            reason = subject.missing()
            if reason is not None:
                outcome.skipped[subject.name] = reason
                tick(f"{subject.name}: skipped", options.rounds + 1)
                continue
            try:
                targets[subject.name] = subject.start(stage, upstream, self.ask)
            except BenchmarkError as error:
                outcome.fail(subject.name, error)
                tick(f"{subject.name}: {error}", options.rounds + 1)
            else:
                tick(f"{subject.name}: ready", 1)
        return targets

    def _round(
        self,
        stage: Stage,
        targets: Mapping[str, Target],
        number: int,
        options: Options,
        outcome: Outcome,
        tick: Ticks,
    ) -> None:
        """One visit to each; who comes first changes, so that nobody always has the warmer machine."""
        names = list(targets)
        turn = number % len(names) if names else 0
        for name in names[turn:] + names[:turn]:
            if name in outcome.failed:
                tick(f"{name}: left out", 1)
                continue
            try:
                figures = self._visit(stage, targets[name], options)
            except BenchmarkError as error:
                outcome.fail(name, error)
                tick(f"{name}: {error}", 1)
            else:
                outcome.add(name, **figures)
                tick(f"{name}: {figures['rate']:,.0f}/s", 1)

    def _visit(self, stage: Stage, target: Target, options: Options) -> dict[str, float]:
        """Each reply is made of its upstream calls: nothing is cached, retried or left out."""
        stage.upstream_stats()
        figures = visit(stage, target, self.connections, options.seconds)
        calls, replies = stage.upstream_stats()["requests"], figures.pop("replies")
        if calls != self.calls * replies:
            raise BenchmarkError(f"{replies:.0f} replies of {calls:.0f} upstream calls, not {self.calls} each")
        return figures


def visit(stage: Stage, target: Target, connections: int, seconds: float) -> dict[str, float]:
    """Measure one subject once.

    Args:
        stage: Where it runs.
        target: The subject.
        connections: How many requests are under way at once.
        seconds: How long, after a warm-up.

    Raises:
        BenchmarkError: A reply was not what was expected, so that no figure would say anything.
    """
    warm_up = min(_WARM_UP, seconds / 4)
    plan = replace(target.plan, connections=connections, seconds=seconds, warm_up=warm_up, stagger=warm_up)
    before = cpu_seconds(target.pid)
    counted = stage.load(plan)
    used = cpu_seconds(target.pid) - before
    if counted.errors or not counted.replies:
        raise BenchmarkError(f"{counted.errors} wrong replies, the first: {counted.error or 'there was none'}")
    return {
        "replies": counted.all_replies,
        "rate": counted.rate,
        "first_ms": counted.first_p50_ms,
        "gap_ms": counted.gap_p99_ms,
        "cpu_ms": used / counted.all_replies * 1000,
        "p50_ms": counted.p50_ms,
        "p99_ms": counted.p99_ms,
    }
