"""Medians, percentiles and ratios of rounds."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Spread", "differences", "percentile", "ratios"]


@dataclass(frozen=True, slots=True)
class Spread:
    """What several rounds gave.

    Attributes:
        median: The middle.
        low: The least.
        high: The most.
    """

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Of at least one value."""
        return cls(statistics.median(values), min(values), max(values))


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that so many per cent do not exceed, by nearest rank; 0 when there is none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(0, min(len(ordered), int(rank)) - 1)]


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Round by round; what the machine did meanwhile hits both.

    Rounds in which there is no figure to divide by are left out.
    """
    return [mine / other for mine, other in zip(ours, theirs, strict=False) if other > 0]


def differences(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Round by round; what the machine did meanwhile hits both."""
    return [mine - other for mine, other in zip(ours, theirs, strict=False)]
