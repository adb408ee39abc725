"""Charges and budgets: T-13, T-97 and T-98, one prompt at a time."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal
from secrets import token_hex
from typing import Any

import httpx
import pytest

from promptdock.store.budgets import period_bounds
from promptdock.store.tables import BudgetPeriod, Reservation, TurnRow
from promptdock.store.types import utc_now
from tests.scenarios.stage import Scene, frames_of
from tests.support.upstream import Received, Reply, error, text, tool_calls

pytestmark = pytest.mark.xdist_group("scenarios-money")


@pytest.fixture(params=[False, True], ids=["whole", "stream"])
def stream(request: pytest.FixtureRequest) -> bool:
    """Whether prompts ask for a stream: it costs the same."""
    return bool(request.param)


def declined(scene: Scene, reply: httpx.Response, *words: str, calls: int = 0) -> None:
    """It is a 402 that says why, and nobody was asked."""
    assert reply.status_code == 402, reply.text
    problem = reply.json()["error"]
    assert (problem["class"], problem["code"]) == ("BudgetExceeded", "budget_exceeded")
    for word in words:
        assert word in problem["description"]
    assert len(scene.upstream.calls) == calls
    request_id = reply.headers["x-request-id"]
    scene.drained(lambda: "charge_declined" in scene.stage.ear.names(request_id))
    assert scene.rows(TurnRow, TurnRow.request_id == request_id) == []


def test_t97_one_charge_for_each_upstream_call_and_each_call_of_a_tool(scene: Scene, stream: bool) -> None:
    scene.upstream.script(
        [
            tool_calls([("look_up", {"word": "a"}), ("stumble", {})], usage=(100, 20)),
            tool_calls([("look_up", {"word": "b"})], usage=(150, 30)),
            text("Done", usage=(200, 4)),
        ]
    )
    reply = scene.prompt("Which word?", stream=stream)
    data = frames_of(reply.text)[-1].data["data"] if stream else reply.json()["data"]
    assert data["usage"] == {"prompt_tokens": 450, "completion_tokens": 54, "total_tokens": 504}
    charges = scene.charges()
    completions = [one for one in charges if one.kind == "completion"]
    assert [(one.round, one.prompt_tokens, one.completion_tokens, one.total_tokens) for one in completions] == [
        (1, 100, 20, 120),
        (2, 150, 30, 180),
        (3, 200, 4, 204),
    ]
    assert {(one.provider, one.model, one.is_estimated, one.tool) for one in completions} == {
        ("fake", "m1", False, None)
    }
    tools = [one for one in charges if one.kind == "tool"]
    assert sorted((one.round, str(one.tool), one.calls, one.total_tokens) for one in tools) == [
        (1, "words.look_up", 1, 0),
        (1, "words.stumble", 1, 0),
        (2, "words.look_up", 1, 0),
    ]
    request_id = reply.headers["x-request-id"]
    assert {(one.request_id, one.llm_client_id, one.api_key_id) for one in charges} == {
        (request_id, scene.helper.id, scene.ada.principal.api_key_id)
    }
    [turn] = scene.rows(TurnRow, TurnRow.request_id == request_id)
    assert (turn.prompt_tokens, turn.completion_tokens, turn.total_tokens) == (450, 54, 504)
    scene.drained(lambda: scene.stage.ear.names(request_id).count("charge_recorded") == 6)


def test_t97_a_charge_has_the_price_of_its_moment(scene: Scene) -> None:
    now, model = utc_now(), f"priced-{scene.number}"
    general = {"kind": "completion", "provider": "fake", "model": model}
    tool = {"kind": "tool", "plugin": "words", "tool": "words.look_up", "valid_from": now - timedelta(hours=1)}
    scene.price(**general, prompt_price=Decimal(9), valid_from=now - timedelta(days=2))
    price = scene.price(
        **general, prompt_price=Decimal("2.5"), completion_price=Decimal(10), valid_from=now - timedelta(days=1)
    )
    scene.price(**general, prompt_price=Decimal(99), valid_from=now + timedelta(days=1))
    scene.price(**tool, call_price=Decimal("0.01"))
    client = scene.llm_client("dear", model=model)
    scene.upstream.script([tool_calls([("look_up", {"word": "a"})], usage=(1000, 100)), text("Done", usage=(2000, 3))])
    assert scene.prompt("Which word?", client=client).status_code == 200
    completions = [one for one in scene.charges() if one.kind == "completion"]
    assert [one.cost for one in completions] == [Decimal("0.0035"), Decimal("0.00503")]
    assert {one.price_id for one in completions} == {price.id}
    assert [one.cost for one in scene.charges() if one.kind == "tool"] == [Decimal("0.01")]


def test_t97_totals_equal_the_sum_of_upstream_usage(scene: Scene) -> None:
    """Over any mix of turns: with tools and without, streaming, failing, and without a word on usage."""
    dice = random.Random(scene.number)
    reported: list[int] = []
    each = iter(["error", "tools", "silent", "text"])  # whatever the dice say, none is left out

    def answer(received: Received) -> Reply:
        kind = next(each, None) or dice.choice(["text", "text", "tools", "error", "silent"])
        if kind == "error":
            return error(500, "No.")
        usage = (dice.randrange(1, 5000), dice.randrange(1, 500))
        if kind == "silent":
            return text("Hi", usage=None)
        reported.append(sum(usage))
        if kind == "tools" and received.body.get("tools") and received.body["messages"][-1]["role"] == "user":
            return tool_calls([("look_up", {"word": "dock"})], usage=usage)
        return text("Hi", usage=usage)

    scene.upstream.script(answer)
    key = token_hex(32)
    for number in range(16):
        scene.prompt("Which word?", stream=bool(dice.randrange(2)), session_key=key if number % 2 else None)
    charges = [one for one in scene.charges() if one.kind == "completion"]
    assert sum(one.total_tokens for one in charges if not one.is_estimated) == sum(reported)
    turns = scene.rows(TurnRow, TurnRow.account_id == scene.account.id)
    assert sum(turn.total_tokens or 0 for turn in turns) == sum(one.total_tokens for one in charges)
    assert {turn.state for turn in turns} == {"finished", "failed"}


def test_t98_over_budget_is_402_without_an_upstream_call(scene: Scene, stream: bool) -> None:
    budget = scene.budget(5_000)
    scene.upstream.script(text("Hi", usage=(4_000, 990)))
    assert scene.prompt("Hello", stream=stream).status_code == 200
    declined(scene, scene.prompt("Hello", stream=stream), budget.name, "10 tokens left", calls=1)
    assert [one.total_tokens for one in scene.charges()] == [4_990]


@pytest.mark.parametrize("metric", ["tokens", "cost", "tool_calls"])
@pytest.mark.parametrize("scope", ["account", "llm_client", "api_key", "plugin"])
def test_t98_a_budget_binds_what_it_is_of(scene: Scene, scope: str, metric: str) -> None:
    model = f"bound-{scene.number}"
    scene.price(kind="completion", provider="fake", model=model, prompt_price=Decimal(1))
    bound, free = scene.llm_client("bound", model=model), scene.llm_client("free", model=model)
    targets: dict[str, dict[str, Any]] = {
        "account": {},
        "llm_client": {"llm_client_id": bound.id},
        "api_key": {"api_key_id": scene.ada.principal.api_key_id},
        "plugin": {"plugin": "words"},
    }
    budget = scene.budget(0, scope=scope, metric=metric, **targets[scope])
    words = "Which word?"  # presents the tools of the plugin
    if metric != "tool_calls":
        declined(scene, scene.prompt(words, client=bound), budget.name)
    others = {
        "account": scene.prompt(words, client=scene.llm_client("theirs", account=scene.elsewhere), by=scene.eve),
        "llm_client": scene.prompt(words, client=free),
        "api_key": scene.prompt(words, client=bound, by=scene.bob),
        "plugin": scene.prompt("Hello", client=bound),
    }
    assert others[scope].status_code == 200


@pytest.mark.parametrize("scope", ["account", "plugin"])
def test_t98_a_budget_of_tool_calls_lets_the_turn_answer_without_them(scene: Scene, scope: str) -> None:
    scene.budget(1, scope=scope, metric="tool_calls", **({"plugin": "words"} if scope == "plugin" else {}))
    two = tool_calls([("look_up", {"word": "a"}), ("look_up", {"word": "b"})])
    scene.upstream.script([two, text("One is enough.")])
    reply = scene.prompt("Which word?")
    assert reply.status_code == 200
    assert sorted(str(call["error"]) for call in reply.json()["data"]["metadata"]["tool_calls"]) == ["None", "denied"]
    assert [one.tool for one in scene.charges() if one.kind == "tool"] == ["words.look_up"]
    declined(scene, scene.prompt("Which word?"), "tool calls", calls=2)
    scene.upstream.script(text("Hi"))
    assert scene.prompt("Hello").status_code == 200  # presents no tools


@pytest.mark.parametrize("period", ["hour", "day", "week", "month"])
def test_t98_a_new_period_begins_anew(scene: Scene, period: str) -> None:
    budget = scene.budget(5_000, period=period)
    now = period_bounds(period, utc_now()).starts_at
    before = period_bounds(period, now - timedelta(seconds=1)).starts_at
    scene.add(BudgetPeriod(budget_id=budget.id, starts_at=before, used_units=5_000))
    scene.upstream.script(text("Hi", usage=(4_000, 990)))
    assert scene.prompt("Hello").status_code == 200
    reply = scene.prompt("Hello")
    declined(scene, reply, f"per {period}", "next period begins", calls=1)
    assert int(reply.headers["retry-after"]) > 0
    used = {row.starts_at: row.used_units for row in scene.rows(BudgetPeriod, BudgetPeriod.budget_id == budget.id)}
    assert used == {before: 5_000, now: 4_990}


def test_t98_an_inactive_budget_binds_nobody_and_a_raised_one_lets_pass(scene: Scene) -> None:
    budget = scene.budget(0)
    declined(scene, scene.prompt("Hello"))
    budget.is_active = False
    scene.add(budget)
    assert scene.prompt("Hello").status_code == 200
    budget.is_active, budget.limit_units = True, 100_000
    scene.add(budget)
    assert scene.prompt("Hello").status_code == 200


def test_t98_the_answer_is_cut_to_what_is_left(scene: Scene) -> None:
    scene.budget(1_000)
    assert scene.prompt("Hello", max_completion_tokens=5_000).status_code == 200
    sent = scene.upstream.calls[0].body
    assert sent["max_tokens"] < 1_000


def test_nothing_stays_set_aside_whatever_becomes_of_a_turn(scene: Scene, stream: bool) -> None:
    budget = scene.budget(1_000_000)
    for reply in (text("Hi"), error(500, "No."), error(429, "No."), Reply(abort="mid_body", abort_after=3)):
        scene.upstream.script(reply.but(completion=text("A long answer").completion) if reply.abort else reply)
        scene.prompt("Hello", stream=stream)
    [period] = scene.rows(BudgetPeriod, BudgetPeriod.budget_id == budget.id)
    assert period.reserved_units == 0
    assert period.used_units == sum(one.total_tokens for one in scene.charges())
    assert scene.rows(Reservation, Reservation.budget_period_id == period.id) == []


def test_t98_an_authorized_prompt_tells_of_each_budget(scene: Scene) -> None:
    scene.budget(1_000_000)
    scene.budget(Decimal(5), metric="cost")
    request_id = scene.prompt("Hello").headers["x-request-id"]
    scene.drained(lambda: "api_request_completed" in scene.stage.ear.names(request_id))
    names = scene.stage.ear.names(request_id)
    assert names.count("charge_authorized") == 2
    assert "charge_declined" not in names
