"""What a turn may come to."""

from __future__ import annotations

from typing import Any

import pytest

from promptdock import PromptRequest, SearchTerms
from promptdock.turn.estimate import TurnEstimate, estimate_turn
from tests.support.catalogs import make_tool
from tests.support.services import Plugin, service_at
from tests.support.upstream import Upstream

pytestmark = pytest.mark.anyio


async def estimate(upstream: Upstream, said: str, **members: Any) -> TurnEstimate:
    """The estimate of one prompt, with a plugin of two tools and one of another."""
    dice, cards, rain = make_tool("dice"), make_tool("cards"), make_tool("rain")
    games = Plugin(dice, cards, rules=[SearchTerms("dice", tools=[dice, cards])])
    sky = Plugin(rain, rules=[SearchTerms("rain", tools=[rain])])
    request = PromptRequest(messages=({"role": "user", "content": said},), **members)
    async with service_at(upstream, plugins={"games": games, "sky": sky}) as service:
        return estimate_turn(await service.plan(request), answer_tokens=1_000, max_rounds=5)


async def test_a_turn_without_tools_is_one_round(upstream: Upstream) -> None:
    """Its prompt, and the longest answer."""
    plain = await estimate(upstream, "x" * 400)
    assert 100 < plain.prompt_tokens < 150
    assert (plain.completion_tokens, plain.plugins) == (1_000, ())
    assert (await estimate(upstream, "hi", max_completion_tokens=7)).completion_tokens == 7
    assert (await estimate(upstream, "hi", max_completion_tokens=7, options={"n": 3})).completion_tokens == 21


async def test_a_turn_with_tools_may_take_all_its_rounds(upstream: Upstream) -> None:
    """The definitions of the tools are read in each of them."""
    plain, tooled = await estimate(upstream, "luck"), await estimate(upstream, "dice")
    assert tooled.prompt_tokens > 5 * plain.prompt_tokens
    assert (tooled.completion_tokens, tooled.plugins) == (5_000, ("games",))
    assert (await estimate(upstream, "dice in the rain")).plugins == ("games", "sky")


async def test_the_callers_own_tools_are_no_reason_for_another_round(upstream: Upstream) -> None:
    """Their calls end the turn."""
    door = {"type": "function", "function": {"name": "open_door", "parameters": {"type": "object"}}}
    own = await estimate(upstream, "hi", tools=(door,))
    assert (own.completion_tokens, own.plugins) == (1_000, ())
    assert own.prompt_tokens > (await estimate(upstream, "hi")).prompt_tokens
