"""Cassettes in tests of plugins: recorded once by ``promptdock record``, and played without a network or a key."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptdock.testing import Host, openai_client, replay
from tests.support.command import CommandLine
from tests.support.pytest_runs import PytestRuns
from tests.support.upstream import Upstream, error, text, tool_calls

_KEY = "sk-live-0123456789abcdef"
_SAID = "What is (17 + 4) * 2?"


@pytest.fixture
def cassette(command: CommandLine, upstream: Upstream) -> Path:
    """A streamed turn with one tool call, recorded by the real command at a real server."""
    upstream.script([tool_calls([("calculator", {"expression": "(17 + 4) * 2"})]), text("It is 42, all in all.")])
    done = command.run(
        *("record", _SAID, "-o", "tests/cassettes/sum.json", "--stream", "--plugin", "calculator", "-q"),
        env={"OPENAI_API_KEY": _KEY, "PROMPTDOCK_PROVIDERS__OPENAI__BASE_URL": upstream.base_url},
    )
    assert done.returncode == 0, done.stderr
    upstream.script(error(500))
    path = command.home / "tests" / "cassettes" / "sum.json"
    assert _KEY not in path.read_text()
    return path


@pytest.fixture
def command(tmp_path: Path) -> CommandLine:
    """The real command."""
    return CommandLine(tmp_path)


_TEST = f"""
import pytest

pytestmark = pytest.mark.promptdock(plugins=["calculator"], cassette="cassettes/sum.json")

def test_host(host):
    turn = host.prompt({_SAID!r})
    assert turn.text == "It is 42, all in all."
    assert [call.tool for call in turn.calls] == ["calculator.calculate"]

async def test_client(async_openai_client):
    asked = [{{"role": "user", "content": {_SAID!r}}}]
    stream = await async_openai_client.chat.completions.create(model="scripted/model", messages=asked, stream=True)
    pieces = [chunk.choices[0].delta.content async for chunk in stream if chunk.choices]
    assert "".join(piece or "" for piece in pieces) == "It is 42, all in all."
    assert "It is 4" in pieces  # as it was recorded, not word by word
"""


def test_the_marker_plays_a_cassette(cassette: Path, tmp_path: Path) -> None:
    """Named from the test file on; each test plays it from its start."""
    runs = PytestRuns(tmp_path)
    runs.write("tests/test_sum.py", _TEST)
    runs.passes("-W", "error", count=2)


def test_what_does_not_fit_fails_the_test_with_a_diff(cassette: Path, tmp_path: Path) -> None:
    """Whoever asked: the host, or a client to which it is but an error of a server."""
    runs = PytestRuns(tmp_path)
    runs.write(
        "tests/test_sum.py",
        """
        import contextlib
        import pytest

        pytestmark = pytest.mark.promptdock(plugins=["calculator"], cassette="cassettes/sum.json")
        SAID = "What is (17 + 4) * 3?"

        def test_host(host):
            host.prompt(SAID)

        def test_client(openai_client):
            with contextlib.suppress(Exception):
                asked = [{"role": "user", "content": SAID}]
                openai_client.chat.completions.create(model="scripted/model", messages=asked)
        """,
    )
    done = runs.run()
    assert done.returncode == 1
    assert done.stdout.count("something else than call 1 of 2 in ") >= 2
    assert "-  What is (17 + 4) * 2?\n" in done.stdout.replace("E           ", "").replace("E   ", "")
    assert "record it again: promptdock record 'What is (17 + 4) * 2?' --output tests/cassettes/sum.json" in done.stdout


def test_the_same_without_pytest(cassette: Path) -> None:
    """For harnesses of other kinds."""
    with Host(["calculator"]) as host, openai_client(host) as client:
        player = replay(host, cassette)
        reply = client.chat.completions.create(model="scripted/model", messages=[{"role": "user", "content": _SAID}])
        assert reply.choices[0].message.content == "It is 42, all in all."
        assert (player.left, player.misses) == ((), [])
