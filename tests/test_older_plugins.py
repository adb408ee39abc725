"""A plugin written for promptdock 0.1, installed beside this one: it works, and is told what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

import promptdock
from tests.support.environments import Environment, build, built_checkout, once, shared_root, wheel_in
from tests.support.packages import OLDER
from tests.support.upstream import Upstream, text, tool_calls

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

OLD_LINE = "async def prepare_request(request: CompletionCall, settings: SeededSettings) -> CompletionCall:"
NEW_LINE = "async def prepare_completion(call: CompletionCall, settings: SeededSettings) -> CompletionCall:"
DEF = dedent(OLDER.source).splitlines().index(OLD_LINE) + 1
WARNING = (
    "Plugin 'seeded' (promptdock-seeded 1.3): its hook prepare_request is deprecated since 0.2 and will be removed in "
    f"1.0. Write instead: {NEW_LINE}"
)
AUTHORS_TEST = """\
import asyncio

import pytest

from promptdock import CompletionRequested, Settings, open_service


@pytest.mark.promptdock(plugins=["seeded"])
def test_with_the_harness(host):
    host.script(["Hello."])
    turn = host.prompt("Hello?")
    assert [event.request["seed"] for event in turn.events if isinstance(event, CompletionRequested)] == [7]


def test_it_loads(tmp_path):
    async def load():
        async with open_service(Settings(home=tmp_path, strict=True)) as service:
            return {record.name: record.state.value for record in service.catalog.plugins}

    assert asyncio.run(load())["seeded"] == "loaded"
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with promptdock and the older package."""
    root = shared_root(tmp_path_factory)
    dist = built_checkout(root)
    return Environment(once(root, "older", lambda folder: _install(folder, wheel_in(dist))))


def _install(folder: Path, promptdock: Path) -> None:
    wheels = folder / "wheels"
    wheels.mkdir()
    build(OLDER.write(folder / "trees"), wheels, "--wheel")
    Environment.create(folder, promptdock, *wheels.glob("*.whl"), "pytest")
    (folder / "work" / "test_seeded.py").write_text(AUTHORS_TEST)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running


def test_what_it_uses_is_there_still() -> None:
    """All of the names that it imports are public."""
    names = dedent(OLDER.source).partition("import (")[2].partition(")")[0].replace(",", "").split()
    assert len(names) > 5
    assert set(names) <= set(promptdock.__all__)


@pytest.mark.parametrize("strict", ["false", "true"])
def test_its_change_reaches_the_provider(installed: Environment, upstream: Upstream, strict: str) -> None:
    """And so does all else that it does; ``strict`` has nothing against it."""
    upstream.script([tool_calls([("pick", {"low": 3, "high": 9})]), text("It is 3.")])
    done = installed.run(
        "promptdock",
        "prompt",
        "Pick a number.",
        "--model",
        "openai/m1",
        "--json",
        PROMPTDOCK_STRICT=strict,
        PROMPTDOCK_PROVIDERS__OPENAI__BASE_URL=upstream.base_url,
        PROMPTDOCK_PROVIDERS__OPENAI__API_KEY="sk-fake-1234",
        PROMPTDOCK_PLUGINS__SEEDED__SEED="11",
    )
    assert done.code == 0, done.err
    assert [call.body["seed"] for call in upstream.calls] == [11, 11]
    assert upstream.calls[1].body["messages"][-1]["content"] == "picked 3"


def test_the_list_of_plugins_has_the_line_to_write_instead(installed: Environment) -> None:
    plugins = installed.run("promptdock", "plugins", "list", "--json").json()
    (seeded,) = [plugin for plugin in plugins if plugin["distribution"] == "promptdock-seeded"]
    assert (seeded["state"], seeded["version"]) == ("loaded", "1.3")
    assert "prepare_request" in seeded["hooks"]
    (warning,) = seeded["warnings"]
    assert (warning["hook"], warning["write"], warning["message"]) == ("prepare_request", NEW_LINE, WARNING)
    assert [plugin["name"] for plugin in plugins if plugin["warnings"]] == ["seeded"]


def test_people_read_it_in_the_list_and_from_the_doctor(installed: Environment) -> None:
    for command in (("plugins", "list"), ("doctor",)):
        done = installed.run("promptdock", *command)
        assert done.code == 0
        told = " ".join(done.out.split())
        assert "seeded (promptdock-seeded 1.3) is written for an older promptdock" in told
        assert f"Write instead: {NEW_LINE}" in told


def test_a_server_logs_it_once_and_serves(installed: Environment) -> None:
    with installed.serving() as server:
        server.process.terminate()
        _, log = server.process.communicate(timeout=30)
    assert log.count(WARNING) == 1


def test_the_authors_pytest_shows_the_line_of_the_plugin(installed: Environment) -> None:
    """The tests pass, and the summary of warnings names the file, the line, and what is in it."""
    done = installed.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_seeded.py")
    assert done.code == 0, done.out + done.err
    assert "2 passed, 2 warnings" in done.out
    assert f"promptdock_seeded.py:{DEF}: PromptdockDeprecationWarning: {WARNING}" in done.out
    assert f"\n    {OLD_LINE}\n" in done.out


@pytest.mark.parametrize(
    "wanted", ["error", "error::DeprecationWarning", "error::promptdock.PromptdockDeprecationWarning"]
)
def test_where_warnings_are_errors_the_authors_pytest_fails_with_the_line(installed: Environment, wanted: str) -> None:
    """And not with a plugin in quarantine, or one that is missing."""
    done = installed.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", wanted, "test_seeded.py")
    assert done.code == 1, done.out + done.err
    assert (
        len(re.findall(rf"^E +[\w.]*PromptdockDeprecationWarning: {re.escape(WARNING)}$", done.out, re.MULTILINE)) == 2
    )
    assert done.out.count(f"promptdock_seeded.py:{DEF}\n") >= 2
    assert "2 failed" in done.out
    assert "PluginError" not in done.out


def test_a_command_fails_with_the_line_where_warnings_are_errors(installed: Environment) -> None:
    done = installed.run(
        "promptdock", "prompt", "2+3", "--model", "offline/offline", PYTHONWARNINGS="error::DeprecationWarning"
    )
    assert done.code == 1
    assert WARNING in done.err
    assert "defect" not in done.err
