"""What a run leaves behind: a table, JSON, and charts."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from benchmarks.charts import needed_figure
from benchmarks.machine import machine_facts
from benchmarks.results import as_text, write_results
from benchmarks.table import bar_line, number, outcome_lines
from benchmarks.works.rates import RATE
from benchmarks.works.work import Bar, Metric, Options, Outcome

BAR = Bar("ours", "rate", 0.7, "theirs", 1.0)


def outcome(ours: float = 80.0, *, bars: tuple[Bar, ...] = (BAR,)) -> Outcome:
    """Two rounds of two subjects."""
    made = Outcome("passthrough", "Passing through", (RATE, Metric("p50_ms", "p50 ms")), bars=bars)
    for factor in (1.0, 2.0):
        made.add("ours", rate=ours * factor, p50_ms=2.0)
        made.add("theirs", rate=200.0 * factor, p50_ms=1.0)
    made.skipped["absent"] = "not installed: make bench-peers"
    return made


@pytest.mark.parametrize(
    ("ours", "said"),
    [
        (80.0, "ours, rate / theirs: 0.40 (0.40–0.40) of 0.70"),
        (150.0, "ours, rate / theirs: 0.75 (0.75–0.75): reached (at least 0.70)"),
        (220.0, "ours, rate / theirs: 1.10 (1.10–1.10): moonshot reached (1.00)"),
    ],
)
def test_a_bar_says_how_far_it_is(ours: float, said: str) -> None:
    assert bar_line(outcome(ours), BAR) == said


def test_a_bar_may_be_the_most_that_is_allowed() -> None:
    assert bar_line(outcome(), Bar("ours", "p50_ms", 3.0, kind="most", unit="ms")).endswith("reached (at most 3.00 ms)")
    assert bar_line(outcome(), Bar("ours", "p50_ms", 1.0, kind="most", unit="ms")).endswith(" of 1.00 ms")
    more = Bar("ours", "p50_ms", 0.3, "theirs", kind="most", unit="ms", minus=True)
    assert bar_line(outcome(), more) == "ours, p50_ms − theirs: 1.00 ms (1.00–1.00) of 0.30 ms"


def test_a_moonshot_is_told_as_one() -> None:
    moon = Bar("ours", "rate", 0.3, "theirs", is_moonshot=True)
    assert bar_line(outcome(), moon) == "ours, rate / theirs: 0.40 (0.40–0.40): moonshot reached at least 0.30"
    far = Bar("ours", "rate", 2.0, "theirs", is_moonshot=True)
    assert bar_line(outcome(), far) == "ours, rate / theirs: 0.40 (0.40–0.40) of the moonshot, at least 2.00"


def test_a_bar_without_the_other_is_not_measured() -> None:
    assert "not measured" in bar_line(outcome(), Bar("ours", "rate", 0.7, "absent"))


def test_a_failed_subject_is_told_and_has_no_figures() -> None:
    made = outcome()
    made.fail("ours", "status 500")
    text = "\n".join(outcome_lines(made))
    assert "FAILED ours: status 500" in text
    assert "skipped absent: not installed: make bench-peers" in text
    assert "not measured here: bars of theirs" in text


@pytest.mark.parametrize(("value", "shown"), [(0.0, "0.00"), (0.734, "0.73"), (12.34, "12.3"), (38_612.0, "38,612")])
def test_figures_are_rounded_as_people_write_them(value: float, shown: str) -> None:
    assert number(value) == shown


def test_the_line_of_a_chart_is_where_our_figure_would_have_to_be() -> None:
    assert needed_figure(outcome(), BAR) == 0.7 * 300.0
    assert needed_figure(outcome(), Bar("ours", "p50_ms", 0.3, "theirs", minus=True)) == 1.3
    assert needed_figure(outcome(), Bar("ours", "rate", 9.0)) == 9.0
    assert needed_figure(outcome(), Bar("ours", "rate", 9.0, "absent")) is None


def test_all_files_are_written(tmp_path: Path) -> None:
    machine = machine_facts()
    empty = Outcome("nothing", "Nothing", ())
    files = write_results([outcome(), empty], Options(rounds=2, seconds=1.0), machine, tmp_path)
    assert [path.name for path in files] == ["latest.json", "latest.txt", "passthrough.svg"]
    told = json.loads(files[0].read_text())
    work = told["works"][0]
    assert work["figures"]["ours"]["rate"] == {"median": 120.0, "low": 80.0, "high": 160.0, "rounds": [80.0, 160.0]}
    assert work["bars"][0]["found"]["median"] == 0.4
    assert "0.40 (0.40–0.40) of 0.70" in files[1].read_text()
    chart = files[2].read_text()
    assert all(word in chart for word in ("<svg", "ours", "theirs", "Passing through"))


def test_the_same_figures_give_the_same_chart(tmp_path: Path) -> None:
    """So that a chart that is kept changes when the figures do."""
    drawn = [
        write_results([outcome()], Options(), {"packages": {}, "python": "", "cores": 2, "processor": ""}, folder)
        for folder in (tmp_path / "a", tmp_path / "b")
    ]
    assert drawn[0][-1].read_bytes() == drawn[1][-1].read_bytes()


def test_facts_do_not_name_the_machine() -> None:
    facts = machine_facts()
    text = json.dumps(facts) + as_text([], Options(), facts)
    assert socket.gethostname() not in text
    assert str(Path.home()) not in text
    assert str(Path(__file__).parents[2]) not in text
    assert facts["cores"]
    assert facts["packages"]["litestar"]
