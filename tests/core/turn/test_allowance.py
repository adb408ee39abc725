"""A budget that holds inside a turn; every turn runs streaming and not."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from promptdock import CompletionCall, PromptRequest, ToolCall, TurnFailed, TurnFinished, tool
from promptdock.errors import BudgetExceeded
from promptdock.tools.approval import Deny
from promptdock.turn.allowance import Allowance
from promptdock.turn.events import Usage
from promptdock.turn.fold import TurnResult, fold_turn
from promptdock.turn.tokens import estimate_call
from tests.support.services import Plugin, service_at
from tests.support.upstream import Upstream, text, tool_calls

CALL = CompletionCall(model="m", messages=({"role": "user", "content": "x" * 40},))
PROMPT = estimate_call(CALL)


@tool
def dice() -> int:
    """Roll a die."""
    return 6


@tool
def rain() -> str:
    """Tell whether it rains."""
    return "yes"


@pytest.fixture(params=[False, True], ids=["whole", "stream"])
def stream(request: pytest.FixtureRequest) -> bool:
    """Whether the turn streams."""
    return bool(request.param)


async def run(upstream: Upstream, allowance: Allowance, *, stream: bool, **members: Any) -> TurnResult:
    """One metered turn with two plugins of one tool each."""
    request = PromptRequest(messages=({"role": "user", "content": "Roll."},), stream=stream, **members)
    plugins = {"games": Plugin(dice), "sky": Plugin(rain)}
    async with service_at(upstream, plugins=plugins) as service:
        plan = await service.plan(request)
        return await fold_turn(service.run_plan(plan, meter=allowance))


def used(prompt: int, completion: int) -> Usage:
    """What a provider reports."""
    return Usage(prompt_tokens=prompt, completion_tokens=completion, total_tokens=prompt + completion)


def test_an_answer_is_cut_to_what_is_left() -> None:
    """Of what is asked for, or of a usual answer; never raised."""
    asked = CompletionCall(model="m", messages=CALL.messages, max_completion_tokens=50)
    assert Allowance(tokens=PROMPT + 10).admit(CALL).max_completion_tokens == 10
    assert Allowance(tokens=PROMPT + 10).admit(asked).max_completion_tokens == 10
    assert Allowance(tokens=10_000).admit(asked).max_completion_tokens == 50
    assert Allowance(tokens=10_000, answer_tokens=300).admit(CALL).max_completion_tokens == 300


def test_a_call_is_refused_when_its_prompt_leaves_no_room() -> None:
    """One token of an answer is the least."""
    assert Allowance(tokens=PROMPT + 1).admit(CALL).max_completion_tokens == 1
    with pytest.raises(BudgetExceeded) as refused:
        Allowance(tokens=PROMPT).admit(CALL)
    assert (refused.value.status, refused.value.code) == (402, "budget_exceeded")


def test_what_is_reported_corrects_the_estimate() -> None:
    """Up or down; where nothing is reported, the most that was let pass counts."""
    allowance = Allowance(tokens=1_000, answer_tokens=100)
    allowance.admit(CALL)
    allowance.settle(used(200, 300))
    assert allowance.used_tokens == 500
    assert allowance.admit(CALL).max_completion_tokens == 100
    allowance.settle(None)
    assert allowance.used_tokens == 500 + PROMPT + 100
    allowance.settle(used(10, 290))
    with pytest.raises(BudgetExceeded):
        allowance.admit(CompletionCall(model="m", messages=({"role": "user", "content": "x" * 400},)))


def test_thoughts_that_only_the_total_tells_count() -> None:
    """And a report below zero gives nothing back."""
    allowance = Allowance(tokens=1_000)
    allowance.settle(Usage(prompt_tokens=10, completion_tokens=10, total_tokens=500))
    allowance.settle(Usage(prompt_tokens=-400, completion_tokens=-400, total_tokens=-800))
    assert allowance.used_tokens == 500


def test_a_limit_of_cost_holds_by_the_prices() -> None:
    """Exactly, in decimals."""
    priced = partial(Allowance, prompt_price=Decimal("0.000001"), completion_price=Decimal("0.000002"))
    limit = PROMPT * Decimal("0.000001") + 7 * Decimal("0.000002")
    allowance = priced(cost=limit)
    assert allowance.admit(CALL).max_completion_tokens == 7
    allowance.settle(used(PROMPT, 7))
    assert allowance.used_cost == limit
    with pytest.raises(BudgetExceeded):
        allowance.admit(CALL)
    assert priced(cost=limit, tokens=PROMPT + 3).admit(CALL).max_completion_tokens == 3


def test_answers_that_cost_nothing_are_bounded_by_nothing_but_their_usual_length() -> None:
    """The prompt still has to be paid."""
    free = Allowance(cost=Decimal(0), answer_tokens=500)
    assert free.admit(CALL).max_completion_tokens == 500
    with pytest.raises(BudgetExceeded):
        Allowance(cost=Decimal(0), prompt_price=Decimal("0.000001")).admit(CALL)


def test_several_answers_share_what_is_left() -> None:
    """The option ``n`` multiplies what an answer costs; the older name of the limit counts, too."""
    several = CompletionCall(model="m", messages=CALL.messages, options={"n": 3, "max_tokens": 20})
    admitted = Allowance(tokens=PROMPT + 31).admit(several)
    assert (admitted.max_completion_tokens, admitted.options) == (10, {"n": 3})
    assert Allowance(tokens=10_000).admit(several).max_completion_tokens == 20
    with pytest.raises(BudgetExceeded):
        Allowance(tokens=PROMPT + 2).admit(several)


def test_without_a_limit_a_call_passes_as_it_is() -> None:
    """What is used is counted all the same."""
    allowance = Allowance(tool_calls={"games": 1})
    assert allowance.admit(CALL) is CALL
    allowance.settle(used(10, 5))
    assert allowance.used_tokens == 15


def question(plugin: str) -> ToolCall:
    """A call of a plugin's tool."""
    return ToolCall(
        id="1", tool=f"{plugin}.t", name="t", plugin=plugin, arguments={}, request_id="r", caller="c", round=1
    )


