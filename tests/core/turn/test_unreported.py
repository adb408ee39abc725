"""Upstream calls that break off: what they may have cost is estimated."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from promptdock import CompletionDelta, CompletionReceived, CompletionRequested, Event, PromptRequest, TurnFailed, tool
from tests.support.services import Plugin, service_at
from tests.support.upstream import Upstream, error, text, tool_calls

pytestmark = pytest.mark.anyio

STREAMED = PromptRequest(messages=({"role": "user", "content": "x" * 400},), stream=True)
WHOLE = PromptRequest(messages=({"role": "user", "content": "x" * 400},))
STORY = text("A long story, told slowly. " * 20)


@tool
def dice() -> int:
    """Roll a die."""
    return 6


class Listener:
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[Event] = []

    def tell(self, event: Event) -> None:
        self.heard.append(event)

    @property
    def failure(self) -> TurnFailed:
        """How the turn failed: exactly once, at its end."""
        (failure,) = [event for event in self.heard if isinstance(event, TurnFailed)]
        assert failure is self.heard[-1]
        return failure


async def run(
    upstream: Upstream, request: PromptRequest, *, leave_at: type[Event] | None = None, round_number: int = 1
) -> TurnFailed:
    """How a turn fails whose caller leaves at the first event of a kind, or that fails by itself."""
    listener = Listener()
    async with (
        service_at(upstream, plugins={"games": Plugin(dice)}) as service,
        aclosing(service.run(request, observers=[listener])) as events,
    ):
        async for event in events:
            if leave_at is not None and isinstance(event, leave_at) and getattr(event, "round", 0) == round_number:
                break
    return listener.failure


async def test_a_stream_that_breaks_has_cost_what_had_come(upstream: Upstream) -> None:
    """The prompt and the part of the answer, of the provider and model that were asked."""
    upstream.script(STORY.but(abort="mid_body", abort_after=30))
    unreported = (await run(upstream, STREAMED)).unreported
    assert unreported is not None
    assert (unreported.round, unreported.provider, unreported.model) == (1, "fake", "m1")
    assert 100 < unreported.prompt_tokens < 200
    assert 30 < unreported.completion_tokens < 60


async def test_calls_of_tools_that_were_never_complete_count(upstream: Upstream) -> None:
    """Although no caller gets to see them."""
    upstream.script(tool_calls([("dice", "y" * 400)]).but(abort="mid_body", abort_after=50))
    unreported = (await run(upstream, STREAMED)).unreported
    assert unreported is not None
    assert unreported.completion_tokens > 50


@pytest.mark.parametrize("request_", [STREAMED, WHOLE], ids=["stream", "whole"])
async def test_a_call_that_never_began_to_answer_has_cost_nothing(upstream: Upstream, request_: PromptRequest) -> None:
    """A refusal, or a lost connection; rounds before it were reported."""
    upstream.script(error(429, "slow down"))
    assert (await run(upstream, request_)).unreported is None
    upstream.script([tool_calls([("dice", {})]), error(500, "broken")])
    failure = await run(upstream, request_)
    assert (failure.rounds, failure.unreported) == (1, None)


async def test_a_whole_answer_that_breaks_in_the_middle_had_not_begun(upstream: Upstream) -> None:
    """It comes in one piece or not at all."""
    upstream.script(STORY.but(abort="mid_body"))
    assert (await run(upstream, WHOLE)).unreported is None


async def test_a_caller_that_leaves_in_a_stream_has_cost_what_had_come(upstream: Upstream) -> None:
    """In whichever round."""
    upstream.script([tool_calls([("dice", {})]), STORY.but(hang_after=10)])
    failure = await run(upstream, STREAMED, leave_at=CompletionDelta, round_number=2)
    assert failure.error.code == "cancelled"
    assert failure.unreported is not None
    assert (failure.rounds, failure.unreported.round, failure.unreported.model) == (1, 2, "m1")
    assert failure.unreported.prompt_tokens > 100
    assert 1 <= failure.unreported.completion_tokens < 30


async def test_a_caller_that_leaves_during_a_whole_call_has_cost_the_prompt(upstream: Upstream) -> None:
    """Nobody knows how far the answer was."""
    upstream.script(STORY.but(hang_after=0))
    listener = Listener()
    async with service_at(upstream) as service:

        async def ask() -> None:
            async for _ in service.run(WHOLE, observers=[listener]):
                pass

        asking = asyncio.create_task(ask())
        await upstream.until(lambda: upstream.calls)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    unreported = listener.failure.unreported
    assert unreported is not None
    assert unreported.prompt_tokens > 100
    assert unreported.completion_tokens == 0


@pytest.mark.parametrize("request_", [STREAMED, WHOLE], ids=["stream", "whole"])
@pytest.mark.parametrize("leave_at", [CompletionRequested, CompletionReceived])
async def test_between_calls_nothing_is_unreported(
    upstream: Upstream, request_: PromptRequest, leave_at: type[Event]
) -> None:
    """A provider that was not asked yet costs nothing, one that has answered told what it cost."""
    failure = await run(upstream, request_, leave_at=leave_at)
    assert (failure.error.code, failure.unreported) == ("cancelled", None)
    assert failure.rounds == (1 if leave_at is CompletionReceived else 0)
