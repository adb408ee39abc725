"""The ledger: one row for every upstream call and every invocation, and sums that equal its rows."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from promptdock.ids import new_id
from promptdock.settings import Settings
from promptdock.store.charges import CompletionSpend, NewCharge, Spender, ToolSpend, price_charges, record_charges
from promptdock.store.database import Database
from promptdock.store.prices import PriceList
from promptdock.store.tables import Charge, Price
from promptdock.store.totals import Totals, totals, totals_by_client, totals_by_day, totals_by_model
from promptdock.store.urls import database_url as url_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SPENDER = Spender(account_id=uuid4(), profile_id=uuid4(), api_key_id=uuid4(), llm_client_id=uuid4())


def completion(
    number: int = 1,
    prompt: int = 100,
    answer: int = 20,
    *,
    provider: str = "openai",
    model: str | None = "gpt-5",
    is_estimated: bool = False,
) -> CompletionSpend:
    return CompletionSpend(
        round=number,
        provider=provider,
        model=model,
        prompt_tokens=prompt,
        completion_tokens=answer,
        total_tokens=prompt + answer,
        is_estimated=is_estimated,
    )


def tool(number: int = 1) -> ToolSpend:
    return ToolSpend(round=number, plugin="weather", tool="weather.forecast")


async def record(
    database: Database,
    completions: Sequence[CompletionSpend],
    tools: Sequence[ToolSpend] = (),
    *,
    spender: Spender = SPENDER,
    at: datetime = NOON,
    **named: Any,
) -> tuple[NewCharge, ...]:
    charges = await price_charges(
        PriceList(await database.configuration.current()),
        **{
            "spender": spender,
            "request_id": "req-1",
            "turn_id": new_id(),
            "completions": completions,
            "tools": tools,
            "at": at,
            **named,
        },
    )
    await database.write_short(lambda transaction: record_charges(transaction, charges))
    return charges


async def priced(database: Database, *prices: Price) -> None:
    async def work(session: AsyncSession) -> None:
        session.add_all(prices)

    await database.write(work)


def openai_price(at: datetime = NOON, **amounts: str) -> Price:
    decimals: dict[str, Any] = {name: Decimal(amount) for name, amount in amounts.items()}
    return Price(kind="completion", provider="openai", valid_from=at, **decimals)


async def rows_of(database: Database) -> Sequence[Charge]:
    async def work(session: AsyncSession) -> Sequence[Charge]:
        return (await session.exec(select(Charge).order_by("id"))).all()

    return await database.read(work)


@pytest.mark.anyio
async def test_t97_a_turn_with_one_tool_call_has_two_completions_and_one_tool(database: Database) -> None:
    await priced(
        database,
        openai_price(prompt_price="2.5", completion_price="10"),
        Price(kind="tool", plugin="weather", call_price=Decimal("0.001"), valid_from=NOON),
    )

    await record(database, [completion(1, 1_000, 50), completion(2, 1_200, 300)], [tool(1)])

    first, called, second = await rows_of(database)
    assert [(row.kind, row.round, row.calls) for row in (first, called, second)] == [
        ("completion", 1, 1),
        ("tool", 1, 1),
        ("completion", 2, 1),
    ]
    assert (first.total_tokens, called.total_tokens, second.total_tokens) == (1_050, 0, 1_500)
    assert (first.cost, called.cost, second.cost) == (Decimal("0.003"), Decimal("0.001"), Decimal("0.006"))
    assert (called.plugin, called.tool, called.provider, called.model) == ("weather", "weather.forecast", None, None)
    assert first.turn_id == called.turn_id == second.turn_id
    assert {(row.account_id, row.llm_client_id) for row in (first, called, second)} == {
        (SPENDER.account_id, SPENDER.llm_client_id)
    }

    summed = await database.read(totals)
    assert (summed.calls, summed.tool_calls, summed.total_tokens) == (2, 1, 2_550)
    assert summed.cost == Decimal("0.010")


@pytest.mark.anyio
async def test_without_a_price_there_is_no_cost(database: Database) -> None:
    (charge,) = await record(database, [completion()])

    assert (charge.cost, charge.price_id) == (None, None)
    summed = await database.read(totals)
    assert (summed.cost, summed.unpriced_calls) == (Decimal(0), 1)


@pytest.mark.anyio
async def test_a_charge_keeps_the_price_of_its_moment(database: Database) -> None:
    before, after = openai_price(prompt_price="1"), openai_price(NOON + timedelta(hours=1), prompt_price="2")
    await priced(database, before, after)

    (early,) = await record(database, [completion(prompt=1_000_000, answer=0)])
    (late,) = await record(database, [completion(prompt=1_000_000, answer=0)], at=NOON + timedelta(hours=1))

    assert (early.cost, early.price_id) == (Decimal(1), before.id)
    assert (late.cost, late.price_id) == (Decimal(2), after.id)


@pytest.mark.anyio
async def test_a_raw_passthrough_is_charged_at_the_price_of_completions(database: Database) -> None:
    await priced(database, openai_price(call_price="0.5"))

    (charge,) = await record(database, [completion(0, 7, 0, model=None, is_estimated=True)], kind="relay", turn_id=None)

    assert (charge.kind, charge.turn_id, charge.model, charge.cost) == ("relay", None, None, Decimal("0.5"))
    summed = await database.read(totals)
    assert (summed.calls, summed.estimated_calls) == (1, 1)


@pytest.mark.anyio
async def test_a_report_that_cannot_be_true_is_brought_into_bounds(database: Database) -> None:
    (charge,) = await record(database, [completion(prompt=10**15, answer=-5)])

    assert (charge.prompt_tokens, charge.completion_tokens, charge.is_estimated) == (2**31 - 1, 0, True)


@pytest.mark.anyio
async def test_totals_of_nothing_are_zero(database: Database) -> None:
    assert await database.read(totals) == Totals()
    assert await database.read(totals_by_day) == {}


@pytest.mark.anyio
async def test_totals_by_account_client_and_time(database: Database) -> None:
    other = Spender(account_id=uuid4(), llm_client_id=uuid4())
    await record(database, [completion()])
    await record(database, [completion()], spender=other, at=NOON + timedelta(minutes=1))

    async def calls(*where: ColumnElement[bool]) -> int:
        return (await database.read(lambda session: totals(session, *where))).calls

    ours, later = col(Charge.account_id) == SPENDER.account_id, NOON + timedelta(minutes=1)
    assert await calls() == 2
    assert await calls(ours) == 1
    assert await calls(ours, col(Charge.llm_client_id) == other.llm_client_id) == 0
    assert await calls(col(Charge.llm_client_id) == other.llm_client_id) == 1
    assert await calls(col(Charge.created_at) >= NOON, col(Charge.created_at) < later) == 1
    assert await calls(col(Charge.created_at) >= later) == 1


@pytest.mark.anyio
async def test_totals_by_day_model_and_client(database: Database) -> None:
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    await record(database, [completion(1, 10, 1), completion(2, 20, 2, model="gpt-5\0mini")], [tool(1)], at=NOON)
    await record(database, [completion(1, 40, 4)], spender=Spender(), at=midnight)

    by_day = await database.read(totals_by_day)
    assert list(by_day) == [date(2026, 3, 1), date(2026, 3, 2)]
    assert [(day.prompt_tokens, day.tool_calls) for day in by_day.values()] == [(30, 1), (40, 0)]

    by_model = await database.read(totals_by_model)
    assert {key: one.prompt_tokens for key, one in by_model.items()} == {
        ("openai", "gpt-5"): 50,
        ("openai", "gpt-5\0mini"): 20,
    }
    by_client = await database.read(totals_by_client)
    assert {key: one.prompt_tokens for key, one in by_client.items()} == {SPENDER.llm_client_id: 30, None: 40}


AMOUNT = st.decimals(0, 1_000, places=12)
SPENDS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6), st.booleans()), max_size=8)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(prompt_price=AMOUNT, completion_price=AMOUNT, spends=SPENDS, tools=st.integers(0, 3))
def test_totals_equal_the_sums_of_rows_exactly(
    database_url: str,
    prompt_price: Decimal,
    completion_price: Decimal,
    spends: list[tuple[int, int, bool]],
    tools: int,
) -> None:
    spender, provider = Spender(account_id=uuid4()), uuid4().hex
    row = Price(kind="completion", provider=provider, prompt_price=prompt_price, completion_price=completion_price)

    async def example() -> tuple[Totals, dict[date, Totals], tuple[NewCharge, ...]]:
        database = Database(url_of(Settings(database_url=SecretStr(database_url))))
        try:
            await priced(database, row)
            charges = await record(
                database,
                [
                    completion(1, prompt, answer, provider=provider, is_estimated=guess)
                    for prompt, answer, guess in spends
                ],
                [tool() for _ in range(tools)],
                spender=spender,
                at=datetime.now(UTC),
            )
            theirs = col(Charge.account_id) == spender.account_id
            summed = await database.read(lambda session: totals(session, theirs))
            by_day = await database.read(lambda session: totals_by_day(session, theirs))
            return summed, by_day, charges
        finally:
            await database.aclose()

    summed, by_day, charges = asyncio.run(example())

    assert summed == Totals(
        calls=len(spends),
        prompt_tokens=sum(prompt for prompt, _, _ in spends),
        completion_tokens=sum(answer for _, answer, _ in spends),
        total_tokens=sum(prompt + answer for prompt, answer, _ in spends),
        cost=sum((charge.cost for charge in charges if charge.cost is not None), Decimal(0)),
        estimated_calls=sum(guess for _, _, guess in spends),
        tool_calls=tools,
    )
    assert by_day == ({charges[0].created_at.date(): summed} if charges else {})


@pytest.mark.anyio
async def test_sums_may_go_beyond_what_one_row_holds(database: Database) -> None:
    """In a small currency a few thousand calls come to millions."""
    await priced(database, openai_price(call_price="999999.000000000007"))

    await record(database, [completion(number) for number in range(1, 31)])

    summed = await database.read(totals)
    assert summed.cost == Decimal("29999970.000000000210")
    assert sum(one.cost for one in (await database.read(totals_by_day)).values()) == summed.cost


@pytest.mark.anyio
async def test_a_cost_that_no_row_holds_is_the_most_that_one_does(database: Database) -> None:
    await priced(database, openai_price(prompt_price="1000000"))

    (charge,) = await record(database, [completion(1, 2**40, 1)])

    assert charge.cost == Decimal(9_000_000)