def test_tool_calls_are_counted_by_plugin_and_in_all() -> None:
    """A denied one uses nothing up."""
    allowance = Allowance(tool_calls={"games": 1, None: 2})
    assert allowance.approve(question("games")) is None
    assert isinstance(allowance.approve(question("games")), Deny)
    assert allowance.approve(question("weather")) is None
    denied = allowance.approve(question("weather"))
    assert isinstance(denied, Deny)
    assert "budget" in denied.reason
    assert all(Allowance().approve(question("games")) is None for _ in range(10))


def test_what_a_call_costs_besides_its_tokens_counts() -> None:
    """Each round's own price."""
    allowance = Allowance(cost=Decimal(3), call_price=Decimal(1))
    for _ in range(3):
        allowance.admit(CALL)
        allowance.settle(used(10, 10))
    with pytest.raises(BudgetExceeded):
        allowance.admit(CALL)
    assert allowance.used_cost == 3


def test_a_tool_that_costs_more_than_is_left_is_denied() -> None:
    """Others go on."""
    prices = {"games.t": Decimal("2.000000000000")}
    allowance = Allowance(cost=Decimal(3), tool_prices=prices)
    assert allowance.approve(question("games")) is None
    denied = allowance.approve(question("games"))
    assert isinstance(denied, Deny)
    assert denied.reason.endswith("games.t, which costs 2")
    assert allowance.approve(question("sky")) is None
    assert allowance.used_cost == 2


@pytest.mark.anyio
async def test_the_provider_is_asked_for_no_more_than_is_left(upstream: Upstream, stream: bool) -> None:
    """Round by round, as the reports come in."""
    upstream.script([tool_calls([("dice", {})], usage=(100, 50)), text("Six.", usage=(120, 5))])
    allowance = Allowance(tokens=1_000, answer_tokens=800)
    result = await run(upstream, allowance, stream=stream)
    assert result.text == "Six."
    first, second = [call.body["max_tokens"] for call in upstream.calls]
    assert first == 800
    assert 1_000 - 150 - 300 < second < 1_000 - 150
    assert allowance.used_tokens == 275


@pytest.mark.anyio
async def test_a_turn_that_uses_its_budget_up_ends_before_its_next_call(upstream: Upstream, stream: bool) -> None:
    """With 402, and what was used until then."""
    upstream.script([tool_calls([("dice", {})], usage=(900, 50)), text("Six.")])
    result = await run(upstream, Allowance(tokens=1_000), stream=stream)
    assert result.failure is not None
    assert (result.failure.error.status, result.failure.error.code) == (402, "budget_exceeded")
    assert (result.failure.round, result.failure.rounds) == (2, 1)
    assert result.failure.usage is not None
    assert result.failure.usage.total_tokens == 950
    assert result.failure.unreported is None
    assert len(upstream.calls) == 1


@pytest.mark.anyio
async def test_a_turn_without_any_budget_asks_nobody(upstream: Upstream, stream: bool) -> None:
    """The provider hears nothing of it."""
    result = await run(upstream, Allowance(tokens=0), stream=stream)
    assert isinstance(result.events[-1], TurnFailed)
    assert result.events[-1].error.status == 402
    assert upstream.calls == []


@pytest.mark.anyio
async def test_what_no_provider_reports_is_estimated(upstream: Upstream, stream: bool) -> None:
    """From the answer: that is nearer than the most it could have been."""
    reply = text("x" * 400)
    upstream.script(reply.but(completion={**(reply.completion or {}), "usage": None}))
    allowance = Allowance(tokens=10_000)
    await run(upstream, allowance, stream=stream)
    assert 100 < allowance.used_tokens < 400


@pytest.mark.anyio
async def test_calls_beyond_the_allowance_are_denied_and_the_turn_goes_on(upstream: Upstream, stream: bool) -> None:
    """The model reads why; the other plugin's calls run."""
    upstream.script([tool_calls([("dice", {}), ("dice", {}), ("rain", {})]), text("Six.")])
    result = await run(upstream, Allowance(tool_calls={"games": 1}), stream=stream)
    assert isinstance(result.events[-1], TurnFinished)
    assert [call.error for call in result.calls] == [None, "denied", None]
    assert "budget for calls of the plugin games" in result.calls[1].content


@pytest.mark.anyio
async def test_the_turns_of_others_are_not_metered(upstream: Upstream) -> None:
    """An allowance belongs to one turn."""
    upstream.script(lambda _: tool_calls([("dice", {})]))
    async with service_at(upstream, plugins={"games": Plugin(dice)}, max_rounds=2) as service:
        request = PromptRequest(messages=({"role": "user", "content": "Roll."},))
        metered = await fold_turn(service.run(request, meter=Allowance(tool_calls={None: 0})))
        free = await service.prompt("Roll.")
    assert [call.error for call in metered.calls] == ["denied"]
    assert [call.error for call in free.calls] == [None]
