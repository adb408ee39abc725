"""Budgets under concurrency and in any order of events: nobody gets what is not there, and all of it comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import delete
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from promptdock.ids import new_id
from promptdock.settings import Settings
from promptdock.store.budgets import BudgetDeclined, Estimate, Grant, release, reserve, settle
from promptdock.store.charges import Spender, record_charges
from promptdock.store.database import Database
from promptdock.store.short import Transaction
from promptdock.store.tables import Account, Budget, BudgetPeriod, Reservation
from promptdock.store.urls import database_url as url_of
from tests.support.tenants import a_charge

AT = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)
PERIODS = ("hour", "day", "total")


def opened(url: str) -> Database:
    return Database(url_of(Settings(database_url=SecretStr(url))))


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Database]:
    """What another process has: an engine of its own on the same database."""
    database = opened(database_url)
    yield database
    await database.aclose()


async def account_with_budgets(database: Database, *limits: int) -> Account:
    account = Account(number=uuid4().hex[:14], name="Acme")
    budgets = [
        Budget(
            account_id=account.id,
            name=f"budget {number}",
            scope="account",
            metric="tokens",
            period=PERIODS[number],
            limit_units=limit,
        )
        for number, limit in enumerate(limits)
    ]

    async def work(session: AsyncSession) -> None:
        session.add(account)
        await session.flush()
        session.add_all(budgets)

    await database.write(work)
    return account


def reserving(database: Database, account: Account, holder: UUID, least: int, most: int) -> asyncio.Future[Grant]:
    return database.write_short(
        partial(
            reserve,
            spender=Spender(account_id=account.id),
            plugins=[],
            estimate=Estimate(prompt_tokens=most, completion_tokens=0, one_prompt_tokens=least - 1),
            holder_id=holder,
            worker_id=holder,
            at=AT,
        )
    )


def settling(database: Database, account: Account, holder: UUID, tokens: int) -> asyncio.Future[None]:
    spender = Spender(account_id=account.id)

    async def work(transaction: Transaction) -> None:
        charge = a_charge(account, total_tokens=tokens)
        await record_charges(transaction, [charge])
        await settle(transaction, holder_id=holder, charges=[charge], spender=spender, plugins=[], at=AT)

    return database.write_short(work)


async def stands(database: Database, account: Account) -> list[tuple[int, int, int]]:
    """Limit, used and reserved of every budget that was asked."""

    async def work(session: AsyncSession) -> list[tuple[int, int, int]]:
        found = (
            select(Budget.limit_units, BudgetPeriod.used_units, BudgetPeriod.reserved_units)
            .join(BudgetPeriod)
            .where(Budget.account_id == account.id)
            .order_by("id")
        )
        return [(limit, used, reserved) for limit, used, reserved in (await session.exec(found)).all()]

    return await database.read(work)


@pytest.mark.anyio
async def test_fifty_reservations_at_once_cannot_overspend(database: Database, other: Database) -> None:
    account = await account_with_budgets(database, 1_000, 1_530)
    holders = [new_id() for _ in range(50)]

    granted = await asyncio.gather(
        *(reserving(db, account, holder, 20, 60) for db, holder in zip((database, other) * 25, holders, strict=True)),
        return_exceptions=True,
    )

    tokens = [one.tokens for one in granted if isinstance(one, Grant)]
    # sixteen whole shares, and the rest of 40 for one more
    assert sorted(token for token in tokens if token is not None) == [40, *[60] * 16]
    assert all(isinstance(one, (Grant, BudgetDeclined)) for one in granted)
    assert await stands(database, account) == [(1_000, 0, 1_000), (1_530, 0, 1_000)]

    await asyncio.gather(
        *(settling(db, account, holder, 7) for db, holder in zip((other, database) * 25, holders, strict=True))
    )
    assert await stands(database, account) == [(1_000, 350, 0), (1_530, 350, 0)]


@pytest.mark.anyio
async def test_reserving_and_settling_at_once_lose_nothing(database: Database, other: Database) -> None:
    account = await account_with_budgets(database, 10**6, 10**6, 10**6)

    async def turn(db: Database, number: int) -> None:
        holder = new_id()
        await reserving(db, account, holder, 10, 100)
        await (
            settling(db, account, holder, number)
            if number % 3
            else db.write_short(partial(release, holder_ids=[holder]))
        )

    await asyncio.gather(*(turn((database, other)[number % 2], number) for number in range(50)))

    spent = sum(number for number in range(50) if number % 3)
    assert await stands(database, account) == [(10**6, spent, 0)] * 3


@pytest.mark.anyio
async def test_giving_back_twice_at_once_gives_back_once(database: Database, other: Database) -> None:
    account, holder = await account_with_budgets(database, 10_000), new_id()
    await reserving(database, account, holder, 10, 100)
    await reserving(database, account, new_id(), 10, 100)

    await asyncio.gather(
        *(db.write_short(partial(release, holder_ids=[holder])) for db in (database, other) * 5),
        *(settling(db, account, holder, 3) for db in (other, database) * 5),
    )

    assert await stands(database, account) == [(10_000, 30, 100)]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("reserve"), st.integers(1, 60), st.integers(1, 200)),
        st.tuples(st.just("settle"), st.integers(0, 9), st.integers(0, 100)),
        st.tuples(st.just("release"), st.integers(0, 9), st.just(0)),
    ),
    max_size=15,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(limits=st.lists(st.integers(0, 600), min_size=1, max_size=3), steps=STEPS)
def test_any_sequence_keeps_within_the_limits_and_gives_everything_back(
    database_url: str, limits: list[int], steps: list[tuple[str, int, int]]
) -> None:
    """A model of plain numbers beside the real thing. Whoever holds a grant spends at most that."""

    async def example() -> None:
        database = opened(database_url)
        try:
            await _walk(database, limits, steps)
        finally:
            await database.aclose()

    asyncio.run(example())


async def _walk(database: Database, limits: list[int], steps: list[tuple[str, int, int]]) -> None:
    account = await account_with_budgets(database, *limits)
    used, held = 0, dict[UUID, int]()

    async def reserved(least: int, most: int) -> None:
        left = min(limits) - used - sum(held.values())
        holder = new_id()
        try:
            grant = await reserving(database, account, holder, least, most)
        except BudgetDeclined:
            assert left < least
            return
        assert grant.tokens == min(max(most, least), left)
        held[holder] = grant.tokens

    for step, first, second in steps:
        if step == "reserve":
            await reserved(first, second)
        elif held:
            holder = list(held)[first % len(held)]
            granted = held.pop(holder)
            if step == "settle":
                spent = min(second, granted)
                used += spent
                await settling(database, account, holder, spent)
            else:
                await database.write_short(partial(release, holder_ids=[holder]))
        for limit, was_used, was_reserved in await stands(database, account):
            assert (was_used, was_reserved) == (used, sum(held.values()))
            assert was_used + was_reserved <= limit

    for holder, granted in held.items():
        await settling(database, account, holder, granted)
    assert all(was_reserved == 0 for _, _, was_reserved in await stands(database, account))


async def _reservations(database: Database) -> int:
    async def work(session: AsyncSession) -> int:
        return len((await session.exec(select(Reservation))).all())

    return await database.read(work)


@pytest.mark.anyio
async def test_a_budget_that_is_deleted_takes_its_reservations_along(database: Database) -> None:
    account, holder = await account_with_budgets(database, 10_000), new_id()
    await reserving(database, account, holder, 10, 100)

    async def drop(session: AsyncSession) -> None:
        await session.exec(delete(Budget))

    await database.write(drop)
    await settling(database, account, holder, 50)

    assert await _reservations(database) == 0


@pytest.mark.anyio
async def test_a_budget_may_go_at_any_moment_of_a_turn(database: Database, other: Database) -> None:
    """Whoever sets aside does not see it any more, whoever counts loses nothing, and nobody gets an error."""
    account = await account_with_budgets(database, 1_000_000)

    async def one_turn() -> None:
        holder = new_id()
        await reserving(database, account, holder, 1, 10)
        await settling(database, account, holder, 10)

    async def one_budget(number: int) -> None:
        budget = Budget(
            account_id=account.id,
            name=f"passing {number}",
            scope="account",
            metric="tokens",
            period="total",
            limit_units=1_000,
        )

        async def make(session: AsyncSession) -> None:
            session.add(Budget(**budget.model_dump()))

        async def remove(session: AsyncSession) -> None:
            await session.delete(await session.get_one(Budget, budget.id))

        await other.write(make)
        await other.write(remove)

    await asyncio.gather(*(one_turn() for _ in range(30)), *(one_budget(number) for number in range(30)))

    assert await stands(database, account) == [(1_000_000, 300, 0)]
