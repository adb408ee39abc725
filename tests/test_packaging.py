"""What is built, what is in it, and that it works in a fresh environment outside of the checkout."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path

import pytest

import promptdock
from tests.support.environments import CHECKOUT, Environment, build, built_checkout, once, shared_root, wheel_in

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

MAPPED = {"core": "promptdock", "plugins_builtin": "promptdock_builtin"}
"""The folders of the checkout, and the packages as which they are installed."""


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the built wheel and source distribution."""
    return built_checkout(shared_root(tmp_path_factory))


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, dist: Path) -> Environment:
    """An environment with the wheel in it."""
    root = shared_root(tmp_path_factory)
    return Environment(once(root, "fresh", lambda folder: Environment.create(folder, wheel_in(dist))))


def sources() -> set[str]:
    """All files of the two folders, by their paths in the wheel."""
    return {
        (MAPPED[folder] / path.relative_to(CHECKOUT / folder)).as_posix()
        for folder in MAPPED
        for path in (CHECKOUT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def contents(wheel: Path) -> dict[str, bytes]:
    """The files of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_holds_the_two_packages_and_nothing_else(dist: Path) -> None:
    names = set(contents(wheel_in(dist)))
    packaged = {name for name in names if ".dist-info/" not in name}
    assert packaged == sources()
    assert {"promptdock/py.typed", "promptdock_builtin/py.typed", "promptdock/hookspecs.py"} <= packaged
    assert {name.split("/")[1] for name in names - packaged} == {
        "METADATA",
        "WHEEL",
        "RECORD",
        "entry_points.txt",
        "licenses",
    }


def test_the_wheel_has_its_entry_points(dist: Path) -> None:
    files = contents(wheel_in(dist))
    text = next(files[name] for name in files if name.endswith("entry_points.txt")).decode()
    assert "promptdock = promptdock.cli.main:main" in text
    for name in ("calculator", "date_calculator", "event_log", "guard", "offline", "vendors", "weather"):
        assert f"{name} = promptdock_builtin.{name}" in text


def test_the_source_distribution_holds_the_folders_as_they_are(dist: Path) -> None:
    (path,) = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {member.name.partition("/")[2] for member in archive.getmembers() if not member.isdir()}
    top = {name.split("/")[0] for name in names}
    assert top <= {
        "core",
        "plugins_builtin",
        "tests",
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "PKG-INFO",
        ".gitignore",
    }
    assert {"core/hookspecs.py", "plugins_builtin/guard/__init__.py", "tests/conftest.py", "pyproject.toml"} <= names
    assert not [name for name in names if "__pycache__" in name or ".links" in name]


def test_the_checkout_and_the_source_distribution_give_the_same_wheel(dist: Path, tmp_path: Path) -> None:
    """``built_checkout`` builds the wheel from the source distribution."""
    build(CHECKOUT, tmp_path, "--wheel")
    assert contents(wheel_in(tmp_path)) == contents(wheel_in(dist))


def test_the_packages_are_imported_from_the_environment_and_there_is_no_core(fresh: Environment) -> None:
    code = (
        "import importlib.util, json, promptdock, promptdock_builtin\n"
        "print(json.dumps([promptdock.__file__, promptdock_builtin.__file__,"
        " importlib.util.find_spec('core') is None, importlib.util.find_spec('plugins_builtin') is None]))"
    )
    core, builtin, *absent = fresh.run("python", "-c", code).json()
    assert Path(core).is_relative_to(fresh.folder)
    assert Path(builtin).is_relative_to(fresh.folder)
    assert absent == [True, True]


def test_the_version_is_told(fresh: Environment) -> None:
    done = fresh.run("promptdock", "--version")
    assert (done.code, done.err) == (0, "")
    assert promptdock.__version__ in done.out
    assert fresh.run("python", "-m", "promptdock", "--version").out == done.out


def test_all_built_ins_are_loaded(fresh: Environment) -> None:
    listed = fresh.run("promptdock", "plugins", "list", "--json").json()
    assert {plugin["distribution"] for plugin in listed} == {"promptdock"}
    names = ("calculator", "date_calculator", "event_log", "guard", "offline", "vendors", "weather")
    states = {plugin["name"]: (plugin["state"], plugin["reason"]) for plugin in listed}
    assert states == dict.fromkeys(names, ("loaded", None))
    assert fresh.run("promptdock", "plugins", "list").code == 0


def test_a_prompt_is_answered_with_its_tools(fresh: Environment) -> None:
    asked = "What is (17 + 4) * 2, and how many days from 2024-02-28 to 2024-03-01?"
    result = fresh.run("promptdock", "prompt", asked, "--model", "offline/offline", "--json").json()
    assert result["provider"] == "offline"
    assert {call["tool"].partition(".")[0] for call in result["calls"]} == {"calculator", "date_calculator"}
    assert "42" in result["text"]
    assert "2" in result["text"].replace("42", "")
