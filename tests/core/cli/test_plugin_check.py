"""``promptdock plugin check``, as an author types it."""

from __future__ import annotations

from textwrap import dedent

from tests.support.command import CommandLine

GOOD = """\
    from promptdock import hookimpl, tool

    promptdock_waivers = {"parameters-described": "the vendor shows it nobody", "import-time": "it may take a second"}

    @tool(examples=[{"text": "a"}])
    def echo(text: str) -> str:
        \"\"\"Say it again.\"\"\"
        return text

    @hookimpl
    def register_tools():
        return [echo]
"""
BAD = """\
    from promptdock import hookimpl, tool

    @tool
    def count(words: dict[str, int]) -> int:
        \"\"\"Count.\"\"\"
        return len(words)

    @hookimpl
    def register_tools():
        return [count]
"""


def test_built_ins_are_graded_by_distribution_and_by_id(command: CommandLine) -> None:
    report = command.json("plugin", "check", "event_log", "calculator", "event_log@promptdock")
    assert [plugin["name"] for plugin in report["plugins"]] == ["event_log", "calculator"]
    assert report["ok"] is True
    for plugin in report["plugins"]:
        assert plugin["grade"] == "gold", plugin
        assert {check["state"] for check in plugin["checks"]} <= {"passed", "not_applicable"}


def test_a_file_is_graded_with_its_waivers_shown(command: CommandLine) -> None:
    (command.home / "echo.py").write_text(dedent(GOOD))
    done = command.run("plugin", "check", "echo.py", "--require", "gold", "--all")
    assert (done.returncode, done.stderr) == (0, "")
    assert "waived          bronze  parameters-described: the vendor shows it nobody" in done.stdout
    assert "The parameter text of echo.echo has no description." in done.stdout
    assert "passed          bronze  schemas-strict" in done.stdout
    assert "Nothing needs the waiver of 'import-time'" in done.stdout
    header, row = done.stdout.splitlines()[-2:]
    assert " ".join(header.split()) == "NAME DISTRIBUTION VERSION GRADE PASSED FAILED WAIVED"
    assert row.split()[0] == "echo"
    assert row.split()[3:6] == ["gold", "(1", "waived)"]


def test_a_plugin_below_the_grade_is_told_what_to_write_and_exits_with_1(command: CommandLine) -> None:
    command.write_plugin("counter", dedent(BAD))
    done = command.run("plugin", "check", "counter")
    assert done.returncode == 1
    assert "schemas-strict: Every tool's schema keeps to the subset that vendors take" in done.stdout
    assert "at words, it takes properties of any name." in done.stdout
    assert "-> Name the properties" in done.stdout
    assert "passed  " not in done.stdout
    assert done.stderr == "Error: 1 plugin below bronze: counter. What to mend is said above.\n"


def test_a_grade_that_is_asked_for_and_not_reached_exits_with_1(command: CommandLine) -> None:
    source = dedent(GOOD).replace('@tool(examples=[{"text": "a"}])', "@tool")
    command.write_plugin("echo", source)
    done = command.run("plugin", "check", "echo", "--require", "gold", "--json")
    assert done.returncode == 1
    assert '"grade": "silver"' in done.stdout
    assert '"required": "gold"' in done.stdout
    assert "1 plugin below gold: echo" in done.stderr


def test_an_import_that_ends_its_process_leaves_the_report_of_the_others(command: CommandLine) -> None:
    command.write_plugin("ender", "import os\nprint('so long', flush=True)\nos._exit(3)\n")
    done = command.run("plugin", "check", "ender", "event_log", "--json", "--debug")
    assert done.returncode == 1
    assert '"name": "event_log"' in done.stdout
    assert "so long" not in done.stdout.replace("its last words", "")
    assert "exit code 3" in done.stdout


def test_checks_that_were_not_run_are_shown(command: CommandLine) -> None:
    command.write_plugin("quitter", "import sys\nsys.exit(3)\n")
    done = command.run("plugin", "check", "quitter")
    assert done.returncode == 1
    (line,) = [line for line in done.stdout.splitlines() if "not run" in line]
    assert line.split()[-6:] == ["checks:", "the", "plugin", "did", "not", "load"]
    all_of_them = command.run("plugin", "check", "quitter", "--all").stdout
    assert "not run         bronze  schemas-strict: the plugin did not load" in all_of_them


def test_what_is_not_installed_is_told_with_what_is_near(command: CommandLine) -> None:
    done = command.run("plugin", "check", "wether")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: No installed distribution or plugin is called 'wether'. Did you mean weather?\n"


def test_wrong_usage_exits_with_2(command: CommandLine) -> None:
    assert command.run("plugin", "check").returncode == 2
    assert command.run("plugin", "check", "weather", "--require", "platinum").returncode == 2
    assert command.run("plugin", "check", "weather", "--timeout", "0").returncode == 2
