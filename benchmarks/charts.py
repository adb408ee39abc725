"""Charts of what was measured, as SVG: bars with the spread of the rounds, and lines for what is to be reached."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from .figures import Spread
from .table import number
from .works.work import Bar, Metric, Outcome

__all__ = ["draw_charts", "needed_figure"]

_OURS: Final = "#2563eb"
_THEIRS: Final = "#94a3b8"
_TO_REACH: Final = ("#dc2626", "#ea580c", "#9333ea", "#0f766e")
_WIDE: Final = 30.0
"""From this ratio of the largest to the smallest figure on, the axis is logarithmic."""
_STYLE: Final[dict[Any, Any]] = {
    "svg.hashsalt": "promptdock",  # the same figures give the same file
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
}


def needed_figure(outcome: Outcome, bar: Bar) -> float | None:
    """The figure that our subject would need, in the units of the chart; None where nothing compares."""
    if not bar.other:
        return bar.bound
    other = outcome.spread(bar.other, bar.metric)
    if other is None:
        return None
    return other.median + bar.bound if bar.minus else other.median * bar.bound


def draw_charts(outcomes: Sequence[Outcome], folder: Path) -> list[Path]:
    """Draw one chart for each work that has figures.

    Args:
        outcomes: What the works gave.
        folder: Where the charts go; those of works that were not run stay as they are.

    Returns:
        The files.
    """
    drawn = [outcome for outcome in outcomes if outcome.metrics and _rows(outcome, outcome.metrics[0])]
    return [_draw(outcome, folder / f"{outcome.work}.svg") for outcome in drawn]


def _rows(outcome: Outcome, metric: Metric) -> list[tuple[str, Spread]]:
    """The best one comes first."""
    found = [(subject, outcome.spread(subject, metric.key)) for subject in outcome.figures]
    rows = [(subject, spread) for subject, spread in found if spread is not None]
    return sorted(rows, key=lambda row: row[1].median, reverse=metric.more_is_better)


def _draw(outcome: Outcome, path: Path) -> Path:
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    metric = outcome.metrics[0]
    rows = _rows(outcome, metric)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(7.5, 1.3 + 0.34 * len(rows)), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        _draw_bars(axes, outcome, rows)
        _draw_bounds(axes, outcome, metric)
        axes.set_title(outcome.title, loc="left", fontweight="bold")
        axes.set_xlabel(f"{metric.title} ({'more' if metric.more_is_better else 'less'} is better)")
        axes.spines[["top", "right"]].set_visible(False)
        figure.savefig(path, metadata={"Date": None})
    return path


def _draw_bars(axes: Any, outcome: Outcome, rows: Sequence[tuple[str, Spread]]) -> None:
    ours = {bar.subject for bar in outcome.bars}
    values = [spread.median for _, spread in rows]
    below = [spread.median - spread.low for _, spread in rows]
    above = [spread.high - spread.median for _, spread in rows]
    colours = [_OURS if subject in ours or subject.startswith("promptdock") else _THEIRS for subject, _ in rows]
    axes.barh([subject for subject, _ in rows], values, color=colours, height=0.7)
    axes.errorbar(
        values, range(len(rows)), xerr=[below, above], fmt="none", ecolor="#1e293b", elinewidth=1, capsize=2.5
    )
    for place, (_, spread) in enumerate(rows):
        axes.annotate(
            number(spread.median), (spread.high, place), xytext=(5, 0), textcoords="offset points", va="center"
        )
    axes.invert_yaxis()
    axes.margins(x=0.14)
    if min(values) > 0 and max(values) / min(values) > _WIDE:
        axes.set_xscale("log")


def _draw_bounds(axes: Any, outcome: Outcome, metric: Metric) -> None:
    """What is to be reached, by the subject that this chart shows."""
    seen: set[float] = set()
    for bar in outcome.bars:
        needed = needed_figure(outcome, bar)
        if bar.metric != metric.key or needed is None or not needed or round(needed, 3) in seen:
            continue
        whose = f"{number(bar.bound)} × {bar.other}" if bar.other else f"{number(bar.bound)} {bar.unit}"
        style = ":" if bar.is_moonshot else "--"
        axes.axvline(
            needed,
            color=_TO_REACH[len(seen) % len(_TO_REACH)],
            linestyle=style,
            linewidth=1.2,
            label=f"to reach: {whose}",
        )
        seen.add(round(needed, 3))
    if seen:
        axes.legend(loc="lower right", frameon=False, fontsize=8)
