"""Packages of third parties, good and broken, really installed beside promptdock."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.environments import CHECKOUT, Environment, build, built_checkout, once, shared_root, wheel_in
from tests.support.packages import BROKEN

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

EXAMPLE = CHECKOUT / "examples" / "promptdock-dice"
ONE_FILE = CHECKOUT / "examples" / "one_file"
PROMPT = ("prompt", "Roll the dice.", "--model", "offline/offline")
REASONS = {
    "broken_import": "its import failed: RuntimeError: the flux is not compensated",
    "broken_exit": "it called sys.exit(7) on import",
    "broken_signature": "wrong hook signature: turn_started takes the unknown argument 'weather'",
    "broken_register": "register_tools raised ZeroDivisionError: division by zero",
    "claimed": "several distributions claim the plugin id 'claimed': claim-one 1.0 and claim-two 2.0",
}


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with promptdock, the good example and every broken package."""
    root = shared_root(tmp_path_factory)
    dist = built_checkout(root)
    return Environment(once(root, "crowded", lambda folder: _crowd(folder, wheel_in(dist))))


def _crowd(folder: Path, promptdock: Path) -> None:
    wheels, trees = folder / "wheels", folder / "trees"
    wheels.mkdir()
    for tree in (EXAMPLE, *(package.write(trees) for package in BROKEN.values())):
        build(tree, wheels, "--wheel")
    Environment.create(folder, f"promptdock[testing] @ {promptdock.as_uri()}", *wheels.glob("*.whl"))


def listed(environment: Environment, *, deny: str = "") -> list[dict[str, Any]]:
    """What ``plugins list`` says of third parties."""
    done = environment.run("promptdock", "plugins", "list", "--json", PROMPTDOCK_PLUGINS_DENY=deny)
    return [plugin for plugin in done.json() if plugin["distribution"] != "promptdock"]


def test_t100_the_good_one_is_loaded_beside_the_broken_ones(crowded: Environment) -> None:
    (dice,) = [plugin for plugin in listed(crowded) if plugin["name"] == "dice"]
    assert (dice["distribution"], dice["version"], dice["state"]) == ("promptdock-dice", "0.1.0", "loaded")
    assert dice["hooks"] == ["register_selection_rules", "register_tools"]
    assert dice["reason"] is None


@pytest.mark.parametrize("distribution", BROKEN)
def test_t100_each_broken_one_is_named_with_its_reason_and_what_to_do(crowded: Environment, distribution: str) -> None:
    package = BROKEN[distribution]
    (found,) = [plugin for plugin in listed(crowded) if plugin["distribution"] == distribution]
    assert (found["name"], found["version"], found["state"]) == (package.plugin, package.version, "quarantined")
    assert found["reason"].startswith(REASONS[package.plugin])
    assert f"PROMPTDOCK_PLUGINS_DENY={package.plugin}" in found["remedy"]
    assert "Traceback" not in str(found)


def test_the_list_for_people_names_them_too(crowded: Environment) -> None:
    done = crowded.run("promptdock", "plugins", "list")
    assert done.code == 0
    for name in REASONS:
        assert name in done.out
    assert "the flux is not compensated" in done.out
    assert "Traceback" not in done.out + done.err


def test_t100_a_prompt_selects_and_calls_the_tool_of_the_good_one(crowded: Environment) -> None:
    done = crowded.run("promptdock", *PROMPT, "--json")
    result = done.json()
    assert result["tools_presented"] == ["roll_dice"]
    (call,) = result["calls"]
    assert call["tool"] == "dice.roll_dice"
    assert all(1 <= value <= 6 for value in call["result"])


@pytest.mark.parametrize("word", ["one", "two"])
def test_of_two_that_claim_one_name_neither_is_served_until_one_is_denied(crowded: Environment, word: str) -> None:
    tools = crowded.run("promptdock", "tools", "list", "--json").json()
    assert not [tool for tool in tools if tool["plugin"] == "claimed"]
    other = "two" if word == "one" else "one"
    tools = crowded.run(
        "promptdock", "tools", "list", "--json", PROMPTDOCK_PLUGINS_DENY=f"claimed@claim-{other}"
    ).json()
    assert [tool["id"] for tool in tools if tool["plugin"] == "claimed"] == [f"claimed.{word}"]


@pytest.mark.parametrize(
    ("arguments", "strict"),
    [(("serve", "--strict", "--port", "0"), "false"), (PROMPT, "true")],
    ids=["option", "environment"],
)
def test_strict_refuses_to_start_and_says_why_once(
    crowded: Environment, arguments: tuple[str, ...], strict: str
) -> None:
    done = crowded.run("promptdock", *arguments, PROMPTDOCK_STRICT=strict)
    assert done.code != 0
    assert done.out == ""
    assert "Traceback" not in done.err
    unwrapped = " ".join(done.err.split())
    assert unwrapped.count("6 of ") == 1
    for plugin, reason in REASONS.items():
        assert plugin in unwrapped
        assert reason in unwrapped


def test_strict_starts_once_the_broken_ones_are_denied(crowded: Environment) -> None:
    deny = ",".join(BROKEN)
    done = crowded.run("promptdock", *PROMPT, "--json", PROMPTDOCK_STRICT="1", PROMPTDOCK_PLUGINS_DENY=deny)
    assert done.json()["calls"][0]["tool"] == "dice.roll_dice"
    states = {plugin["distribution"]: plugin["state"] for plugin in listed(crowded, deny=deny)}
    assert states == {"promptdock-dice": "loaded", **dict.fromkeys(BROKEN, "denied")}


def test_the_packages_own_tests_pass(crowded: Environment) -> None:
    """In the environment of its author: the package installed, and of the checkout only its tests."""
    copied = crowded.folder / "work" / "dice"
    shutil.copytree(EXAMPLE / "tests", copied / "tests", dirs_exist_ok=True)
    shutil.copy(EXAMPLE / "pyproject.toml", copied)
    assert_passing(crowded, copied)


def test_the_one_files_own_tests_pass(crowded: Environment) -> None:
    """Beside the file, wherever that lies."""
    copied = crowded.folder / "work" / "greeter"
    shutil.copytree(ONE_FILE, copied, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    assert_passing(crowded, copied)


def assert_passing(environment: Environment, folder: Path) -> None:
    """Run the tests of a folder, with warnings as errors; each of them must pass."""
    done = environment.run("python", "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", str(folder))
    assert done.code == 0, done.out + done.err
    assert re.search(r"^\d+ passed in ", done.out, re.MULTILINE), done.out


def test_the_one_file_example_is_loaded_from_the_plugins_folder(crowded: Environment) -> None:
    arguments = ("prompt", "Say hello to Ada, greet her.", "--model", "offline/offline", "--json")
    result = crowded.run("promptdock", *arguments, PROMPTDOCK_PLUGINS_DIR=str(ONE_FILE)).json()
    assert [(call["tool"], call["arguments"]["name"]) for call in result["calls"]] == [("greeter.greet", "Ada")]
    assert result["calls"][0]["result"] == "Hello, Ada!"
