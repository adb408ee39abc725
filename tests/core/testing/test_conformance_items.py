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


def test_a_plugin_that_is_not_installed_is_told(tmp_path: Path) -> None:
    runs = PytestRuns(tmp_path)
    runs.write("pyproject.toml", '[project]\nname = "p"\nversion = "1"\n[project.entry-points.promptdock]\np = "p"\n')
    done = runs.run("--promptdock-conformance")
    assert done.returncode == 4
    assert "Not installed as" in done.stderr
    assert "pip install -e" in done.stderr
