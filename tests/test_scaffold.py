"""What ``promptdock plugin new`` and ``promote`` write, in an author's clean environment: installed, tested, graded."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptdock.scaffold.kinds import Kind
from tests.support.environments import CHECKOUT, Environment, built_checkout, once, shared_root, wheel_in

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PACKAGES = {
    "tool": "dice",
    "provider": "echo",
    "rule": "quotes",
    "all": "everything",
    "promoted": "coin",
    "untested": "greeter",
}
"""The plugin of each kind; the last two were one file, with a test and without, and were promoted."""
EXAMPLE = CHECKOUT / "examples" / "one_file" / "greeter.py"


@pytest.fixture(scope="module")
def author(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the wheel, and a plugin of every kind, installed as an author installs it."""
    root = shared_root(tmp_path_factory)
    dist = built_checkout(root)
    return Environment(once(root, "author", lambda folder: _write_plugins(folder, wheel_in(dist))))


def _write_plugins(folder: Path, wheel: Path) -> None:
    made = Environment.create(folder, wheel, "mypy")
    for kind in Kind:
        _run(made, "plugin", "new", PACKAGES[kind], "--kind", kind)
    _run(made, "plugin", "new", PACKAGES["promoted"], "--single-file", "--kind", "all")
    _run(made, "plugin", "promote", f"{PACKAGES['promoted']}.py")
    _run(made, "plugin", "promote", str(EXAMPLE))
    for name in PACKAGES.values():
        made.install("--editable", f"{folder / 'work' / f'promptdock-{name}'}[test]")


def _run(environment: Environment, *arguments: str) -> str:
    done = environment.run("promptdock", *arguments)
    assert done.code == 0, done.out + done.err
    return done.out


def test_all_are_loaded(author: Environment) -> None:
    listed = author.run("promptdock", "plugins", "list", "--json").json()
    found = {plugin["name"]: plugin["state"] for plugin in listed if plugin["distribution"] != "promptdock"}
    assert found == dict.fromkeys(PACKAGES.values(), "loaded")


@pytest.mark.parametrize("name", PACKAGES.values())
def test_the_tests_of_the_package_pass(author: Environment, name: str) -> None:
    done = author.run("python", "-m", "pytest", "-q", f"promptdock-{name}")
    assert done.code == 0, done.out + done.err
    assert " passed in " in done.out


def test_the_test_of_the_one_file_passes(author: Environment) -> None:
    """Beside the file, which is not installed."""
    done = author.run("python", "-m", "pytest", "-q", f"test_{PACKAGES['promoted']}.py")
    assert done.code == 0, done.out + done.err


@pytest.mark.parametrize("name", PACKAGES.values())
def test_the_package_is_gold(author: Environment, name: str) -> None:
    done = author.run("promptdock", "plugin", "check", f"promptdock-{name}", "--json")
    (report,) = done.json()["plugins"]
    assert report["grade"] == "gold"


def test_types_are_strict(author: Environment) -> None:
    """With promptdock as it is installed, and its types."""
    files = [
        path
        for name in PACKAGES.values()
        for path in (f"promptdock-{name}/promptdock_{name}.py", f"promptdock-{name}/tests/test_{name}.py")
    ]
    one_file = [f"{PACKAGES['promoted']}.py"]
    done = author.run("mypy", "--strict", *files, *one_file, timeout=300)
    assert done.code == 0, done.out + done.err


def test_the_licence_is_in_the_metadata(author: Environment) -> None:
    code = (
        "import json; from importlib.metadata import distribution as d; m = d('promptdock-dice').metadata\n"
        "print(json.dumps([m['License-Expression'], m['License-File'], m.get_all('Requires-Dist')]))"
    )
    licence, file, needs = author.run("python", "-c", code).json()
    assert (licence, file) == ("MIT", "LICENSE")
    assert "promptdock[testing]; extra == 'test'" in needs


def test_a_name_that_is_installed_now_is_refused(author: Environment, tmp_path: Path) -> None:
    done = author.run("promptdock", "plugin", "new", "dice", "--directory", str(tmp_path))
    assert done.code == 1
    assert "The plugin id 'dice' is taken by promptdock-dice 0.1.0" in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["dice", "echo", "quotes"])
def test_the_command_that_was_shown_last_shows_the_plugin_at_work(
    author: Environment, name: str, tmp_path: Path
) -> None:
    """Before an author has changed anything: an answer with a tool of the plugin, or from its provider."""
    prompts = {
        "dice": ("Roll the dice.",),
        "echo": ("Hello, who is there?", "--model", "echo/parrot"),
        "quotes": ('Count the words of "to be or not to be".',),
    }
    answer = author.run(
        "promptdock", "prompt", *prompts[name], "--json", PROMPTDOCK_PLUGINS_DENY="everything,coin"
    ).json()
    plugins = {call["tool"].partition(".")[0] for call in answer["calls"]} or {answer["provider"]}
    assert plugins == {name}
