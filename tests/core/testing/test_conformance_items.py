"""``pytest --promptdock-conformance`` in projects of plugin authors."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.pytest_runs import PytestRuns

PLUGIN = """\
    from promptdock import hookimpl, tool

    print("hello")
    promptdock_waivers = {"import-silent": "it greets whoever starts it"}

    @tool
    def count(words: dict[str, int]) -> int:
        \"\"\"Count.\"\"\"
        return len(words)

    @hookimpl
    def register_tools():
        return [count]
"""


@pytest.fixture
def runs(tmp_path: Path) -> PytestRuns:
    """A project with a one-file plugin and one test."""
    made = PytestRuns(tmp_path)
    made.write("counter.py", PLUGIN)
    made.write("test_it.py", "def test_it():\n    pass\n")
    made.write("pytest.ini", "[pytest]\npromptdock_plugins = counter.py\n")
    return made


def test_each_check_is_an_item_beside_the_projects_own_tests(runs: PytestRuns) -> None:
    done = runs.run("-v", "-rs", "--promptdock-conformance=bronze")
    assert done.returncode == 1
    assert "test_it.py::test_it PASSED" in done.stdout
    assert "promptdock-conformance::counter::loads-alone PASSED" in done.stdout
    assert "promptdock-conformance::counter::schemas-strict FAILED" in done.stdout
    assert "promptdock-conformance::counter::import-silent SKIPPED" in done.stdout
    assert "waived: it greets whoever starts it" in done.stdout
    assert "The schema of counter.count leaves what vendors take: at words" in done.stdout
    assert "  -> Name the properties" in done.stdout
    assert "Traceback" not in done.stdout
    assert "valid-arguments" not in done.stdout


def test_checks_are_chosen_like_tests(runs: PytestRuns) -> None:
    out = runs.passes("--promptdock-conformance", "-k", "counter and loads-alone", count=1)
    assert "deselected" in out
    assert runs.run("--promptdock-conformance", "--collect-only", "-q").stdout.count("counter::") > 20


def test_without_the_option_nothing_is_added(runs: PytestRuns) -> None:
    runs.passes(count=1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--promptdock-conformance=platinum",), "'platinum' is no grade"),
        (("--promptdock-conformance", "test_it.py"), "write --promptdock-conformance=gold"),
    ],
)
def test_a_grade_that_is_none_is_told(arguments: tuple[str, ...], words: str, runs: PytestRuns) -> None:
    done = runs.run(*arguments)
    assert done.returncode == 4
    assert words in done.stdout + done.stderr


def test_a_project_without_a_plugin_is_told(tmp_path: Path) -> None:
    done = PytestRuns(tmp_path).run("--promptdock-conformance")
    assert done.returncode == 4
    assert "brings no plugin" in done.stderr


def test_the_setting_comes_before_the_project(runs: PytestRuns) -> None:
    """As for the hosts of tests."""
    runs.write("pyproject.toml", '[project]\nname = "x"\n\n[project.entry-points.promptdock]\nabsent = "absent"\n')
    collected = runs.run("--promptdock-conformance", "--collect-only", "-q").stdout
    assert "counter::loads-alone" in collected
    assert "absent" not in collected


def test_a_plugin_that_is_not_installed_is_told(tmp_path: Path) -> None:
    runs = PytestRuns(tmp_path)
    runs.write("pyproject.toml", '[project]\nname = "p"\nversion = "1"\n[project.entry-points.promptdock]\np = "p"\n')
    done = runs.run("--promptdock-conformance")
    assert done.returncode == 4
    assert "Not installed as" in done.stderr
    assert "pip install -e" in done.stderr


def counting(started: Path) -> str:
    """Source that notes the processes that check it; those that only measure its import are left out."""
    return f"""\
import os, sys
if "--import" not in sys.argv:
    with open({str(started)!r}, "a") as file:
        print(os.getpid(), file=file)
"""


def test_a_time_limit_of_pytest_ends_the_checks_once(runs: PytestRuns) -> None:
    """All items of the plugin tell of it; none starts the checks again."""
    started = runs.folder / "started"
    runs.write("counter.py", f"{counting(started)}import threading\nthreading.Event().wait()\n")
    done = runs.run("--promptdock-conformance=bronze", "--timeout", "3", "--tb=line")
    assert done.returncode == 1
    assert len(set(started.read_text().split())) == 1
    assert "13 failed, 1 passed" in done.stdout
    assert done.stdout.count("Timeout (>3.0s)") >= 13


def test_with_xdist_the_checks_of_a_plugin_are_one_group(runs: PytestRuns) -> None:
    """So that ``--dist loadgroup`` gives them to one worker."""
    runs.write(
        "conftest.py",
        """\
        import pytest

        @pytest.hookimpl(trylast=True)
        def pytest_collection_modifyitems(items):
            print({mark.args for item in items[1:] for mark in item.iter_markers("xdist_group")})
    """,
    )
    out = runs.passes("--strict-markers", "--promptdock-conformance", "--collect-only", "-q", "-s")
    assert "{('promptdock-conformance-counter',)}" in out


def test_without_xdist_strict_markers_do_not_mind(runs: PytestRuns) -> None:
    runs.passes("--strict-markers", "-p", "no:xdist", "--promptdock-conformance", "-k", "loads-alone", count=1)
