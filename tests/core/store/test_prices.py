"""Which price counts, and what something comes to by it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel.ext.asyncio.session import AsyncSession

from promptdock.store.database import Database
from promptdock.store.prices import PriceList, cost_of
from promptdock.store.tables import Price
from promptdock.store.types import MONEY_STEP, utc_now

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
FEBRUARY = datetime(2026, 2, 1, tzinfo=UTC)
MARCH = datetime(2026, 3, 1, tzinfo=UTC)


def price(units: str, **columns: Any) -> Price:
    defaults = {"kind": "completion", "provider": "openai", "prompt_price": Decimal(units), "valid_from": JANUARY}
    return Price(**{**defaults, **columns})


def tool_price(units: str, **columns: Any) -> Price:
    return Price(kind="tool", call_price=Decimal(units), valid_from=JANUARY, **columns)


async def store(database: Database, *prices: Price) -> None:
    async def work(session: AsyncSession) -> None:
        session.add_all(prices)

    await database.write(work)


async def found(database: Database, **wanted: Any) -> Decimal | None:
    """The prompt price, or the call price, that counts."""

    asked = {"at": MARCH, **wanted}
    prices = PriceList(await database.configuration.current())
    row = await (prices.of_tool(**asked) if "plugin" in asked else prices.of_model(**asked))
    return None if row is None else row.prompt_price + row.call_price


@pytest.mark.anyio
async def test_the_newest_price_that_is_valid_by_then_counts(database: Database) -> None:
    await store(database, price("1"), price("2", valid_from=FEBRUARY))

    assert await found(database, provider="openai", model="gpt-5", at=MARCH) == 2
    assert await found(database, provider="openai", model="gpt-5", at=FEBRUARY) == 2
    assert await found(database, provider="openai", model="gpt-5", at=datetime(2026, 1, 31, tzinfo=UTC)) == 1
    assert await found(database, provider="openai", model="gpt-5", at=datetime(2025, 1, 1, tzinfo=UTC)) is None


@pytest.mark.anyio
async def test_of_two_prices_of_one_moment_the_later_row_counts(database: Database) -> None:
    await store(database, price("1"))
    await store(database, price("2"))

    assert await found(database, provider="openai", model="gpt-5") == 2


@pytest.mark.anyio
async def test_a_price_of_the_very_model_beats_a_newer_one_of_the_provider(database: Database) -> None:
    await store(database, price("1", model="gpt-5"), price("2", valid_from=FEBRUARY), price("3", provider="other"))

    assert await found(database, provider="openai", model="gpt-5") == 1
    assert await found(database, provider="openai", model="gpt-6") == 2
    assert await found(database, provider="openai", model=None) == 2
    assert await found(database, provider="nobody", model="gpt-5") is None


@pytest.mark.anyio
async def test_a_price_of_the_very_tool_beats_the_plugins(database: Database) -> None:
    await store(
        database,
        tool_price("1", plugin="weather"),
        tool_price("5", plugin="weather", tool="weather.forecast"),
        price("7"),
    )

    assert await found(database, plugin="weather", tool="weather.forecast") == 5
    assert await found(database, plugin="weather", tool="weather.now") == 1
    assert await found(database, plugin="sql", tool="sql.query") is None


@pytest.mark.anyio
async def test_prices_of_many_tools_are_found_as_those_of_each(database: Database) -> None:
    await store(
        database,
        tool_price("1", plugin="weather"),
        tool_price("9", plugin="weather", tool="weather.forecast"),
        tool_price("5", plugin="weather", tool="weather.forecast"),
        tool_price("3", plugin="sql", tool="sql.other"),
    )
    asked = {"weather.now": "weather", "weather.forecast": "weather", "sql.query": "sql"}

    prices = await PriceList(await database.configuration.current()).of_tools(asked, at=utc_now())

    singly = {tool: await found(database, plugin=plugin, tool=tool) for tool, plugin in asked.items()}
    assert prices == {tool: price for tool, price in singly.items() if price is not None}
    assert await PriceList(await database.configuration.current()).of_tools({}, at=utc_now()) == {}


@pytest.mark.anyio
@pytest.mark.parametrize("model", ["gpt\0", "gpt\ud800", "'; DROP TABLE prices; --", "x" * 5000])
async def test_a_model_of_any_name_falls_back_to_the_providers_price(database: Database, model: str) -> None:
    await store(database, price("2"))

    assert await found(database, provider="openai", model=model) == 2


AMOUNTS = st.decimals(0, 9_000_000, places=12)
TOKENS = st.integers(0, 2**31 - 1)


@given(AMOUNTS, AMOUNTS, AMOUNTS, TOKENS, TOKENS, st.integers(0, 3))
def test_a_cost_is_exact_but_for_one_rounding(
    prompt_price: Decimal, completion_price: Decimal, call_price: Decimal, prompt: int, completion: int, calls: int
) -> None:
    row = Price(kind="completion", prompt_price=prompt_price, completion_price=completion_price, call_price=call_price)

    cost = cost_of(row, prompt_tokens=prompt, completion_tokens=completion, calls=calls)

    exact = (Fraction(prompt_price) * prompt + Fraction(completion_price) * completion) / 1_000_000
    exact += Fraction(call_price) * calls
    assert abs(Fraction(cost) - exact) <= Fraction(MONEY_STEP) / 2
    assert cost.as_tuple().exponent == -12


def test_half_a_step_is_rounded_to_even() -> None:
    row = Price(kind="completion", prompt_price=Decimal("0.0000005"))

    assert cost_of(row, prompt_tokens=1) == 0
    assert cost_of(row, prompt_tokens=3) == 2 * MONEY_STEP
