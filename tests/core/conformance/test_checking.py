"""A plugin is checked in a process of its own: whatever it does to that, there is a report."""

from __future__ import annotations

import re
import time
from pathlib import Path
from textwrap import dedent

import pytest

from promptdock.conformance.check import Grade, all_checks
from promptdock.conformance.checking import check_plugin, checks_up_to
from promptdock.conformance.report import CheckResult, PluginReport, State
from promptdock.conformance.targets import Target

BRONZE = checks_up_to(Grade.BRONZE)
GOOD = """\
    from promptdock import hookimpl, tool

    @tool(examples=[{}])
    def word() -> str:
        \"\"\"Say a word.\"\"\"
        return "word"

    @hookimpl
    def register_tools():
        return [word]
"""


def written(folder: Path, source: str) -> Target:
    """A one-file plugin."""
    file = folder / "sample.py"
    file.write_text(dedent(source))
    return Target(name="sample", distribution=f"file:{file}")


def by_id(report: PluginReport) -> dict[str, CheckResult]:
    return {result.id: result for result in report.checks}


def test_a_built_in_has_its_grade_and_every_check_is_told_as_it_begins() -> None:
    begun: list[str] = []
    report = check_plugin(Target(name="calculator", distribution="promptdock"), checks=BRONZE, progressed=begun.append)
    assert report.grade is Grade.BRONZE
    assert [result.id for result in report.checks] == begun == [check.id for check in BRONZE]
    assert {result.state for result in report.checks} == {State.PASSED}
    assert report.version


def test_a_file_has_no_metadata_and_the_report_says_so(tmp_path: Path) -> None:
    report = check_plugin(written(tmp_path, GOOD), checks=BRONZE)
    assert report.grade is Grade.BRONZE
    assert by_id(report)["licence-present"].state is State.NOT_APPLICABLE
    assert "It is one file" in report.notes[0]


def test_what_the_import_does_is_seen(tmp_path: Path) -> None:
    source = f"""\
import os, threading, time
os.write(1, b"hello")
threading.Thread(target=time.sleep, args=(0,), name="poller").start()
time.sleep(0.3)
{dedent(GOOD)}"""
    said: list[str] = []
    report = check_plugin(written(tmp_path, source), checks=BRONZE, said=said.append)
    failed = {result.id for result in report.checks if result.state is State.FAILED}
    assert failed == {"import-silent", "import-no-threads", "import-time"}
    assert report.grade is None


def test_the_budget_of_the_import_can_be_raised(tmp_path: Path) -> None:
    source = f"import time\ntime.sleep(0.3)\n{dedent(GOOD)}"
    report = check_plugin(written(tmp_path, source), checks=BRONZE, import_budget_ms=5_000)
    assert by_id(report)["import-time"].state is State.PASSED


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("import os; os._exit(0)", "ended its process with exit code 0 while it was loaded"),
        ("import os; print('so long', flush=True); os._exit(7)", "ended its process with exit code 7"),
        ("import os; os.kill(os.getpid(), 11)", "killed its process by SIGSEGV while it was loaded"),
    ],
)
def test_an_import_that_ends_the_process_is_reported(line: str, words: str, tmp_path: Path) -> None:
    report = check_plugin(written(tmp_path, f"{line}\n{dedent(GOOD)}"), checks=BRONZE)
    first, *others = report.checks
    assert (first.id, first.state, report.grade) == ("loads-alone", State.FAILED, None)
    assert words in first.findings[0].finding.text
    assert {(result.state, result.reason) for result in others} == {(State.NOT_RUN, "the plugin did not load")}


def test_an_import_that_exits_in_python_is_a_quarantine(tmp_path: Path) -> None:
    report = check_plugin(written(tmp_path, "import sys\nsys.exit(7)\n"), checks=BRONZE)
    assert "called sys.exit(7) on import" in by_id(report)["loads-alone"].findings[0].finding.text


def test_an_import_that_hangs_is_ended_in_time(tmp_path: Path) -> None:
    """What it started is ended with it."""
    left = tmp_path / "left"
    source = f"""\
import subprocess, threading
subprocess.Popen(["sh", "-c", "sleep 5; touch {left}"])
threading.Event().wait()
"""
    started = time.monotonic()
    report = check_plugin(written(tmp_path, source), checks=BRONZE, timeout=3)
    assert time.monotonic() - started < 30
    text = report.checks[0].findings[0].finding.text
    assert (
        f"was still running when the time was over while it was loaded, at {tmp_path}/sample.py:3 in <module>" in text
    )
    time.sleep(max(0.0, started + 7 - time.monotonic()))
    assert not left.exists()


def test_a_check_that_kills_the_process_fails_and_those_after_it_are_run(tmp_path: Path) -> None:
    """The tool is called by silver checks, and by gold ones as its examples say."""
    source = f"import os\n{dedent(GOOD)}".replace('return "word"', "os._exit(9)")
    chosen = [check for check in all_checks() if check.id in {"loads-alone", "valid-arguments", "rule-examples"}]
    report = check_plugin(written(tmp_path, source), checks=chosen)
    states = {result.id: result.state for result in report.checks}
    assert states == {
        "loads-alone": State.PASSED,
        "valid-arguments": State.FAILED,
        "rule-examples": State.NOT_APPLICABLE,
    }
    assert "exit code 9 while this check ran" in by_id(report)["valid-arguments"].findings[0].finding.text


