"""``promptdock plugin new`` and ``promote``, as an author types them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.support.command import CommandLine


def everything(folder: Path) -> set[str]:
    """What lies in a folder, hidden files included, without what the command keeps for itself."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_new_writes_a_package_and_says_what_to_type_next(command: CommandLine) -> None:
    done = command.run("plugin", "new", "Dice-Roller")
    assert (done.returncode, done.stderr) == (0, "")
    folder = command.home / "promptdock-dice-roller"
    assert everything(folder) == {
        ".github/workflows/test.yml",
        ".gitignore",
        "LICENSE",
        "README.md",
        "promptdock_dice_roller.py",
        "pyproject.toml",
        "tests/test_dice_roller.py",
    }
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["entry-points"] == {"promptdock": {"dice_roller": "promptdock_dice_roller"}}
    *_, install, test, use = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    assert install.startswith("cd promptdock-dice-roller && ")
    assert install.endswith('pip install -e ".[test]"')
    assert test == "python -m pytest"
    assert use == 'promptdock prompt "Roll the dice roller."'


def test_new_writes_one_file_that_the_command_shown_answers_with(command: CommandLine, tmp_path: Path) -> None:
    """The folder of the file and its test will do as the plugins folder."""
    folder = tmp_path / "my plugins"
    folder.mkdir()
    done = command.run("plugin", "new", "coin", "--single-file", "--directory", str(folder))
    assert (done.returncode, done.stderr) == (0, "")
    assert everything(folder) == {"coin.py", "test_coin.py"}
    assert f"PROMPTDOCK_PLUGINS_DIR='{folder}' promptdock prompt \"Roll the coin.\"" in done.stdout
    answer = command.json("prompt", "Roll the coin.", env={"PROMPTDOCK_PLUGINS_DIR": str(folder)})
    assert [call["tool"] for call in answer["calls"]] == ["coin.roll_coin"]


@pytest.mark.parametrize(
    ("arguments", "code", "because"),
    [
        (("würfel",), 2, "letters beyond a to z"),
        (("../dice",), 2, "is a path, not a name"),
        (("random", "--single-file"), 2, "would hide Python's own module"),
        (("pydantic", "--single-file"), 1, "would hide the installed module 'pydantic'"),
        (("weather",), 1, "The plugin id 'weather' is taken by promptdock "),
        (("builtin",), 1, "The module promptdock_builtin is there already"),
        (("openai", "--kind", "provider"), 1, "promptdock brings a provider 'openai' itself"),
        (("mine",), 1, "The plugin id 'mine' is taken by the file "),
        (("here",), 1, "The folder promptdock-here exists already"),
        (("there", "--single-file"), 1, "The file test_there.py exists already"),
        (("dice", "--directory", "/proc"), 1, "Cannot write to /proc"),
        (("dice", "--directory", "nowhere"), 2, "does not exist"),
        (("dice", "--kind", "hook"), 2, "is not one of"),
        ((), 2, "Missing argument 'NAME'"),
    ],
)
def test_new_refuses_and_writes_nothing(
    command: CommandLine, arguments: tuple[str, ...], code: int, because: str
) -> None:
    command.write_plugin("mine", "")
    (command.home / "promptdock-here").mkdir()
    (command.home / "test_there.py").touch()
    before = everything(command.home)
    done = command.run("plugin", "new", *arguments)
    assert done.returncode == code
    assert because in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert everything(command.home) == before
    assert [path.name for path in command.home.iterdir() if path.name.startswith(".promptdock-new")] == []


def test_promote_makes_a_package_and_says_what_to_look_at(command: CommandLine) -> None:
    command.run("plugin", "new", "coin", "--single-file")
    (command.home / "plugins").mkdir()
    for name in ("coin.py", "test_coin.py"):
        (command.home / name).rename(command.home / "plugins" / name)
    done = command.run("plugin", "promote", "plugins/coin.py")
    assert (done.returncode, done.stderr) == (0, "")
    folder = command.home / "promptdock-coin"
    assert (folder / "promptdock_coin.py").read_bytes() == (command.home / "plugins" / "coin.py").read_bytes()
    assert "Remove plugins/coin.py before you install the package" in done.stdout
    assert "pydantic>=" in done.stdout
    assert "cd promptdock-coin && " in done.stdout


@pytest.mark.parametrize(
    ("file", "because"),
    [
        ("nothing.py", "does not exist"),
        ("plain.py", "is no plugin"),
        ("broken.py", "broken.py, line 1: "),
        ("folder", "is a folder"),
        ("Good.py", "No plugin can be named 'Good'"),
        ("good.txt", "does not end in '.py'"),
        ("good.py", "The folder promptdock-good exists already"),
    ],
)
def test_promote_refuses_and_writes_nothing(command: CommandLine, file: str, because: str) -> None:
    plugin = "from promptdock import hookimpl\n@hookimpl\ndef register_tools(): ...\n"
    for name, content in {
        "plain.py": "x = 1\n",
        "broken.py": "x = (\n",
        "Good.py": plugin,
        "good.txt": plugin,
        "good.py": plugin,
    }.items():
        (command.home / name).write_text(content)
    (command.home / "folder").mkdir()
    (command.home / "promptdock-good").mkdir()
    before = everything(command.home)
    done = command.run("plugin", "promote", file)
    assert done.returncode == 1
    assert because in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert everything(command.home) == before
