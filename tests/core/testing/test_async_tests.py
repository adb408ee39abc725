"""``async def`` tests with our fixtures or our marker: they run without a plugin for event loops, and with any."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.environments import Environment, built_checkout, shared_root, wheel_in
from tests.support.pytest_runs import PytestRuns

_OURS = "promptdock/testing/pytest_plugin.py"
_HEAD = f"""
import traceback
import pytest

def run_by_us():
    return any(frame.filename.endswith({_OURS!r}) for frame in traceback.extract_stack())
"""
_MARKED = f"""{_HEAD}
@pytest.mark.promptdock
@pytest.mark.parametrize("number", [1, 2])
async def test_it(number, tmp_path, unused=3):
    import asyncio
    await asyncio.sleep(0)
    assert number in (1, 2) and tmp_path.is_dir() and unused == 3
    assert run_by_us()

@pytest.mark.promptdock
class TestMethods:
    async def test_in_a_class(self, tmp_path):
        assert run_by_us()
"""


@pytest.fixture
def runs(tmp_path: Path) -> PytestRuns:
    """An empty project."""
    return PytestRuns(tmp_path)


def test_they_run_without_a_plugin_for_event_loops(runs: PytestRuns) -> None:
    """Functions and methods, with other fixtures and parameters."""
    runs.write("test_it.py", _MARKED)
    runs.passes("-p", "no:anyio", "-W", "error", "--strict-markers", count=3)


def test_they_fail_when_they_fail(runs: PytestRuns) -> None:
    """A test that is not run would pass."""
    runs.write(
        "test_it.py",
        "import pytest\n@pytest.mark.promptdock\nasync def test_it():\n    assert 1 == 2, 'as it should'\n",
    )
    done = runs.run()
    assert done.returncode == 1
    assert "as it should" in done.stdout


def test_the_fixture_alone_makes_a_test_ours(runs: PytestRuns) -> None:
    """Also when it is asked for by another fixture; the project's ``host`` of another kind does not."""
    runs.write(
        "conftest.py",
        """
        import pytest

        @pytest.fixture
        def promptdock_host():
            return "a host"

        @pytest.fixture
        def asks_for_it(host):
            return host
        """,
    )
    runs.write(
        "test_it.py",
        f"{_HEAD}\nasync def test_host(host):\n    assert host == 'a host' and run_by_us()\n"
        "async def test_another(asks_for_it):\n    assert run_by_us()\n",
    )
    runs.passes("-W", "error", count=2)
    (runs.folder / "theirs").mkdir()
    runs.write("theirs/conftest.py", "import pytest\n@pytest.fixture\ndef host():\n    return 'theirs'\n")
    runs.write("theirs/test_more.py", "async def test_host(host):\n    pass\n")
    done = runs.run("theirs")
    assert "async def functions are not natively supported" in done.stdout


_ANYIO = f"""{_HEAD}
@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.promptdock
@pytest.mark.anyio
async def test_theirs():
    assert not run_by_us()

@pytest.mark.promptdock
async def test_ours():
    assert run_by_us()
"""


def test_the_plugin_of_anyio_takes_the_tests_that_it_is_to_take(runs: PytestRuns) -> None:
    """It comes with the openai package, so it is always there."""
    runs.write("test_it.py", _ANYIO)
    runs.passes("-W", "error", count=2)


_ASYNCIO = f"""{_HEAD}
@pytest.mark.promptdock
@pytest.mark.asyncio
async def test_theirs():
    assert not run_by_us()

@pytest.mark.promptdock
async def test_either(pytestconfig):
    assert run_by_us() == (pytestconfig.getini("asyncio_mode") == "strict")
"""
_TRIO = f"""{_HEAD}
@pytest.mark.promptdock
@pytest.mark.trio
async def test_theirs():
    import trio
    await trio.sleep(0)
    assert not run_by_us()
"""


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("version", ["pytest==8.0.*", "pytest>=9"])
def test_other_plugins_for_event_loops(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, version: str) -> None:
    """pytest-asyncio in both of its modes, and pytest-trio, with the oldest pytest that is promised and the newest."""
    wheel = wheel_in(built_checkout(shared_root(tmp_path_factory)))
    environment = Environment.create(tmp_path / "env", wheel)
    environment.install(version, "pytest-asyncio", "pytest-trio", constrained=False)
    (tmp_path / "tests").mkdir()
    runs = PytestRuns(tmp_path / "tests", environment.folder / "venv" / "bin" / "python")
    runs.write("test_it.py", _ASYNCIO)
    assert sys.executable not in runs.python("-c", "import sys; print(sys.executable)").stdout
    for mode in ("strict", "auto"):
        runs.write("pytest.ini", f"[pytest]\nasyncio_mode = {mode}\nasyncio_default_fixture_loop_scope = function\n")
        runs.passes("-p", "no:trio", count=2)
    runs.write("pytest.ini", "[pytest]\n")
    runs.write("test_it.py", _TRIO)
    runs.passes("-p", "no:asyncio", count=1)
    runs.write("test_it.py", _MARKED)
    runs.passes("-p", "no:asyncio", "-p", "no:trio", "-W", "error", count=3)
