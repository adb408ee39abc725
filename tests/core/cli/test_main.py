"""The command as a whole: what it lists, how soon, and how it fails."""

from __future__ import annotations

import importlib
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from promptdock import __version__
from promptdock.cli.failures import DEFECT, CommandFailed, report
from promptdock.cli.main import cli
from promptdock.errors import NotFound
from tests.support.command import CommandLine

_HEAVY = ("litestar", "openai", "sqlmodel", "pydantic", "pydantic_settings", "aiohttp", "rich", "msgspec", "pluggy")

_SLOW_PROVIDER = """
import asyncio
from promptdock import Provider, hookimpl

class Slow(Provider):
    name = "slow"
    default_model = "slow"

    async def complete(self, call):
        await asyncio.sleep(60)

@hookimpl
def register_providers():
    return [Slow()]
"""


def test_help_lists_every_command_and_imports_none_of_them() -> None:
    """Help needs click alone; whatever is heavy is left to the command that needs it."""
    script = (
        "import sys\n"
        "from promptdock.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit as done: assert done.code == 0\n"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(done.stderr.split())
    assert not loaded & set(_HEAVY)
    assert {name for name in loaded if name.startswith("promptdock.")} == {
        "promptdock.cli",
        "promptdock.cli.invocation",
        "promptdock.cli.main",
    }
    for name in ("prompt", "serve", "plugins", "tools", "providers", "keys", "db", "doctor"):
        assert f"\n  {name} " in done.stdout


def test_help_comes_quickly(command: CommandLine) -> None:
    """It takes a tenth of a second; the guard is for machines that are busy with other tests."""
    took = []
    for _ in range(3):
        started = time.perf_counter()
        assert command.run("--help").returncode == 0
        took.append(time.perf_counter() - started)
    assert min(took) < 1.0


def test_the_table_says_of_each_command_what_the_command_says_of_itself() -> None:
    """The help texts stand in two places, so that listing them imports nothing."""
    context = click.Context(cli)
    listed = CliRunner().invoke(cli, ["--help"]).output
    for name in cli.list_commands(context):
        loaded = cli.get_command(context, name)
        assert loaded is not None
        assert loaded.name == name
        assert loaded.get_short_help_str(100).rstrip(".") in listed


def test_version(command: CommandLine) -> None:
    """The version is on stdout, after the name."""
    assert command.run("--version").stdout == f"promptdock {__version__}\n"


def test_an_unknown_command_is_answered_with_the_nearest(command: CommandLine) -> None:
    """One line, exit code 2, and what to type."""
    done = command.run("promt", "hello")
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr == "Error: There is no command 'promt'; did you mean 'prompt'? Run 'promptdock --help' for help.\n"
    )


@pytest.mark.parametrize("args", [("--nope",), ("prompt",), ("prompt", "x", "--temperature", "3"), ("tools", "lst")])
def test_wrong_usage_is_one_line(command: CommandLine, args: tuple[str, ...]) -> None:
    """Whatever is wrong with a command line is told in one line that ends in the command that helps."""
    done = command.run(*args)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("Error: ")
    assert done.stderr.endswith("--help' for help.\n")


def test_without_arguments_the_help_is_shown(command: CommandLine) -> None:
    """The bare command says what there is."""
    done = command.run()
    assert done.returncode == 2
    assert "Commands:" in done.stderr


def test_our_errors_end_in_the_next_thing_to_type(capsys: pytest.CaptureFixture[str]) -> None:
    """An error's own hint, else the one for its code."""
    assert report(NotFound("No such thing.", hint="Type 'this'."), debug=False) == 1
    assert report(NotFound("No such\nmodel", code="model_not_found"), debug=False) == 1
    assert report(CommandFailed("It failed", hint="Do that."), debug=False) == 1
    assert capsys.readouterr().err.splitlines() == [
        "Error: No such thing. Type 'this'.",
        "Error: No such model. Run 'promptdock providers list' to see whom you can ask.",
        "Error: It failed. Do that.",
    ]


def test_a_defect_is_one_line_and_with_debug_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody but who asks for it gets to see a traceback."""
    with pytest.raises(ZeroDivisionError) as caught:
        raise ZeroDivisionError("by \x1b[31mzero")
    assert report(caught.value, debug=False) == DEFECT
    quiet = capsys.readouterr().err
    report(caught.value, debug=True)
    loud = capsys.readouterr().err
    assert quiet == (
        "Error: This is a defect: ZeroDivisionError: by \\x1b[31mzero. Run it again with --debug for the traceback.\n"
    )
    assert "Traceback" in loud
    assert loud.endswith(quiet)


def test_a_reader_that_goes_away_is_no_reason_to_complain(command: CommandLine) -> None:
    """As in ``promptdock tools list --json | head -1``."""
    with command.started("tools", "list", "--json") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(30) == 1


def test_ctrl_c_ends_a_prompt_quietly(command: CommandLine) -> None:
    """The call upstream is cancelled, and the exit code is the usual 130."""
    command.write_plugin("slowpoke", _SLOW_PROVIDER)
    with command.started("prompt", "-m", "slow/slow", "-v", "hello", env={"PYTHONUNBUFFERED": "1"}) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert process.stderr.read().strip() == ""


def test_every_module_of_the_command_can_be_imported_alone() -> None:
    """No command depends on another one having been loaded before."""
    for name in ("prompt", "serve", "listing", "doctor", "server", "graceful", "keys", "db", "door", "first_account"):
        assert name in importlib.import_module(f"promptdock.cli.{name}").__name__


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("serve", "--port", "abc"), "'--port': 'abc' is not a whole number from 0 to 65535. "),
        (("serve", "--port", "70000"), "'--port': 70000 is not a whole number from 0 to 65535. "),
        (("prompt", "x", "--max-tokens", "0"), "'--max-tokens': 0 is not a whole number from 1 on. "),
        (("prompt", "x", "--temperature", "hot"), "'--temperature': 'hot' is not a number from 0 to 2. "),
    ],
)
def test_numbers_are_asked_for_in_plain_words(command: CommandLine, args: tuple[str, ...], told: str) -> None:
    """Click would speak of integer ranges."""
    assert told in command.run(*args).stderr


def test_the_word_error_is_red_on_a_terminal(command: CommandLine) -> None:
    """Unless colours are not wanted."""
    assert "\x1b[31m\x1b[1mError:\x1b[0m There is no command" in command.on_terminal("promt")
    assert "\x1b" not in command.on_terminal("promt", env={"NO_COLOR": "1"})


@pytest.mark.parametrize("args", [["tools", "list"], ["tools", "list", "--json"], ["--version"]])
def test_a_full_disk_is_no_defect(args: list[str], tmp_path: Path) -> None:
    """One line, exit code 1, and nothing from the interpreter's end."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "promptdock", *args],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
            env={"PROMPTDOCK_HOME": str(tmp_path)},
        )
    assert done.returncode == 1
    assert done.stderr == "Error: Cannot write: No space left on device. Make room, or write somewhere else.\n"
