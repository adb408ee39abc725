"""Telling observers: in order, behind the turn's back, and never felt by it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from promptdock import CompletionDelta, Event, ToolResponded, hookimpl
from promptdock.plugins.observer import HookObserver
from tests.support.hosts import bare_host

pytestmark = pytest.mark.anyio


def event(number: int = 0) -> Event:
    """An event whose call id is a number."""
    return ToolResponded(
        request_id="req-1",
        turn_id="turn-1",
        at=0.0,
        round=1,
        call_id=str(number),
        name="t",
        tool="p.t",
        plugin="p",
        arguments={},
        content="",
        error=None,
        ms=1.0,
    )


def observing(function: Any, *, nonblocking: bool = False) -> object:
    """A plugin that observes ``tool_responded``."""
    return SimpleNamespace(tool_responded=hookimpl(nonblocking=nonblocking)(function))


async def test_events_of_a_turn_are_told_in_order_to_sync_and_async_observers(tmp_path: Path) -> None:
    told: dict[str, list[str]] = {"async": [], "thread": [], "nonblocking": []}

    async def slow(event: ToolResponded) -> None:
        await asyncio.sleep(0.001 if int(event.call_id) % 2 else 0)
        told["async"].append(event.call_id)

    extra = {
        "a": observing(slow),
        "b": observing(lambda event: told["thread"].append(event.call_id)),
        "c": observing(lambda event: told["nonblocking"].append(event.call_id), nonblocking=True),
    }
    host = bare_host(tmp_path, extra)
    observer = host.observer()
    for number in range(20):
        observer.tell(event(number))
    assert await host.drain(10)
    expected = [str(number) for number in range(20)]
    assert told == {"async": expected, "thread": expected, "nonblocking": expected}


async def test_without_observers_no_task_is_made(tmp_path: Path) -> None:
    host = bare_host(tmp_path, {"mine": SimpleNamespace(turn_started=hookimpl(lambda: None))})
    tasks = asyncio.all_tasks()
    observer = host.observer()
    observer.tell(event())
    observer.tell(CompletionDelta(request_id="r", turn_id="t", at=0.0, round=1, choices=(), model="m"))
    assert asyncio.all_tasks() == tasks
    assert await host.drain(0)


async def test_the_task_ends_when_everything_is_told_and_begins_again(tmp_path: Path) -> None:
    told: list[str] = []
    host = bare_host(tmp_path, {"mine": observing(lambda event: told.append(event.call_id), nonblocking=True)})
    observer = host.observer()
    tasks = asyncio.all_tasks()
    for number in range(3):
        observer.tell(event(number))
        assert await host.drain(5)
        assert asyncio.all_tasks() == tasks
    assert told == ["0", "1", "2"]


async def test_who_need_not_be_waited_for_is_told_at_once_in_a_context_of_its_own(tmp_path: Path) -> None:
    """No task is made, and what an observer sets is not for the one who tells it."""
    mine: ContextVar[str] = ContextVar("mine", default="unset")
    told: list[str] = []

    def observe(event: ToolResponded) -> None:
        told.append(event.call_id)
        mine.set("set")

    host = bare_host(tmp_path, {"mine": observing(observe, nonblocking=True)})
    host.observer().tell(event(1))
    assert (told, mine.get()) == (["1"], "unset")
    assert await host.drain(0)


async def test_who_is_to_be_waited_for_after_all_keeps_the_order(tmp_path: Path) -> None:
    """A function that gives something to await is told to its end before anybody hears more."""
    told: list[tuple[str, str]] = []

    async def later(event: ToolResponded) -> None:
        await asyncio.sleep(0.001)
        told.append(("later", event.call_id))

    extra = {
        "a": observing(lambda event: later(event), nonblocking=True),
        "b": observing(lambda event: told.append(("at once", event.call_id)), nonblocking=True),
    }
    host = bare_host(tmp_path, extra)
    observer = host.observer()
    for number in range(2):
        observer.tell(event(number))
    assert await host.drain(5)
    assert told == [("later", "0"), ("at once", "0"), ("later", "1"), ("at once", "1")]
    assert {(found.calls, found.failures) for found in host.statistics()} == {(2, 0)}


async def test_what_an_observer_tells_on_its_part_comes_behind(tmp_path: Path) -> None:
    """Everybody hears one event after the other."""
    told: list[tuple[str, str]] = []
    observers: list[HookObserver] = []

    second = event(1)

    def telling(event: ToolResponded) -> None:
        told.append(("a", event.call_id))
        if event is not second:
            observers[0].tell(second)

    extra = {
        "a": observing(telling, nonblocking=True),
        "b": observing(lambda event: told.append(("b", event.call_id)), nonblocking=True),
    }
    host = bare_host(tmp_path, extra)
    observers.append(host.observer())
    observers[0].tell(event(0))
    assert await host.drain(5)
    assert told == [("a", "0"), ("b", "0"), ("a", "1"), ("b", "1")]


async def test_t61_an_observer_that_fails_is_logged_and_counted_and_the_others_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []

    def failing(event: ToolResponded) -> None:
        raise SystemExit(event.call_id)

    extra = {"bad": observing(failing), "good": observing(lambda event: told.append(event.call_id))}
    host = bare_host(tmp_path, extra)
    observer = host.observer()
    observer.tell(event(1))
    observer.tell(event(2))
    assert await host.drain(5)
    assert told == ["1", "2"]
    assert {found.plugin: (found.calls, found.failures) for found in host.statistics()} == {
        "bad": (2, 2),
        "good": (2, 0),
    }
    assert [record.name for record in caplog.records] == ["promptdock.plugins.bad"] * 2


async def test_a_hanging_observer_does_not_delay_the_one_who_tells(tmp_path: Path) -> None:
    release = threading.Event()
    told: list[str] = []
    extra = {
        "hangs": observing(lambda event: release.wait(30)),
        "well": observing(lambda event: told.append(event.call_id)),
    }
    host = bare_host(tmp_path, extra, hook_timeout=0.05)
    observer = host.observer()
    started = time.perf_counter()
    observer.tell(event(1))
    assert time.perf_counter() - started < 5
    assert await host.drain(10)
    assert told == ["1"]
    assert [found.timeouts for found in host.statistics()] == [1, 0]
    release.set()


async def test_what_waits_is_bounded_and_drops_are_counted_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []
    host = bare_host(tmp_path, {"mine": observing(lambda event: told.append(event.call_id))})
    made = host.observer()
    observer = HookObserver(made._calls, made._executor, made._deliveries, limit=3)
    for number in range(5):
        observer.tell(event(number))
    assert await host.drain(5)
    assert told == ["0", "1", "2"]
    assert observer.dropped == 2
    assert "too slow" in caplog.text
    assert "2 events were not told" in caplog.text


def test_telling_outside_of_an_event_loop_raises_nothing(tmp_path: Path) -> None:
    host = bare_host(tmp_path, {"mine": observing(lambda event: None)})
    observer = host.observer()
    observer.tell(event())
    assert observer.dropped == 1


async def test_turns_do_not_wait_for_each_other(tmp_path: Path) -> None:
    release = asyncio.Event()
    told: list[str] = []

    async def picky(event: ToolResponded) -> None:
        if event.call_id == "1":
            await release.wait()
        told.append(event.call_id)

    host = bare_host(tmp_path, {"mine": observing(picky)})
    slow, quick = host.observer(), host.observer()
    slow.tell(event(1))
    quick.tell(event(2))
    assert not await host.drain(0.05)
    assert told == ["2"]
    release.set()
    assert await host.drain(5)
    assert told == ["2", "1"]


async def test_closing_tells_what_is_left(tmp_path: Path) -> None:
    told: list[Mapping[str, str]] = []

    async def slow(event: ToolResponded) -> None:
        await asyncio.sleep(0.02)
        told.append({"call": event.call_id})

    host = bare_host(tmp_path, {"mine": observing(slow)})
    observer = host.observer()
    observer.tell(event(1))
    observer.tell(event(2))
    await host.aclose()
    assert told == [{"call": "1"}, {"call": "2"}]


async def test_closing_waits_no_longer_than_one_time_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def hanging(event: ToolResponded) -> None:
        await asyncio.sleep(60)

    host = bare_host(tmp_path, {"mine": observing(hanging)}, hook_timeout=0.05)
    observer = host.observer()
    for number in range(50):
        observer.tell(event(number))
    await asyncio.wait_for(host.aclose(), 10)
    assert "not told all events" in caplog.text
