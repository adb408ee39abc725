"""The examples are gold, without a waiver: whoever starts from them starts from there."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptdock.conformance.targets import find_targets
from promptdock.settings import Settings
from tests.support.environments import CHECKOUT, Environment, build, built_checkout, once, shared_root, wheel_in
from tests.support.grading import assert_gold

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ONE_FILE = [path for path in sorted((CHECKOUT / "examples" / "one_file").glob("*.py")) if path.name[:5] != "test_"]
PACKAGES = sorted(path.parent for path in (CHECKOUT / "examples").glob("*/pyproject.toml"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with promptdock, what checking needs, and the example packages."""
    root = shared_root(tmp_path_factory)
    dist = built_checkout(root)
    return Environment(once(root, "examples", lambda folder: _install(folder, wheel_in(dist))))


def _install(folder: Path, promptdock: Path) -> None:
    wheels = folder / "wheels"
    wheels.mkdir()
    for package in PACKAGES:
        build(package, wheels, "--wheel")
    Environment.create(folder, f"promptdock[testing] @ {promptdock.as_uri()}", *wheels.glob("*.whl"))


@pytest.mark.parametrize("file", ONE_FILE, ids=lambda path: path.stem)
def test_one_file_examples_are_gold(file: Path, tmp_path: Path) -> None:
    (target,) = find_targets(Settings(), str(file))
    assert_gold(target, tmp_path)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_example_packages_are_gold_where_they_are_installed(package: Path, installed: Environment) -> None:
    """By the command, without their source."""
    command = ("plugin", "check", package.name, "--require", "gold", "--json", "--import-budget", "5000")
    done = installed.run("promptdock", *command, timeout=300)
    report = done.json()
    assert report["ok"]
    (plugin,) = report["plugins"]
    assert plugin["grade"] == "gold"
    assert plugin["waivers"] == []
