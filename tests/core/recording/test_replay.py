"""What is recorded at a real upstream is played again without one."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from promptdock import ConfigurationError, ProviderSettings, Settings, TurnResult, hookimpl, open_service, tool
from promptdock.recording.cassette import Cassette
from promptdock.recording.files import write
from promptdock.recording.player import Player
from promptdock.recording.playing import playing
from promptdock.recording.recorder import Recorder, SecretLeft
from promptdock.turn.fold import fold_turn
from promptdock.turn.request import PromptRequest
from tests.support.upstream import Upstream, error, text, tool_calls

_KEY = "sk-live-0123456789abcdef"


class Clock:
    """A plugin with one tool."""

    def __init__(self, answer: str = "12:00") -> None:
        self.answer = answer

    @hookimpl
    def register_tools(self) -> list[Any]:
        @tool
        def tell_time(zone: str) -> str:
            """Tell the time.

            Args:
                zone: Time zone.
            """
            return f"{self.answer} in {zone}"

        return [tell_time]


def _settings(tmp_path: Path, upstream: Upstream | None, *, key: str = _KEY) -> Settings:
    base_url = "https://nowhere.invalid/v1" if upstream is None else upstream.base_url
    provider = ProviderSettings(base_url=base_url, api_key=SecretStr(key), max_retries=0)
    allowed = ("clock", "vendors", "offline")
    return Settings(home=tmp_path, plugins_allow=allowed, providers={"openai": provider}, default_provider="openai")


async def _turn(service: Any, said: str, *, stream: bool) -> TurnResult:
    request = PromptRequest(messages=({"role": "user", "content": said},), stream=stream)
    return await fold_turn(service.run(request))


def _record(
    tmp_path: Path, upstream: Upstream, said: str, *, stream: bool = False, key: str = _KEY
) -> tuple[Cassette, TurnResult]:
    settings = _settings(tmp_path, upstream, key=key)
    recorder = Recorder(settings)

    async def run() -> TurnResult:
        async with open_service(settings, extra={"clock": Clock()}, adapt=recorder.adapt) as service:
            return await _turn(service, said, stream=stream)

    result = asyncio.run(run())
    path = tmp_path / "cassette.json"
    write(recorder.cassette(command="promptdock record again"), path, replace=True)
    return Cassette.read(path), result


def _replay(tmp_path: Path, player: Player, said: str, *, stream: bool = False, clock: str = "12:00") -> TurnResult:
    async def run() -> TurnResult:
        async with open_service(
            _settings(tmp_path, None),
            extra={"clock": Clock(clock)},
            adapt=lambda loaded: playing(player, loaded),
        ) as service:
            return await _turn(service, said, stream=stream)

    return asyncio.run(run())


_ROUNDS = [tool_calls([("tell_time", {"zone": "CET"})]), text("It is noon.")]


@pytest.mark.parametrize("recorded_stream", [False, True])
@pytest.mark.parametrize("replayed_stream", [False, True])
def test_a_turn_is_replayed(tmp_path: Path, upstream: Upstream, recorded_stream: bool, replayed_stream: bool) -> None:
    """Tools are run again; only the provider is played, in either form, whichever was recorded."""
    upstream.script(_ROUNDS)
    cassette, recorded = _record(tmp_path, upstream, "What time is it?", stream=recorded_stream)
    player = Player(cassette, "cassette.json")
    replayed = _replay(tmp_path, player, "What time is it?", stream=replayed_stream)
    assert replayed.text == recorded.text == "It is noon."
    assert [call.tool for call in replayed.calls] == ["clock.tell_time"]
    assert replayed.as_json()["usage"] == recorded.as_json()["usage"]
    assert (player.left, player.misses) == ((), [])
    assert len(upstream.calls) == 2


def test_the_file_is_readable_and_says_its_version(tmp_path: Path, upstream: Upstream) -> None:
    """It is reviewed with the tests that it belongs to."""
    upstream.script(text("Noon."))
    _record(tmp_path, upstream, "What time is it?")
    written = (tmp_path / "cassette.json").read_text()
    data = json.loads(written)
    assert list(data) == ["format", "version", "recorded_by", "calls"]
    assert (data["format"], data["version"]) == ("promptdock cassette", 1)
    assert data["calls"][0]["request"]["messages"][-1] == {"role": "user", "content": "What time is it?"}
    assert '\n          {"role": "user", "content": "What time is it?"}\n' in written


def test_the_day_of_the_recording_does_not_matter(tmp_path: Path, upstream: Upstream) -> None:
    """The system message tells the model what day it is, and the cassette does not."""
    import time_machine

    upstream.script(text("Noon."))
    with time_machine.travel("2024-02-29", tick=True):
        cassette, _ = _record(tmp_path, upstream, "What time is it?")
    assert "2024" not in (tmp_path / "cassette.json").read_text()
    with time_machine.travel("2031-01-01", tick=True):
        assert _replay(tmp_path, Player(cassette, "c"), "What time is it?").text == "Noon."


@pytest.mark.parametrize(
    ("reply", "status", "code"),
    [
        (
            error(429, "Slow down.", code="rate_limit_exceeded", headers={"retry-after": "7"}),
            429,
            "rate_limit_exceeded",
        ),
        (error(429, "No quota.", code="insufficient_quota"), 429, "insufficient_quota"),
        (error(400, "Too many words.", code="context_length_exceeded"), 400, "context_length_exceeded"),
        (error(401, f"Incorrect API key provided: {_KEY}"), 502, "upstream_auth"),
        (error(503), 502, "upstream_error"),
        (text("").but(abort="before_headers"), 502, "upstream_unreachable"),
        (text("").but(body=b"<html>"), 502, "upstream_invalid_response"),
        (text("").but(body=b'{"error": {"message": "overloaded"}}'), 502, "upstream_error"),
    ],
)
def test_failures_are_replayed_as_they_were(
    tmp_path: Path, upstream: Upstream, reply: Any, status: int, code: str
) -> None:
    """Status, code, words and the time to wait."""
    upstream.script(reply)
    cassette, recorded = _record(tmp_path, upstream, "What time is it?")
    replayed = _replay(tmp_path, Player(cassette, "c"), "What time is it?")
    assert recorded.failure is not None
    assert replayed.failure is not None
    assert (replayed.failure.error.status, replayed.failure.error.code) == (status, code)
    assert replayed.failure.error == recorded.failure.error
    assert _KEY not in (tmp_path / "cassette.json").read_text()


def test_a_stream_that_breaks_off_is_replayed_up_to_there(tmp_path: Path, upstream: Upstream) -> None:
    """The pieces before it, and then the failure."""
    upstream.script(text("It is noon, or later.").but(abort="mid_body", abort_after=3))
    cassette, recorded = _record(tmp_path, upstream, "What time is it?", stream=True)
    replayed = _replay(tmp_path, Player(cassette, "c"), "What time is it?", stream=True)
    assert recorded.failure is not None
    assert replayed.failure is not None
    assert replayed.failure.error == recorded.failure.error
    assert [type(event) for event in replayed.events] == [type(event) for event in recorded.events]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_call_that_could_not_be_made_is_recorded(tmp_path: Path, upstream: Upstream, stream: bool) -> None:
    """Whether its failure comes before its first piece or in place of an answer."""
    cassette, recorded = _record(tmp_path, upstream, "What time is it?", stream=stream, key="no\nkey")
    replayed = _replay(tmp_path, Player(cassette, "c"), "What time is it?", stream=stream)
    assert not upstream.calls
    assert recorded.failure is not None
    assert replayed.failure is not None
    told, again = recorded.failure.error, replayed.failure.error
    assert (again.status, again.code, again.message) == (told.status, told.code, told.message)


def test_a_call_that_does_not_fit_says_what_differs(tmp_path: Path, upstream: Upstream) -> None:
    """As a diff of what was recorded and what is asked, with the command to record again."""
    upstream.script(_ROUNDS)
    cassette, _ = _record(tmp_path, upstream, "What time is it?")
    player = Player(cassette, "cassettes/time.json")
    replayed = _replay(tmp_path, player, "What time is it?", clock="13:37")
    assert replayed.failure is not None
    assert replayed.failure.error.code == "call_not_recorded"
    told = str(player.misses[0])
    assert "something else than call 2 of 2 in cassettes/time.json" in told
    assert "-  12:00 in CET\n+  13:37 in CET" in told
    assert told.endswith("record it again: promptdock record again")


def test_each_recorded_call_is_played_once(tmp_path: Path, upstream: Upstream) -> None:
    """A test that asks more than was recorded hears so."""
    upstream.script(text("Noon."))
    cassette, _ = _record(tmp_path, upstream, "What time is it?")
    player = Player(cassette, "time.json")
    assert _replay(tmp_path, player, "What time is it?").text == "Noon."
    assert _replay(tmp_path, player, "What time is it?").failure is not None
    assert "all of its 1 calls were played" in str(player.misses[0])


def test_secrets_that_were_hidden_fit_whatever_is_asked(tmp_path: Path, upstream: Upstream) -> None:
    """The test need not know them; everything around them has to be the same."""
    upstream.script(text(f"I know {_KEY}."))
    cassette, _ = _record(tmp_path, upstream, f"My key is {_KEY}, keep it.")
    assert _KEY not in (tmp_path / "cassette.json").read_text()
    assert _replay(tmp_path, Player(cassette, "c"), "My key is another-one, keep it.").text == "I know [hidden]."
    assert _replay(tmp_path, Player(cassette, "c"), "My key is another-one, lose it.").failure is not None


def test_a_secret_that_would_remain_is_never_written(tmp_path: Path, upstream: Upstream) -> None:
    """A key that is a word of the file's own form cannot be hidden; then there is no file."""
    upstream.script(text("Noon."))
    with pytest.raises(SecretLeft, match="would hold a secret"):
        _record(tmp_path, upstream, "What time is it?", key="promptdock cassette".replace(" ", "-")[:10])
    assert not (tmp_path / "cassette.json").exists()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("[]", "it does not say that its format is"),
        ("{", "it is not JSON"),
        ('{"format": "promptdock cassette", "version": 2, "calls": []}', "its version is 2"),
        ('{"format": "promptdock cassette", "version": 1}', "'calls' is no list"),
        ('{"format": "promptdock cassette", "version": 1, "calls": [{}]}', r"calls\[0\].request has no list"),
        (
            '{"format": "promptdock cassette", "version": 1, "calls": [{"request": {"messages": []}}]}',
            r"calls\[0\] has neither",
        ),
    ],
)
def test_a_file_that_is_no_cassette_is_refused(tmp_path: Path, content: str, why: str) -> None:
    """The error names the file and the place in it."""
    path = tmp_path / "c.json"
    path.write_text(content)
    with pytest.raises(ConfigurationError, match=rf"c\.json is no cassette that can be played: {why}"):
        Cassette.read(path)
