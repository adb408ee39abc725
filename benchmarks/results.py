"""What a run gave, as files: ``latest.json`` and ``latest.txt`` in the folder of results, and a chart for each work."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from .table import bar_line, outcome_lines
from .works.work import Bar, Options, Outcome

__all__ = ["RESULTS", "as_json", "as_text", "write_results"]

RESULTS: Final = Path(__file__).parent / "results"


def as_json(outcomes: Sequence[Outcome], options: Options, machine: Mapping[str, Any]) -> dict[str, Any]:
    """All figures of all rounds, and how far the bars are."""
    return {
        "at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ"),
        "machine": dict(machine),
        "rounds": options.rounds,
        "seconds": options.seconds,
        "quick": options.quick,
        "works": [_work(outcome) for outcome in outcomes],
    }


def _work(outcome: Outcome) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for subject, rows in outcome.figures.items():
        figures[subject] = {key: _figure(outcome, subject, key, values) for key, values in rows.items()}
    return {
        "work": outcome.work,
        "title": outcome.title,
        "figures": figures,
        "bars": [_bar(outcome, bar) for bar in outcome.bars],
        "skipped": outcome.skipped,
        "failed": outcome.failed,
        "notes": outcome.notes,
    }


def _figure(outcome: Outcome, subject: str, key: str, values: Sequence[float]) -> dict[str, Any]:
    spread = outcome.spread(subject, key)
    told: dict[str, Any] = {} if spread is None else {name: round(value, 4) for name, value in asdict(spread).items()}
    return {**told, "rounds": [round(value, 4) for value in values]}


def _bar(outcome: Outcome, bar: Bar) -> dict[str, Any]:
    found = outcome.reached(bar)
    return {**asdict(bar), "found": None if found is None else asdict(found), "said": bar_line(outcome, bar)}


def as_text(outcomes: Sequence[Outcome], options: Options, machine: Mapping[str, Any]) -> str:
    """The tables, below what they were measured on."""
    head = (
        f"promptdock {machine['packages'].get('promptdock', '')}, {machine['python']}, {machine['cores']} cores "
        f"({machine['processor']}), {options.rounds} rounds of {options.seconds:g} s"
    )
    return "\n".join([head, "", *(line for outcome in outcomes for line in outcome_lines(outcome))])


def write_results(
    outcomes: Sequence[Outcome], options: Options, machine: Mapping[str, Any], folder: Path
) -> Sequence[Path]:
    """Write everything.

    Args:
        outcomes: What the works gave.
        options: How much was measured.
        machine: What on.
        folder: Where.

    Returns:
        The files.
    """
    from .charts import draw_charts  # matplotlib takes a second

    folder.mkdir(parents=True, exist_ok=True)
    told, text = folder / "latest.json", folder / "latest.txt"
    told.write_text(json.dumps(as_json(outcomes, options, machine), indent=1) + "\n", encoding="utf-8")
    text.write_text(as_text(outcomes, options, machine), encoding="utf-8")
    return [told, text, *draw_charts(outcomes, folder)]
