"""Works: who is left out is named, who answers wrongly has no figures, and who is measured has them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmarks.__main__ import folder_of, main, options_of, parser
from benchmarks.progress import showing
from benchmarks.requests import CHAT, TOOL, Ask
from benchmarks.results import RESULTS
from benchmarks.runner import chosen, run_works
from benchmarks.stage import BenchmarkError, Stage
from benchmarks.subjects import everybody
from benchmarks.subjects.gateway import App
from benchmarks.subjects.subject import Subject, Target
from benchmarks.works.everything import every_work
from benchmarks.works.rates import RateWork
from benchmarks.works.work import Bar, Options, Outcome, Ticks, Work

TINY = Options(rounds=2, seconds=0.2)


def quietly(text: str, steps: int) -> None:
    """Nobody watches."""


class Broken(Subject):
    """Cannot be started."""

    name = "broken"

    def start(self, stage: Stage, upstream: int, ask: Ask) -> Target:
        raise BenchmarkError("it is broken")


def test_a_peer_that_is_not_installed_is_skipped_by_name() -> None:
    absent = App("absent", "relay", peer="nowhere")
    outcome = RateWork("x", "X", CHAT, ours=(absent,)).run(TINY, quietly)
    assert outcome.skipped == {"absent": "not installed: make bench-peers"}
    assert outcome.figures == {}


@pytest.mark.parametrize("peer", [everybody.PORTKEY, everybody.LITELLM, everybody.SMG, everybody.NGINX])
def test_every_gateway_says_what_is_missing(peer: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    monkeypatch.setattr("benchmarks.subjects.peers.peer_program", lambda *_: None)
    assert peer.missing()


def test_a_rate_is_measured_against_another() -> None:
    """The byte relay in front of the upstream: a real run, as short as can be."""
    bar = Bar(everybody.BYTES.name, "rate", 0.0001, everybody.UPSTREAM.name)
    work = RateWork("x", "X", CHAT, ours=(everybody.BYTES, everybody.UPSTREAM), bars=(bar,), connections=2)
    steps: list[int] = []
    outcome = work.run(TINY, lambda _, done: steps.append(done))
    assert sum(steps) == work.steps(TINY)
    assert outcome.failed == {}
    assert {len(values) for rows in outcome.figures.values() for values in rows.values()} == {TINY.rounds}
    found = outcome.reached(bar)
    assert found is not None
    assert found.low > 0


def test_who_does_not_start_is_named_and_the_others_go_on() -> None:
    steps: list[int] = []
    work = RateWork("x", "X", CHAT, ours=(Broken(), everybody.UPSTREAM), connections=1)
    outcome = work.run(TINY, lambda _, done: steps.append(done))
    assert outcome.failed == {"broken": "it is broken"}
    assert set(outcome.figures) == {everybody.UPSTREAM.name}
    assert sum(steps) == work.steps(TINY)


def test_another_count_of_upstream_calls_makes_figures_invalid() -> None:
    """E.g. of a turn that called no tool."""
    outcome = RateWork("x", "X", TOOL, ours=(everybody.UPSTREAM,), connections=1, calls=2).run(TINY, quietly)
    assert outcome.figures == {}
    assert "not 2 each" in outcome.failed[everybody.UPSTREAM.name]


def test_quick_runs_leave_peers_out() -> None:
    work = RateWork("x", "X", CHAT, ours=(everybody.UPSTREAM,), peers=(everybody.BYTES, everybody.RELAY))
    assert list(work.subjects(Options(quick=True))) == [everybody.UPSTREAM]
    assert list(work.subjects(Options(quick=True, subjects=("byte relay",)))) == [everybody.UPSTREAM, everybody.BYTES]
    assert len(work.subjects(Options())) == 3


def test_names_are_those_of_one_thing() -> None:
    """Of works, and of the subjects in each."""
    works = every_work()
    assert len({work.name for work in works}) == len(works)
    for work in works:
        names = [subject.name for subject in work.subjects(Options())]
        assert len(set(names)) == len(names)
        assert work.steps(Options()) > 0


def test_bars_name_subjects_of_their_work() -> None:
    for work in every_work():
        if isinstance(work, RateWork):
            names = {"", *(subject.name for subject in work.subjects(Options()))}
            assert {name for bar in work.bars for name in (bar.subject, bar.other)} <= names
            assert {bar.metric for bar in work.bars} <= {metric.key for metric in work.metrics}


def test_works_are_chosen_by_name() -> None:
    assert [work.name for work in chosen(every_work(), ["managed", "passthrough"])] == ["passthrough", "managed"]
    with pytest.raises(ValueError, match="no work 'pasthrough': "):
        chosen(every_work(), ["pasthrough"])


class Interrupted(Work):
    """Somebody pressed Ctrl-C."""

    name = title = "interrupted"

    def steps(self, options: Options) -> int:
        return 1

    def run(self, options: Options, tick: Ticks) -> Outcome:
        raise KeyboardInterrupt


def test_ctrl_c_keeps_what_was_measured(capsys: pytest.CaptureFixture[str]) -> None:
    work = RateWork("x", "X", CHAT, ours=(everybody.UPSTREAM,), connections=1)
    works = [work, Interrupted()]
    with showing(works, TINY) as shown:
        outcomes, complete = run_works(works, TINY, shown)
    assert [outcome.work for outcome in outcomes] == ["x"]
    assert not complete
    assert f"{work.steps(TINY)}/{work.steps(TINY) + 1}  x: upstream alone: " in capsys.readouterr().err


def test_a_quick_run_is_short() -> None:
    assert options_of(parser().parse_args(["--quick"])) == Options(rounds=2, seconds=1.0, quick=True)
    assert options_of(parser().parse_args(["--quick", "--rounds", "5"])).rounds == 5


@pytest.mark.parametrize(
    ("arguments", "folder"),
    [([], RESULTS), (["--quick"], RESULTS / "partial"), (["--only", "help"], RESULTS / "partial")],
)
def test_results_of_a_whole_run_are_kept_apart(arguments: list[str], folder: Path) -> None:
    assert folder_of(parser().parse_args(arguments)) == folder
    assert folder_of(parser().parse_args([*arguments, "--output", "elsewhere"])) == Path("elsewhere")


def test_the_list_shows_every_work(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    shown = capsys.readouterr().out
    assert all(work.title in shown for work in every_work())


def test_a_quick_run_leaves_out_what_is_long(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list", "--quick"]) == 0
    shown = capsys.readouterr().out
    assert [work.name for work in every_work() if work.title not in shown] == ["slow-streams-5000"]


def test_an_unknown_work_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--only", "nonsense", "--output", str(tmp_path)]) == 2
    assert "There is no work 'nonsense'" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
