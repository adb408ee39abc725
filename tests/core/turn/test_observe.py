"""What observe hooks hear of a turn."""

from __future__ import annotations

import asyncio
from collections.abc import Container
from contextvars import ContextVar
from typing import Any, ClassVar

import pytest

from promptdock import CompletionDelta, CompletionRequested, PromptRequest, TurnFailed, TurnStarted, hookimpl, tool
from promptdock.turn.events import Event
from tests.support.services import Plugin, service_at
from tests.support.upstream import Upstream, text, tool_calls

pytestmark = pytest.mark.anyio

REQUEST = PromptRequest(messages=({"role": "user", "content": "hi"},), stream=True)


class Listener:
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.failures: list[TurnFailed] = []

    @hookimpl(nonblocking=True)
    def turn_started(self, event: Any) -> None:
        self.heard.append("turn_started")

    @hookimpl
    async def completion_requested(self, event: Any) -> None:
        await asyncio.sleep(0.01)
        self.heard.append("completion_requested")

    @hookimpl
    def turn_finished(self, event: Any) -> None:
        self.heard.append("turn_finished")

    @hookimpl
    def turn_failed(self, event: TurnFailed) -> None:
        self.failures.append(event)


class Raising:
    """An observer that fails."""

    @hookimpl
    def turn_started(self) -> None:
        raise RuntimeError("an observer's own trouble")


async def test_observers_hear_the_events_in_order(upstream: Upstream) -> None:
    """Asynchronous, threaded and non-blocking ones alike, all told by the time the service closes."""
    listener = Listener()
    async with service_at(upstream, plugins={"listener": listener}) as service:
        await service.prompt("hi")
    assert listener.heard == ["turn_started", "completion_requested", "turn_finished"]


async def test_t61_a_raising_observer_is_not_felt(upstream: Upstream) -> None:
    """Neither by the caller nor by the others."""
    listener = Listener()
    async with service_at(upstream, plugins={"a_raising": Raising(), "listener": listener}) as service:
        assert (await service.prompt("hi")).text == "Hello from the fake upstream."
    assert listener.heard[0] == "turn_started"


async def test_a_caller_that_goes_away_is_a_failed_turn_to_observers(upstream: Upstream) -> None:
    """With the code ``cancelled``; there is nobody left to get an event."""
    upstream.script(text("a long story " * 50, gap=0.02))
    listener = Listener()
    async with service_at(upstream, plugins={"listener": listener}) as service:
        events = service.run(REQUEST)
        async for event in events:
            if isinstance(event, CompletionDelta):
                break
        await events.aclose()
    (failure,) = listener.failures
    assert failure.error.code == "cancelled"
    assert "turn_finished" not in listener.heard


async def test_a_failed_turn_is_told_with_its_error(upstream: Upstream) -> None:
    """The public one, without a traceback."""
    from tests.support.upstream import error

    upstream.script(error(429, "slow down", headers={"retry-after": "7"}))
    listener = Listener()
    async with service_at(upstream, plugins={"listener": listener}) as service:
        await service.prompt("hi")
    (failure,) = listener.failures
    assert (failure.error.status, failure.error.retry_after) == (429, 7.0)


@tool(nonblocking=True)
def instant() -> str:
    """Answer at once."""
    return "done"


class Pondering:
    """Takes its time over every result."""

    def __init__(self) -> None:
        self.ponders = asyncio.Event()

    @hookimpl
    async def transform_tool_result(self) -> None:
        self.ponders.set()
        await asyncio.sleep(60)


class Kinds:
    """Keeps the kinds of the events of a turn."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def tell(self, event: Event) -> None:
        self.heard.append(type(event).__name__)


async def test_a_call_that_ran_is_told_although_its_turn_is_cancelled(upstream: Upstream) -> None:
    """It has run, and is charged, whatever hooks were still doing with its result."""
    upstream.script([tool_calls([("instant", {})]), text("never")])
    pondering, kinds = Pondering(), Kinds()
    async with service_at(upstream, plugins={"p": Plugin(instant), "pondering": pondering}) as service:

        async def consume() -> None:
            async for _ in service.run(REQUEST, observers=[kinds]):
                pass

        turn = asyncio.create_task(consume())
        await asyncio.wait_for(pondering.ponders.wait(), 10)
        turn.cancel()
        assert isinstance((await asyncio.gather(turn, return_exceptions=True))[0], asyncio.CancelledError)
    assert kinds.heard[-4:] == ["ToolRequested", "PluginCalled", "PluginResponded", "TurnFailed"]


async def test_what_a_tool_sets_in_its_context_is_not_seen_outside(upstream: Upstream) -> None:
    """Also when it runs on the event loop, in the task of the turn."""
    mine: ContextVar[str] = ContextVar("mine", default="unset")

    @tool(nonblocking=True)
    def set_it() -> str:
        """Set it."""
        mine.set("by the tool")
        return mine.get()

    upstream.script([tool_calls([("set_it", {})]), text("ok")])
    async with service_at(upstream, plugins={"p": Plugin(set_it)}) as service:
        result = await service.prompt("hi")
    assert [call.content for call in result.calls] == ["by the tool"]
    assert mine.get() == "unset"


class Picky:
    """An observer that hears two kinds of events."""

    hears: ClassVar[Container[type[Event]] | None] = frozenset({CompletionRequested, TurnFailed})

    def __init__(self) -> None:
        self.told: list[type[Event]] = []

    def tell(self, event: Event) -> None:
        self.told.append(type(event))


class Hearing(Picky):
    """An observer that hears all."""

    hears = None


async def test_an_observer_is_told_of_the_kinds_that_it_hears(upstream: Upstream) -> None:
    picky, hearing = Picky(), Hearing()
    async with service_at(upstream) as service:
        events = [type(event) async for event in service.run(REQUEST, observers=[picky, hearing])]
        assert picky.told == [CompletionRequested]
        assert hearing.told == events
        events_of_another = service.run(REQUEST, observers=[picky, hearing])
        await anext(events_of_another)
        await events_of_another.aclose()
    assert picky.told == [CompletionRequested, TurnFailed]
    assert hearing.told[len(events) :] == [TurnStarted, TurnFailed]
