"""Observers that say what they do not want to hear of, and events that nobody needs to make."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from promptdock import KeyCreated, KeyDeleted, TurnFailed, hookimpl
from promptdock.errors import ErrorInfo
from promptdock.hookmarkers import Wanted
from promptdock.plugins.catalog import PluginState
from tests.support.hosts import bare_host

pytestmark = pytest.mark.anyio


def created(key_id: str) -> KeyCreated:
    return KeyCreated(request_id="req-1", caller="ann@7", account="7", key_id=key_id, name="ci")


def failed(code: str) -> TurnFailed:
    error = ErrorInfo(status=500, type="server_error", code=code, message="no")
    return TurnFailed(request_id="req-1", turn_id="turn-1", at=0.0, error=error, round=1, rounds=1, ms=1.0)


def observing(function: Callable[..., Any], wanted: Any, *, nonblocking: bool = True) -> object:
    mark = hookimpl(nonblocking=nonblocking, wanted=wanted)
    return SimpleNamespace(key_created=mark(function), turn_failed=mark(function))


@pytest.mark.parametrize("nonblocking", [False, True])
async def test_an_observer_hears_nothing_while_it_wants_nothing(tmp_path: Path, nonblocking: bool) -> None:
    told: list[str] = []
    open_ears: list[bool] = []

    def hear(event: Any) -> None:
        told.append(event.key_id if isinstance(event, KeyCreated) else event.error.code)

    host = bare_host(tmp_path, {"mine": observing(hear, lambda settings: bool(open_ears), nonblocking=nonblocking)})
    turn = host.observer()
    for number in (1, 2):
        host.tell(created(f"around {number}"))
        turn.tell(failed(f"turn {number}"))
        assert host.wants(KeyCreated) is bool(open_ears)
        assert await host.drain(10)
        open_ears.append(True)
    assert sorted(told) == ["around 2", "turn 2"]
    assert {found.calls for found in host.statistics()} == {1}


async def test_others_hear_what_one_does_not_want(tmp_path: Path) -> None:
    told: list[str] = []
    extra = {
        "deaf": observing(lambda event: told.append("deaf"), lambda settings: False),
        "hearing": observing(lambda event: told.append("hearing"), None),
    }
    host = bare_host(tmp_path, extra)
    host.tell(created("1"))
    host.observer().tell(failed("boom"))
    assert host.wants(KeyCreated)
    assert await host.drain(10)
    assert told == ["hearing", "hearing"]


async def test_a_turn_tells_its_observer_only_of_what_a_plugin_observes(tmp_path: Path) -> None:
    host = bare_host(tmp_path, {"mine": observing(lambda event: None, None)})
    assert set(host.observer().hears or ()) == {TurnFailed}
    assert bare_host(tmp_path, {}).observer().hears == frozenset()


async def test_an_observer_that_cannot_say_is_told(tmp_path: Path) -> None:
    told: list[str] = []

    def broken(settings: object) -> bool:
        raise RuntimeError("I do not know")

    host = bare_host(tmp_path, {"mine": observing(lambda event: told.append(event.key_id), broken)})
    host.tell(created("1"))
    assert told == ["1"]


async def test_nobody_wants_events_that_nobody_observes(tmp_path: Path) -> None:
    told: list[object] = []
    host = bare_host(tmp_path, {})
    assert not host.wants(KeyCreated)
    stop = host.listen(told.append, KeyCreated)
    assert host.wants(KeyCreated)
    assert not host.wants(KeyDeleted)
    event = created("1")
    host.tell(event)
    host.tell(KeyDeleted(request_id="r", caller="", account=None, key_id="1", name="ci"))
    assert told == [event]
    stop()
    host.tell(event)
    assert not host.wants(KeyCreated)
    assert told == [event]


async def test_a_host_that_is_closed_wants_nothing(tmp_path: Path) -> None:
    host = bare_host(tmp_path, {"mine": observing(lambda event: None, None)})
    await host.aclose()
    assert not host.wants(KeyCreated)


@pytest.mark.parametrize(
    ("hook", "wanted", "reason"),
    [
        ("register_tools", lambda settings: False, "its register_tools is marked 'wanted'"),
        ("approve_tool_call", lambda settings: False, "its approve_tool_call is marked 'wanted'"),
        ("turn_failed", True, "the 'wanted' of its turn_failed cannot be called at once"),
    ],
)
async def test_what_cannot_be_wanted_is_refused_at_load(tmp_path: Path, hook: str, wanted: Wanted, reason: str) -> None:
    plugin = SimpleNamespace(**{hook: hookimpl(wanted=wanted)(lambda: None)})
    records = {record.name: record for record in bare_host(tmp_path, {"mine": plugin}).catalog.plugins}
    record = records["mine"]
    assert record.state is PluginState.QUARANTINED
    assert record.reason == reason


@pytest.mark.parametrize("failure", [SystemExit, KeyboardInterrupt, ValueError])
async def test_one_that_cannot_say_what_it_wants_hears_everything(tmp_path: Path, failure: type[BaseException]) -> None:
    told: list[Any] = []

    def hear(event: Any) -> None:
        told.append(event)

    def raises(_: Any) -> bool:
        raise failure

    host = bare_host(tmp_path, {"mine": observing(hear, raises)})
    host.observer().tell(failed("oh"))
    assert await host.drain(10)
    assert len(told) == 1


async def test_whether_something_is_wanted_is_said_at_once(tmp_path: Path) -> None:
    async def later(_: Any) -> bool:
        return False

    def hear(event: Any) -> None:
        """Never called."""

    host = bare_host(tmp_path, {"mine": observing(hear, later)})
    record = {one.name: one for one in host.catalog.plugins}["mine"]
    assert record.state is PluginState.QUARANTINED
    assert "cannot be called at once" in str(record.reason)
