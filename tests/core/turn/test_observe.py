"""What observe hooks hear of a turn."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from promptdock import CompletionDelta, PromptRequest, TurnFailed, hookimpl
from tests.support.services import service_at
from tests.support.upstream import Upstream, text

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