def test_a_check_that_hangs_fails_and_there_is_no_time_for_others(tmp_path: Path) -> None:
    source = f"import time\n{dedent(GOOD)}".replace("@tool(examples=[{}])", "@tool(nonblocking=True)")
    source = source.replace('return "word"', "time.sleep(600)")
    chosen = [check for check in all_checks() if check.id in {"loads-alone", "valid-arguments", "rule-examples"}]
    report = check_plugin(written(tmp_path, source), checks=chosen, timeout=8)
    results = by_id(report)
    text = results["valid-arguments"].findings[0].finding.text
    assert re.search(rf"was still running .*, at {tmp_path}/sample\.py:\d+ in word\.$", text)
    assert (results["rule-examples"].state, results["rule-examples"].reason) == (State.NOT_RUN, "the time was over")
    assert report.grade is Grade.BRONZE


def test_there_is_no_grade_without_its_checks(tmp_path: Path) -> None:
    """The reason of a waiver stands in for what a check finds, not for checks that were never run."""
    source = f"""\
import time
promptdock_waivers = {{"valid-arguments": "it takes long for many arguments"}}
{dedent(GOOD)}""".replace('return "word"', "time.sleep(600)")
    chosen = [check for check in all_checks() if check.id in {"loads-alone", "valid-arguments", "examples", "effects"}]
    report = check_plugin(written(tmp_path, source), checks=chosen, timeout=6)
    assert by_id(report)["effects"].state is State.NOT_RUN
    assert report.grade is Grade.BRONZE


def test_of_a_plugin_in_quarantine_checks_are_not_run(tmp_path: Path) -> None:
    """What was not looked at has not passed."""
    report = check_plugin(written(tmp_path, "import sys\nsys.exit(7)\n"), checks=all_checks())
    assert by_id(report)["schemas-strict"].state is by_id(report)["examples"].state is State.NOT_RUN
    assert report.grade is None


def test_waivers_are_shown_and_what_nothing_needs_is_a_note(tmp_path: Path) -> None:
    source = f"""\
print("hello")
promptdock_waivers = {{
    "import-silent": "it has to say hello to all",
    "import-time": "it might take long somewhere",
}}
{dedent(GOOD)}"""
    report = check_plugin(written(tmp_path, source), checks=BRONZE)
    assert report.grade is Grade.BRONZE
    assert by_id(report)["import-silent"].reason == "it has to say hello to all"
    assert {waiver.key: waiver.used for waiver in report.waivers} == {"import-silent": True, "import-time": False}
    assert "Nothing needs the waiver of 'import-time'; take it out." in report.notes


def test_waivers_count_when_the_hooks_are_refused_too(tmp_path: Path) -> None:
    """A plugin in quarantine has an object all the same."""
    source = "promptdock_waivers = {'no-such-check': 'it is not needed here'}\n"
    report = check_plugin(written(tmp_path, source), checks=BRONZE)
    results = by_id(report)
    assert results["loads-alone"].state is results["hooks-valid"].state is State.FAILED
    assert results["waivers-reasoned"].state is State.FAILED


def test_a_plugin_that_the_process_does_not_find_is_reported(tmp_path: Path) -> None:
    report = check_plugin(Target(name="sample", distribution=f"file:{tmp_path}/sample.py"), checks=BRONZE)
    assert "was not found by the process that checks it" in report.checks[0].findings[0].finding.text


def test_a_plugin_that_the_operator_denies_can_be_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTDOCK_PLUGINS_DENY", "calculator")
    monkeypatch.setenv("PROMPTDOCK_STRICT", "1")
    report = check_plugin(Target(name="calculator", distribution="promptdock"), checks=BRONZE[:1])
    assert report.checks[0].state is State.PASSED


def test_the_settings_of_the_plugin_come_from_where_they_always_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = """\
    from pydantic import BaseModel
    from promptdock import hookimpl

    class Needed(BaseModel):
        key: str

    @hookimpl
    def register_settings():
        return Needed
    """
    target = written(tmp_path, source)
    assert check_plugin(target, checks=BRONZE[:1]).grade is None
    monkeypatch.setenv("PROMPTDOCK_PLUGINS__SAMPLE__KEY", "abc")
    assert check_plugin(target, checks=BRONZE[:1]).grade is Grade.BRONZE


@pytest.mark.parametrize(
    "does",
    [
        "shutil.rmtree(folder)",
        r"(folder / 'progress.jsonl').write_bytes(b'\xff\n{}\n3\nnull\n')",
        "[file.unlink() for file in folder.iterdir() if file.is_file()]",
    ],
    ids=["the folder", "the progress", "the files"],
)
def test_a_plugin_that_spoils_the_report_is_not_graded(tmp_path: Path, does: str) -> None:
    """It gets a report all the same, without a grade."""
    source = f"""\
    import shutil, sys
    from pathlib import Path

    folder = Path(sys.argv[-1]).resolve().parent
    if folder.name.startswith("promptdock-check-"):  # never another one
        {does}
    """
    report = check_plugin(written(tmp_path, source), checks=BRONZE, timeout=60)
    assert report.grade is None
