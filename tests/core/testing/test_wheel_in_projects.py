"""The built wheel in another project's environment: its test runs are unharmed, also when it has a package ``core``."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.environments import Environment, built_checkout, once, shared_root, wheel_in
from tests.support.pytest_runs import PytestRuns

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

_PROBE = """
import json, os, sys

def pytest_unconfigure(config):
    names = [name for name in sys.modules if "." not in name or name.startswith("promptdock")]
    with open(os.environ["MODULES"], "w") as file:
        json.dump(sorted(names), file)
"""
_HEAVY = {"aiohttp", "httpx2", "litestar", "msgspec", "openai", "pydantic", "sqlalchemy", "sqlmodel", "uvicorn"}


@pytest.fixture
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the wheel and pytest, made once."""
    root = shared_root(tmp_path_factory)
    wheel = wheel_in(built_checkout(root))
    folder = once(root, "env-pytest", lambda folder: Environment.create(folder / "env", wheel, "pytest"))
    return Environment(folder / "env")


@pytest.fixture
def project(tmp_path: Path, environment: Environment) -> PytestRuns:
    """A project with packages that are called as ours are in the checkout, and tests of its own."""
    made = PytestRuns(tmp_path / "shop", environment.folder / "venv" / "bin" / "python")
    made.write("pytest.ini", "[pytest]\npythonpath = .\n")
    made.write("core/__init__.py", "from .prices import PRICE\n")
    made.write("core/prices.py", "PRICE = 3\n")
    made.write("core/testing/__init__.py", "MINE = True\n")
    made.write("plugins_builtin/__init__.py", "MINE = True\n")
    made.write("tests/conftest.py", _PROBE)
    made.write(
        "tests/test_core.py",
        """
        from importlib import import_module

        core = import_module("core")
        import_module("core.testing")
        plugins_builtin = import_module("plugins_builtin")

        def test_core_is_ours():
            assert core.PRICE == 3
            assert core.testing.MINE and plugins_builtin.MINE
            assert core.__file__.endswith("shop/core/__init__.py")
        """,
    )
    return made


def _run(project: PytestRuns, command: list[str]) -> tuple[str, set[str]]:
    modules = project.folder / "modules.json"
    done = subprocess.run(
        command,
        cwd=project.folder,
        env={**project.environment(), "MODULES": str(modules)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    shown = re.sub(r"in [0-9.]+s", "in …", re.sub(r"(?m)^plugins: .*\n", "", done.stdout))
    return shown, set(json.loads(modules.read_text()))


@pytest.mark.parametrize("how", ["pytest", "python -m pytest"])
def test_a_project_with_a_package_core_runs_its_tests(project: PytestRuns, environment: Environment, how: str) -> None:
    """By either command; nothing is shown that was not shown without it, and nothing heavy is imported."""
    programs = environment.folder / "venv" / "bin"
    command = [str(programs / "pytest")] if how == "pytest" else [str(programs / "python"), "-m", "pytest"]
    strict = [*command, "-v", "-W", "error", "--strict-markers", "--strict-config"]
    shown, modules = _run(project, strict)
    without, modules_without = _run(project, [*strict, "-p", "no:promptdock"])
    assert shown == without
    assert "1 passed" in shown
    assert {name for name in modules if name.startswith("promptdock")} == {
        "promptdock",
        "promptdock.testing",
        "promptdock.testing.conformance_items",
        "promptdock.testing.fixtures",
        "promptdock.testing.pytest_plugin",
    }
    assert not (modules - modules_without) & _HEAVY


_PLUGIN = """
from promptdock import hookimpl, tool

from .prices import PRICE

@tool
def price_of(article: str) -> int:
    \"\"\"Tell a price.

    Args:
        article: Which.
    \"\"\"
    return PRICE

@hookimpl
def register_tools():
    return [price_of]
"""


@pytest.mark.parametrize("how", ["pytest", "python -m pytest"])
def test_its_own_plugin_may_live_in_that_package(project: PytestRuns, environment: Environment, how: str) -> None:
    """The harness tells the two packages apart, too."""
    project.write("core/plugin.py", _PLUGIN)
    project.write("pyproject.toml", '[project.entry-points.promptdock]\nshop = "core.plugin"\n')
    project.write(
        "tests/test_plugin.py",
        """
        async def test_price(host, async_openai_client):
            assert await host.acall("price_of", article="a hat") == 3
            host.script("Three.")
            asked = [{"role": "user", "content": "What is it?"}]
            reply = await async_openai_client.chat.completions.create(model="scripted/model", messages=asked)
            assert reply.choices[0].message.content == "Three."
        """,
    )
    programs = environment.folder / "venv" / "bin"
    command = [str(programs / "pytest")] if how == "pytest" else [str(programs / "python"), "-m", "pytest"]
    shown, _ = _run(project, [*command, "-W", "error"])
    assert "2 passed" in shown
