"""``promptdock record``: the real command at a real upstream, and what it leaves behind."""

from __future__ import annotations

import asyncio
import shlex
from pathlib import Path

from promptdock import Settings, TurnResult, open_service
from promptdock.recording.cassette import Cassette
from promptdock.recording.player import Player
from promptdock.recording.playing import playing
from tests.support.command import CommandLine
from tests.support.upstream import Upstream, error, text, tool_calls

_KEY = "sk-live-0123456789abcdef"
_ROUNDS = [tool_calls([("calculator", {"expression": "(17 + 4) * 2"})]), text("It is 42.")]


def _at(upstream: Upstream) -> dict[str, str]:
    return {"OPENAI_API_KEY": _KEY, "PROMPTDOCK_PROVIDERS__OPENAI__BASE_URL": upstream.base_url}


def _replay(path: Path, home: Path, said: str) -> TurnResult:
    """Play it in a process that has no key and no network."""
    player = Player(Cassette.read(path), path.name)

    async def run() -> TurnResult:
        settings = Settings(home=home, plugins_allow=("calculator", "vendors", "offline"))
        async with open_service(settings, adapt=lambda loaded: playing(player, loaded)) as service:
            return await service.prompt(said, model="openai/gpt-4o-mini")

    return asyncio.run(run())


def test_a_prompt_is_answered_recorded_and_replayed(command: CommandLine, upstream: Upstream, tmp_path: Path) -> None:
    """The terminal shows what ``promptdock prompt`` shows; the file plays without the key that made it."""
    upstream.script(_ROUNDS)
    done = command.run("record", "What is (17 + 4) * 2?", "-o", "cassettes/sum.json", env=_at(upstream))
    assert done.returncode == 0, done.stderr
    assert 'call     calculator(expression="(17 + 4) * 2")' in done.stdout
    assert "\nIt is 42.\n" in done.stdout
    assert "Recorded 2 calls to cassettes/sum.json." in done.stderr
    assert upstream.calls[0].key == _KEY
    path = command.home / "cassettes" / "sum.json"
    assert _KEY not in path.read_text()
    upstream.script(error(500))
    assert _replay(path, tmp_path, "What is (17 + 4) * 2?").text == "It is 42."
    assert len(upstream.calls) == 2


def test_streams_are_recorded_piece_by_piece(command: CommandLine, upstream: Upstream) -> None:
    """As the vendor sent them."""
    upstream.script(text("Hello, you there."))
    done = command.run("record", "Hello", "--stream", "-q", env=_at(upstream))
    assert (done.stdout, done.stderr) == ("Hello, you there.\n", "")
    (call,) = Cassette.read(command.home / "cassette.json").calls
    assert call.chunks is not None
    assert len(call.chunks) > 4


def test_the_command_that_the_file_names_records_it_again(command: CommandLine, upstream: Upstream) -> None:
    """Quoted for a shell, with the right to replace the file."""
    upstream.script(text("Hello."))
    command.run("record", "It's me", "-m", "openai/m7", "--stream", "--plugin", "weather", env=_at(upstream))
    path = command.home / "cassette.json"
    before = path.read_text()
    (again,) = Cassette.read(path).commands
    program, *arguments = shlex.split(again)
    assert program == "promptdock"
    done = command.run(*arguments, env=_at(upstream))
    assert done.returncode == 0, done.stderr
    assert path.read_text() == before


def test_nothing_is_written_over_and_nobody_asked_in_vain(command: CommandLine, upstream: Upstream) -> None:
    """Only ``--force`` replaces, and ``--append`` adds."""
    upstream.script(text("Hello."))
    path = command.home / "cassette.json"
    path.write_text("mine")
    done = command.run("record", "Hello", env=_at(upstream))
    assert done.returncode == 1
    assert done.stderr == (
        "Error: There is a file cassette.json already. Replace it with --force, add to it with --append, or name "
        "another.\n"
    )
    assert (path.read_text(), upstream.calls) == ("mine", [])
    assert command.run("record", "Hello", "--append", env=_at(upstream)).returncode == 1
    assert command.run("record", "Hello", "--force", env=_at(upstream)).returncode == 0
    assert command.run("record", "Hello", "--append", env=_at(upstream)).returncode == 0
    cassette = Cassette.read(path)
    assert (len(cassette.calls), len(cassette.commands)) == (2, 2)
    assert sorted(command.home.glob("*.json")) == [path]
    assert not list(command.home.glob(".cassette*"))


def test_the_two_ways_to_a_file_that_exists_exclude_each_other(command: CommandLine) -> None:
    """That is a wrong call."""
    assert command.run("record", "Hello", "--force", "--append").returncode == 2


def test_a_failed_turn_is_kept_only_when_asked_for(command: CommandLine, upstream: Upstream) -> None:
    """A wrong key is no test; a rate limit may be one."""
    upstream.script(error(429, "Slow down.", headers={"retry-after": "0.01"}))
    path = command.home / "cassette.json"
    done = command.run("record", "Hello", env=_at(upstream))
    assert done.returncode == 1
    assert not path.exists()
    done = command.run("record", "Hello", "--failed", env=_at(upstream))
    assert done.returncode == 1
    assert "Recorded 1 call to cassette.json." in done.stderr
    (call,) = Cassette.read(path).calls
    assert call.failure is not None
    assert (call.failure["type"], call.failure["status"]) == ("openai.RateLimitError", 429)


def test_secrets_are_hidden_by_value_and_by_name(command: CommandLine, upstream: Upstream) -> None:
    """The key wherever it is repeated, other secrets of the environment, and members that are named."""
    upstream.script(
        [
            tool_calls([("calculator", {"expression": "1", "password": "pass-word-one", "customer": "Ada"})]),
            text(f"Your key is {_KEY} and the token is tok-from-env."),
        ]
    )
    env = {**_at(upstream), "SHOP_TOKEN": "tok-from-env"}
    done = command.run("record", f"What is 1 + 1? I am {_KEY}", "--hide", "customer", env=env)
    assert done.returncode == 0, done.stderr
    written = (command.home / "cassette.json").read_text()
    assert not [secret for secret in (_KEY, "pass-word-one", "Ada", "tok-from-env") if secret in written]
    assert "secrets are hidden in" in done.stderr


def test_a_secret_that_cannot_be_hidden_leaves_no_file(command: CommandLine, upstream: Upstream) -> None:
    """A password that is a word of the file's own form."""
    upstream.script(text("Hello."))
    done = command.run("record", "Hello", env={**_at(upstream), "SHOP_PASSWORD": "messages"})
    assert done.returncode == 1
    assert "would hold a secret" in done.stderr
    assert not (command.home / "cassette.json").exists()


def test_only_the_named_plugins_take_part(command: CommandLine, upstream: Upstream) -> None:
    """As in the test that replays it."""
    upstream.script(text("Hello."))
    command.run("record", "What is 2 + 3, and the weather in Paris?", "--plugin", "weather", env=_at(upstream))
    names = [tool["function"]["name"] for tool in upstream.calls[0].body["tools"]]
    assert "calculator" not in names
    assert names
