"""The pytest plugin in the test runs of projects that do not use it: cheap, silent, and out of the way."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.pytest_runs import PytestRuns

_PROBE = """
import json, sys
import pytest
code = pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[1:]])
print("\\n" + json.dumps(sorted(sys.modules)))
sys.exit(code)
"""
_OTHERS = """
def test_sums():
    assert 1 + 1 == 2

class TestMore:
    def test_in_a_class(self, tmp_path):
        assert tmp_path.is_dir()
"""


@pytest.fixture
def runs(tmp_path: Path) -> PytestRuns:
    """A project that knows nothing of promptdock."""
    made = PytestRuns(tmp_path)
    made.write("test_others.py", _OTHERS)
    return made


def _modules(runs: PytestRuns, *arguments: str) -> set[str]:
    done = runs.python("probe.py", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_a_run_that_does_not_use_it_imports_next_to_nothing(runs: PytestRuns) -> None:
    """Its own few small modules, and none of what a host is made of."""
    runs.write("probe.py", _PROBE)
    with_it, without = _modules(runs), _modules(runs, "-p", "no:promptdock")
    assert with_it - without == {
        "promptdock",
        "promptdock.testing",
        "promptdock.testing.conformance_items",
        "promptdock.testing.fixtures",
        "promptdock.testing.pytest_plugin",
    }


def _shown(text: str) -> str:
    """The output without times, and without the line that lists the plugins, in which all of them stand."""
    return re.sub(r"in [0-9.]+s", "in …", re.sub(r"(?m)^plugins: .*$", "", text))


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("-v", "-W", "error", "--strict-markers", "--strict-config", "-p", "no:anyio"),
        ("-n", "1"),
    ],
    ids=" ".join,
)
def test_it_is_silent_when_unused(runs: PytestRuns, arguments: tuple[str, ...]) -> None:
    """The output is the same as without it."""
    with_it, without = runs.run(*arguments), runs.run(*arguments, "-p", "no:promptdock")
    assert (with_it.returncode, with_it.stderr) == (0, "")
    assert _shown(with_it.stdout) == _shown(without.stdout)


def test_help_markers_and_fixtures_tell_of_it(runs: PytestRuns) -> None:
    """Who looks for it finds it, with what it is for."""
    told = runs.passes("--help")
    for option in ("--promptdock-update", "--promptdock-network", "promptdock_plugins"):
        assert option in told
    assert "@pytest.mark.promptdock(plugins=[...]" in runs.passes("--markers")
    shown = runs.passes("--fixtures")
    for name in ("host", "openai_client", "async_openai_client", "live_host", "promptdock_plugins"):
        assert re.search(rf"(?m)^{name} -- .*\n    \w", shown), name


def test_async_tests_of_others_stay_theirs(runs: PytestRuns) -> None:
    """A project without our fixtures sees what pytest says of them."""
    runs.write("test_others.py", "async def test_something():\n    pass\n")
    with_it, without = runs.run(), runs.run("-p", "no:promptdock")
    assert with_it.returncode == 1
    assert "async def functions are not natively supported" in with_it.stdout
    assert _shown(with_it.stdout) == _shown(without.stdout)


@pytest.mark.parametrize("how", ["attribute", "name"])
def test_fixtures_of_other_plugins_win(runs: PytestRuns, how: str) -> None:
    """testinfra has a ``host``, too: it goes on to be that one, in whichever order plugins are loaded."""
    named = '(name="host")\ndef _host' if how == "name" else "\ndef host"
    runs.write("other_plugin.py", f"import pytest\n@pytest.fixture{named}():\n    return 'theirs'\n")
    runs.write("test_others.py", "def test_host(host):\n    assert host == 'theirs'\n")
    runs.passes("-p", "other_plugin", count=1)


def test_fixtures_of_a_conftest_win(runs: PytestRuns) -> None:
    """As any project's own fixtures do."""
    names = ("host", "openai_client", "async_openai_client", "live_host")
    fixtures = "".join(f"@pytest.fixture\ndef {name}():\n    return 'ours'\n" for name in names)
    runs.write("conftest.py", f"import pytest\n{fixtures}")
    runs.write("test_others.py", f"def test_it({', '.join(names)}):\n    assert {{{', '.join(names)}}} == {{'ours'}}\n")
    runs.passes("-W", "error", count=1)
