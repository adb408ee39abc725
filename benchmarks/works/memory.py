"""Works about memory: of an idle server, and of one with a thousand slow streams."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, Self

import psutil

from benchmarks.requests import CHAT
from benchmarks.stage import BenchmarkError, Stage, cpu_seconds
from benchmarks.subjects.subject import Subject

from .work import Bar, Metric, Options, Outcome, Ticks, Work

__all__ = ["IdleMemory", "SlowStreams", "memory_of"]

_MB: Final = 1024 * 1024
_SETTLE: Final = 2.0
"""Seconds of quiet before memory is read."""
_LOOK: Final = 0.5
"""Seconds between two looks for the most memory."""
_STREAMS: Final = 1000
_BEGUN: Final = 100
"""Streams that are begun in a second."""
_TOGETHER: Final = 10
"""Seconds for which all of them are open."""


def memory_of(pid: int) -> dict[str, float]:
    """Of a process and those below it, in MB: resident, of its own (USS), its share (PSS)."""
    root = psutil.Process(pid)
    found = [process.memory_full_info() for process in (root, *root.children(recursive=True))]
    return {
        "rss_mb": sum(one.rss for one in found) / _MB,
        "uss_mb": sum(one.uss for one in found) / _MB,
        "pss_mb": sum(one.pss for one in found) / _MB,
    }


class IdleMemory(Work):
    """What a server takes that has answered one request."""

    name = "memory"
    title = "Idle memory"

    def __init__(self, ours: Sequence[Subject], peers: Sequence[Subject], bars: Sequence[Bar]) -> None:
        self._ours = ours
        self._peers = peers
        self._bars = bars

    def subjects(self, options: Options) -> Sequence[Subject]:
        """All that can be started."""
        peers = () if options.quick and not options.subjects else self._peers
        return (*self._ours, *(peer for peer in peers if not options.subjects or peer.name in options.subjects))

    def steps(self, options: Options) -> int:
        """One for each."""
        return len(self.subjects(options))

    def run(self, options: Options, tick: Ticks) -> Outcome:
        """Start each, let it settle, and look."""
        metrics = (Metric("rss_mb", "RSS MB"), Metric("uss_mb", "USS MB"), Metric("pss_mb", "PSS MB"))
        outcome = Outcome(self.name, self.title, metrics, bars=self._bars)
        for subject in self.subjects(options):
            reason = subject.missing()
            if reason is not None:
                outcome.skipped[subject.name] = reason
            else:
                self._measure(subject, outcome)
            tick(f"{subject.name}: {reason or 'measured'}", 1)
        return outcome

    def _measure(self, subject: Subject, outcome: Outcome) -> None:
        try:
            with Stage() as stage:
                target = subject.start(stage, stage.upstream(), CHAT)
                time.sleep(_SETTLE)
                outcome.add(subject.name, **memory_of(target.pid))
        except BenchmarkError as error:
            outcome.fail(subject.name, error)


class _Peak:
    """The most memory that was seen meanwhile; a context manager."""

    def __init__(self, pid: int) -> None:
        self.rss_mb = 0.0
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="peak", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        root = psutil.Process(self._pid)
        with suppress(psutil.NoSuchProcess):  # a server that dies has dropped its streams, which is told
            while not self._over.wait(_LOOK):
                rss = sum(one.memory_info().rss for one in (root, *root.children(recursive=True)))
                self.rss_mb = max(self.rss_mb, rss / _MB)


class SlowStreams(Work):
    """Many streams at once, of one token a second each; they go on until some seconds after the last has begun.

    Args:
        subjects: Who is measured.
        bars: What is to be reached.
        name: Of the work.
        streams: How many.
    """

    def __init__(
        self, subjects: Sequence[Subject], bars: Sequence[Bar], *, name: str = "slow-streams", streams: int = _STREAMS
    ) -> None:
        self.name = name
        self.is_long = streams > _STREAMS
        self._subjects = subjects
        self._bars = bars
        self._streams = streams
        self.title = f"{streams:,} concurrent slow streams, one token a second"

    def subjects(self, options: Options) -> Sequence[Subject]:
        """One after the other: each has the machine to itself. A quick run has the first one alone."""
        return self._subjects[:1] if options.quick else self._subjects

    def steps(self, options: Options) -> int:
        """One for each."""
        return len(self.subjects(options))

    def run(self, options: Options, tick: Ticks) -> Outcome:
        """Open the streams over some seconds, look at the memory meanwhile, and wait for their ends."""
        streams, tokens = (200, 5) if options.quick else (self._streams, _TOGETHER + self._streams // _BEGUN)
        metrics = (
            Metric("delay_p99_ms", "p99 ms of token delay"),
            Metric("over_idle_mb", "MB over idle"),
            Metric("dropped", "dropped"),
            Metric("first_p99_ms", "p99 ms to the first token"),
            Metric("cpu_percent", "CPU %"),
        )
        outcome = Outcome(self.name, self.title, metrics, bars=self._bars)
        if streams != self._streams:
            outcome.bars = ()  # they are about more
            outcome.notes.append(f"a quick run: {streams} streams, not {self._streams:,}, so that no bar is looked at")
        for subject in self.subjects(options):
            try:
                self._measure(subject, streams, tokens, outcome)
            except BenchmarkError as error:
                outcome.fail(subject.name, error)
            tick(f"{subject.name}: measured", 1)
        return outcome

    def _measure(self, subject: Subject, streams: int, tokens: int, outcome: Outcome) -> None:
        ask = CHAT.streamed(tokens)
        with Stage() as stage:
            upstream = stage.upstream(chunks=tokens, delay=1.0)
            target = subject.start(stage, upstream, ask)
            time.sleep(_SETTLE)
            idle = memory_of(target.pid)["rss_mb"]
            opening = streams / _BEGUN
            plan = replace(
                target.plan,
                connections=streams,
                requests=1,
                stagger=opening,
                warm_up=0.0,
                seconds=opening + tokens + 30,
                stamped=True,
            )
            began = time.monotonic()
            with stage.loading(plan) as finish, _Peak(target.pid) as peak:
                used = cpu_seconds(target.pid)
                counted = finish()
                cpu = (cpu_seconds(target.pid) - used) / (time.monotonic() - began) * 100
        outcome.add(
            subject.name,
            delay_p99_ms=counted.late_p99_ms,
            over_idle_mb=peak.rss_mb - idle,
            dropped=streams - counted.all_replies,
            first_p99_ms=counted.first_p99_ms,
            cpu_percent=cpu,
        )
        if counted.errors:
            outcome.notes.append(f"{subject.name}: {counted.errors} streams failed, the first: {counted.error}")
