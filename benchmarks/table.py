"""What was measured, as text."""

from __future__ import annotations

from collections.abc import Iterator

from .figures import Spread
from .works.work import Bar, Outcome

__all__ = ["bar_line", "number", "outcome_lines"]


def number(value: float) -> str:
    """With about three digits, as people write it."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def outcome_lines(outcome: Outcome) -> Iterator[str]:
    """A heading, a table, and how far each bar is."""
    yield f"{outcome.title}  [{outcome.work}]"
    rows = [["", *(metric.title for metric in outcome.metrics), "spread"]]
    for subject in outcome.figures:
        spreads = [outcome.spread(subject, metric.key) for metric in outcome.metrics]
        rows.append(
            [subject, *("" if spread is None else number(spread.median) for spread in spreads), _spread(spreads[0])]
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.ljust(width) if n == 0 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield ("  " + "  ".join(cells)).rstrip()
    yield from (f"  skipped {name}: {reason}" for name, reason in outcome.skipped.items())
    yield from (f"  FAILED {name}: {reason}" for name, reason in outcome.failed.items())
    yield from (f"  {bar_line(outcome, bar)}" for bar in outcome.bars if outcome.reached(bar))
    unknown = dict.fromkeys(bar.other or bar.subject for bar in outcome.bars if not outcome.reached(bar))
    if unknown:
        yield f"  not measured here: bars of {', '.join(unknown)}"
    yield from (f"  note: {note}" for note in outcome.notes)
    yield ""


def _spread(spread: Spread | None) -> str:
    return "" if spread is None else f"{number(spread.low)}–{number(spread.high)}"


def bar_line(outcome: Outcome, bar: Bar) -> str:
    """How far one bar is."""
    found = outcome.reached(bar)
    whose = f"{bar.subject}, {bar.metric}" + (f" {'−' if bar.minus else '/'} {bar.other}" if bar.other else "")
    unit = f" {bar.unit}" if bar.unit else ""
    wanted = f"{'at least' if bar.kind == 'least' else 'at most'} {number(bar.bound)}{unit}"
    if found is None:
        return f"{whose}: not measured ({wanted})"
    said = f"{whose}: {number(found.median)}{unit} ({_spread(found)})"
    if bar.is_moonshot:
        return f"{said}{': moonshot reached' if bar.meets(found.median) else ' of the moonshot,'} {wanted}"
    if bar.moonshot is not None and bar.meets(found.median, bar.moonshot):
        return f"{said}: moonshot reached ({number(bar.moonshot)}{unit})"
    if bar.meets(found.median):
        return f"{said}: reached ({wanted})"
    return f"{said} of {number(bar.bound)}{unit}"
