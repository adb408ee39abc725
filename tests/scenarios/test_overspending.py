"""T-98 under load: fifty prompts at once on one budget spend no more than it has, whatever they are like."""

from __future__ import annotations

from decimal import Decimal

import pytest

from promptdock.store.tables import Budget, BudgetPeriod, Reservation
from tests.scenarios.stage import Scene
from tests.support.upstream import Received, Reply, text, tool_calls

pytestmark = pytest.mark.xdist_group("scenarios-overspending")

PROMPTS = 50


def greedy(received: Received) -> Reply:
    """As many tokens of an answer as are allowed, and a tool's call first where there are tools."""
    body = received.body
    prompt = sum(len(str(message)) for message in body["messages"]) // 8
    usage = (prompt, body["max_tokens"])
    if body.get("tools") and body["messages"][-1]["role"] == "user":
        return tool_calls([("look_up", {"word": "dock"})], usage=(prompt, min(20, body["max_tokens"])), delay=0.01)
    return text("Hi", usage=usage, delay=0.01)


def check(scene: Scene, budget: Budget, statuses: list[int], spent: Decimal | int, limit: Decimal | int) -> None:
    """Some passed, some were declined; the budget has counted all of it, and nothing is set aside any more."""
    assert set(statuses) == {200, 402}
    assert 0 < spent <= limit
    [period] = scene.rows(BudgetPeriod, BudgetPeriod.budget_id == budget.id)
    assert (period.reserved_units, period.used_units <= budget.limit_units) == (0, True)
    assert scene.rows(Reservation, Reservation.budget_period_id == period.id) == []


@pytest.mark.parametrize(
    ("metric", "said", "stream"),
    [
        ("tokens", "Hello", False),
        ("tokens", "Which word?", True),
        ("cost", "Which word?", False),
        ("cost", "Hello", True),
    ],
    ids=["tokens", "tokens-tools-stream", "cost-tools", "cost-stream"],
)
def test_t98_fifty_prompts_at_once_cannot_overspend(scene: Scene, metric: str, said: str, stream: bool) -> None:
    model = f"m-{scene.number}"
    price = {"prompt_price": Decimal(100), "completion_price": Decimal(300)}
    scene.price(kind="completion", provider="fake", model=model, **price)
    client = scene.llm_client("greedy", model=model)
    limit = Decimal(6_000) if metric == "tokens" else Decimal("1.2")
    budget = scene.budget(limit, metric=metric)
    scene.upstream.script(greedy)
    body = {"messages": [{"role": "user", "content": said}], "stream": stream, "max_completion_tokens": 200}
    replies = scene.many([body] * PROMPTS, client=client)
    statuses = [reply.status_code for reply in replies]
    charges = scene.charges()
    spent = sum((one.total_tokens if metric == "tokens" else one.cost or Decimal(0)) for one in charges)
    check(scene, budget, statuses, Decimal(spent), limit)
    completions = [one for one in charges if one.kind == "completion"]
    assert len(completions) == len(scene.upstream.calls)
    assert sum(one.total_tokens for one in completions) == sum(
        one["usage"]["total_tokens"] for one in map(_answered, scene.upstream.calls)
    )
    for reply in replies:
        if reply.status_code == 402:
            assert reply.json()["error"]["code"] == "budget_exceeded"
            assert "budget" in reply.json()["error"]["description"]


def _answered(received: Received) -> dict[str, dict[str, int]]:
    reply = greedy(received)
    assert reply.completion is not None
    return reply.completion


def test_t98_what_tools_cost_counts_too(scene: Scene) -> None:
    client = scene.llm_client("greedy", model=f"m-{scene.number}", tools=["words.stumble"])
    scene.price(kind="tool", plugin="words", tool="words.stumble", call_price=Decimal("0.1"))
    budget = scene.budget(Decimal("0.35"), metric="cost")
    scene.upstream.script(
        lambda received: (
            tool_calls([("stumble", {}), ("stumble", {})])
            if received.body["messages"][-1]["role"] == "user"
            else text("Done")
        )
    )
    body = {"messages": [{"role": "user", "content": "Which word?"}]}
    replies = scene.many([body] * 10, client=client)
    statuses = {reply.status_code for reply in replies}
    assert statuses <= {200, 402}
    spent = sum((one.cost or Decimal(0)) for one in scene.charges())
    assert Decimal(0) < spent <= Decimal("0.35")
    [period] = scene.rows(BudgetPeriod, BudgetPeriod.budget_id == budget.id)
    assert period.reserved_units == 0


def test_t98_fifty_prompts_at_once_make_no_more_calls_than_there_are(scene: Scene) -> None:
    budget = scene.budget(7, scope="plugin", metric="tool_calls", plugin="words")
    scene.upstream.script(
        lambda received: (
            tool_calls([("look_up", {"word": "a"}), ("look_up", {"word": "b"})])
            if received.body["messages"][-1]["role"] == "user"
            else text("Done")
        )
    )
    replies = scene.many([{"messages": [{"role": "user", "content": "Which word?"}]}] * PROMPTS)
    made = [one for one in scene.charges() if one.kind == "tool"]
    check(scene, budget, [reply.status_code for reply in replies], len(made), 7)
