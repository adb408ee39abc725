"""Budgets: what they bound, what is set aside of them, and what is counted afterwards."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace
from sqlalchemy import event, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from promptdock.errors import BudgetExceeded
from promptdock.ids import new_id
from promptdock.store.budgets import (
    BudgetDeclined,
    BudgetStatus,
    Estimate,
    Grant,
    budget_status,
    budget_statuses,
    is_bounded,
    period_bounds,
    release,
    reserve,
    settle,
    units_of,
)
from promptdock.store.charges import CompletionSpend, NewCharge, Spender, ToolSpend, price_charges, record_charges
from promptdock.store.database import Database
from promptdock.store.prices import PriceList
from promptdock.store.short import Transaction
from promptdock.store.tables import Account, Budget, Price, Reservation
from tests.support.tenants import a_charge, make_account, make_client, make_person

AT = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)  # a Wednesday
WORKER = new_id()
ESTIMATE = Estimate(prompt_tokens=600, completion_tokens=400, one_prompt_tokens=99, tool_calls=10)


async def add_budget(
    database: Database,
    account: Account,
    limit: int | str,
    *,
    metric: str = "tokens",
    scope: str = "account",
    period: str = "month",
    **columns: Any,
) -> Budget:
    budget = Budget(
        **{"name": f"{scope} {metric} {new_id()}", **columns},
        account_id=account.id,
        scope=scope,
        metric=metric,
        period=period,
        limit_units=units_of(metric, Decimal(limit)),
    )

    async def work(session: AsyncSession) -> None:
        session.add(budget)

    await database.write(work)
    return budget


async def asked(
    database: Database,
    spender: Spender,
    *,
    holder_id: UUID | None = None,
    estimate: Estimate = ESTIMATE,
    plugins: Collection[str] = (),
    at: datetime = AT,
) -> Grant:
    return await database.write_short(
        partial(
            reserve,
            spender=spender,
            plugins=plugins,
            estimate=estimate,
            holder_id=holder_id or new_id(),
            worker_id=WORKER,
            at=at,
        )
    )


async def spend(
    database: Database,
    spender: Spender,
    holder_id: UUID,
    tokens: Sequence[int] = (),
    *,
    tools: Sequence[str] = (),
    plugins: Collection[str] = (),
    at: datetime = AT,
) -> tuple[NewCharge, ...]:
    """Charge upstream calls of so many tokens each, and a call of one tool of each of some plugins, and settle."""

    charges = await price_charges(
        PriceList(await database.configuration.current()),
        spender=spender,
        request_id="req",
        turn_id=holder_id,
        completions=[
            CompletionSpend(
                round=1,
                provider="openai",
                model="gpt-5",
                prompt_tokens=number,
                completion_tokens=0,
                total_tokens=number,
                is_estimated=False,
            )
            for number in tokens
        ],
        tools=[ToolSpend(round=1, plugin=plugin, tool=f"{plugin}.tool") for plugin in tools],
        at=at,
    )

    async def work(transaction: Transaction) -> None:
        await record_charges(transaction, charges)
        await settle(transaction, holder_id=holder_id, charges=charges, spender=spender, plugins=plugins, at=at)

    await database.write_short(work)
    return charges


async def status(database: Database, budget: Budget, at: datetime = AT) -> BudgetStatus:
    return await database.read(lambda session: budget_status(session, budget, at=at))


async def numbers(database: Database, budget: Budget, at: datetime = AT) -> tuple[int, int, int]:
    """Used, reserved and left, as counts."""
    stands = await status(database, budget, at)
    return int(stands.used), int(stands.reserved), int(stands.left)


async def reservations(database: Database) -> int:
    async def work(session: AsyncSession) -> int:
        return len((await session.exec(select(Reservation))).all())

    return await database.read(work)


@pytest.mark.parametrize(
    ("period", "starts", "ends"),
    [
        ("total", "1970-01-01T00:00", None),
        ("hour", "2026-03-04T12:00", "2026-03-04T13:00"),
        ("day", "2026-03-04T00:00", "2026-03-05T00:00"),
        ("week", "2026-03-02T00:00", "2026-03-09T00:00"),
        ("month", "2026-03-01T00:00", "2026-04-01T00:00"),
    ],
)
def test_periods_are_in_utc(period: str, starts: str, ends: str | None) -> None:
    # the same moment, where it is the next day already
    bounds = period_bounds(period, AT.astimezone(timezone(timedelta(hours=13))))

    assert bounds.starts_at == datetime.fromisoformat(f"{starts}+00:00")
    assert bounds.ends_at == (ends and datetime.fromisoformat(f"{ends}+00:00"))


@pytest.mark.parametrize("month", range(1, 13))
def test_a_month_ends_where_the_next_begins(month: int) -> None:
    ends_at = period_bounds("month", datetime(2027, month, 28, tzinfo=UTC)).ends_at

    assert ends_at == datetime(2027 + month // 12, month % 12 + 1, 1, tzinfo=UTC)


def test_an_unknown_period_is_refused() -> None:
    with pytest.raises(ValueError, match="no period 'year'"):
        period_bounds("year", AT)


@pytest.mark.anyio
async def test_without_a_budget_nothing_is_bounded(database: Database) -> None:
    account = await make_account(database)
    spender = Spender(account_id=account.id)
    await add_budget(database, account, 0, is_active=False)

    assert not await is_bounded(await database.configuration.current(), spender)
    assert await asked(database, spender) == Grant()
    assert await reservations(database) == 0


@pytest.mark.anyio
async def test_whether_a_spender_is_bounded_is_asked_once_until_something_changes(database: Database) -> None:
    account = await make_account(database)
    spender = Spender(account_id=account.id)
    asked_for: list[str] = []
    event.listen(database.engine.sync_engine, "before_cursor_execute", lambda *call: asked_for.append(call[2]))

    for _ in range(3):
        assert not await is_bounded(await database.configuration.current(), spender)
    assert len([statement for statement in asked_for if "FROM budgets" in statement]) == 1

    await add_budget(database, account, 1)
    assert await is_bounded(await database.configuration.current(), spender)


@pytest.mark.anyio
async def test_room_is_set_aside_and_given_back_for_what_was_charged(database: Database) -> None:
    account, turn = await make_account(database), new_id()
    spender = Spender(account_id=account.id)
    budget = await add_budget(database, account, 5_000)

    grant = await asked(database, spender, holder_id=turn)
    assert grant.tokens == 1_000
    assert await numbers(database, budget) == (0, 1_000, 4_000)

    await spend(database, spender, turn, [120, 130])
    assert await numbers(database, budget) == (250, 0, 4_750)
    assert await reservations(database) == 0


@pytest.mark.anyio
async def test_what_is_left_is_granted_as_long_as_the_first_call_can_be_made(database: Database) -> None:
    account = await make_account(database)
    spender = Spender(account_id=account.id)
    await add_budget(database, account, 1_100)

    assert (await asked(database, spender)).tokens == 1_000
    assert (await asked(database, spender)).tokens == 100
    with pytest.raises(BudgetDeclined) as caught:
        await asked(database, spender)

    # room comes back when the two that are under way have ended
    assert caught.value.retry_after == 1
    assert "0 tokens left (1100 set aside for prompts under way), and at least 100 needed." in str(caught.value)


@pytest.mark.anyio
async def test_t98_a_budget_that_is_used_up_declines_and_says_why(database: Database) -> None:
    account, turn = await make_account(database), new_id()
    spender = Spender(account_id=account.id)
    budget = await add_budget(database, account, 150, name="daily", period="day")
    await spend(database, spender, turn, [138])

    with pytest.raises(BudgetDeclined) as caught:
        await asked(database, spender)

    assert isinstance(caught.value, BudgetExceeded)
    assert (caught.value.info.status, caught.value.info.code) == (402, "budget_exceeded")
    assert str(caught.value) == (
        "The account budget 'daily' of 150 tokens per day has no room for this:"
        " 12 tokens left, and at least 100 needed."
        " Its next period begins at 2026-03-05 00:00 UTC; or raise its limit."
    )
    assert caught.value.retry_after == timedelta(hours=11, minutes=30).total_seconds()
    fact = caught.value.fact
    assert (fact.budget_id, fact.limit, fact.left) == (budget.id, Decimal(150), Decimal(12))


@pytest.mark.anyio
async def test_an_absolute_budget_knows_no_better_time(database: Database) -> None:
    account = await make_account(database)
    await add_budget(database, account, 5, period="total")

    with pytest.raises(BudgetDeclined, match="in total has no room") as caught:
        await asked(database, Spender(account_id=account.id))

    assert caught.value.retry_after is None


@pytest.mark.anyio
async def test_one_budget_without_room_leaves_the_others_untouched(database: Database) -> None:
    account = await make_account(database)
    roomy = await add_budget(database, account, 5_000)
    await add_budget(database, account, 5)

    with pytest.raises(BudgetDeclined):
        await asked(database, Spender(account_id=account.id))

    assert await numbers(database, roomy) == (0, 0, 5_000)
    assert await reservations(database) == 0


@pytest.mark.anyio
async def test_costs_are_bounded_exactly(database: Database) -> None:
    account, turn = await make_account(database), new_id()
    spender = Spender(account_id=account.id)
    budget = await add_budget(database, account, "0.0099", metric="cost")
    price = Price(kind="completion", provider="openai", prompt_price=Decimal("2.5"), valid_from=AT)

    async def work(session: AsyncSession) -> None:
        session.add(price)

    await database.write(work)
    estimate = Estimate(
        prompt_tokens=600,
        completion_tokens=400,
        one_prompt_tokens=99,
        prompt_price=Decimal("2.5"),
        completion_price=Decimal("10.000000000001"),
        calls=3,
        call_price=Decimal("0.001"),
        tool_calls=2,
        tool_price=Decimal("0.0001"),
    )

    grant = await asked(database, spender, holder_id=turn, estimate=estimate)
    # 600 * 2.5 / 10^6 + 400 * 10 / 10^6 + 3 * 0.001 + 2 * 0.0001, and a fraction of a step, rounded up
    assert grant.cost == Decimal("0.008700000001")
    assert (grant.tokens, dict(grant.tool_calls)) == (None, {})
    assert [(fact.metric, fact.limit, fact.left) for fact in grant.authorized] == [
        ("cost", Decimal("0.0099"), Decimal("0.001199999999"))
    ]
    with pytest.raises(BudgetDeclined, match=r"of 0\.0099 of cost per month .* 0\.001199999999 left") as caught:
        await asked(database, spender, estimate=estimate)
    assert caught.value.fact.metric == "cost"

    await spend(database, spender, turn, [600])
    stands = await status(database, budget)
    assert (stands.used, stands.reserved, stands.left) == (Decimal("0.0015"), Decimal(0), Decimal("0.0084"))


@pytest.mark.anyio
async def test_what_has_no_price_needs_no_room_in_a_budget_of_costs(database: Database) -> None:
    account, turn = await make_account(database), new_id()
    spender = Spender(account_id=account.id)
    budget = await add_budget(database, account, 0, metric="cost")

    assert (await asked(database, spender, holder_id=turn)).cost is None

    await spend(database, spender, turn, [600])
    assert await numbers(database, budget) == (0, 0, 0)


@pytest.mark.anyio
async def test_tool_calls_are_bounded_for_all_plugins_and_for_one(database: Database) -> None:
    account, turn = await make_account(database), new_id()
    spender = Spender(account_id=account.id)
    every = await add_budget(database, account, 8, metric="tool_calls")
    weather = await add_budget(database, account, 3, metric="tool_calls", scope="plugin", plugin="weather")
    other = await add_budget(database, account, 0, metric="tool_calls", scope="plugin", plugin="sql")

    grant = await asked(database, spender, holder_id=turn, plugins=["weather", "calculator"])
    assert dict(grant.tool_calls) == {None: 8, "weather": 3}

    await spend(database, spender, turn, [50], tools=["weather", "weather", "calculator"], plugins=["weather"])
    assert await numbers(database, every) == (3, 0, 5)
    assert await numbers(database, weather) == (2, 0, 1)
    assert await numbers(database, other) == (0, 0, 0)


@pytest.mark.anyio
async def test_without_tools_a_budget_of_tool_calls_never_declines(database: Database) -> None:
    account = await make_account(database)
    spender = Spender(account_id=account.id)
    await add_budget(database, account, 0, metric="tool_calls")

    without = Estimate(prompt_tokens=1, completion_tokens=1, one_prompt_tokens=1)
    assert dict((await asked(database, spender, estimate=without)).tool_calls) == {None: 0}
    with pytest.raises(BudgetDeclined, match="of 0 tool calls per month"):
        await asked(database, spender)


@pytest.mark.anyio
async def test_a_plugins_budget_counts_the_turns_that_present_its_tools(database: Database) -> None:
    account, turn = await make_account(database), new_id()
    spender = Spender(account_id=account.id)
    budget = await add_budget(database, account, 5_000, scope="plugin", plugin="weather")

    assert (await asked(database, spender)).tokens is None
    await spend(database, spender, new_id(), [100])
    assert (await asked(database, spender, holder_id=turn, plugins=["weather"])).tokens == 1_000
    await spend(database, spender, turn, [200], tools=["weather"], plugins=["weather"])

    assert await numbers(database, budget) == (200, 0, 4_800)


@pytest.mark.anyio
async def test_a_plugin_that_was_not_presented_after_all_uses_nothing(database: Database) -> None:
    account, turn = await make_account(database), new_id()
    spender = Spender(account_id=account.id)
    budget = await add_budget(database, account, 5_000, scope="plugin", plugin="weather")

    await asked(database, spender, holder_id=turn, plugins=["weather"])
    await spend(database, spender, turn, [200], plugins=[])

    assert await numbers(database, budget) == (0, 0, 5_000)


@pytest.mark.anyio
async def test_each_scope_bounds_its_own_spender(database: Database) -> None:
    account, stranger = await make_account(database), await make_account(database, "Other")
    client, sibling = await make_client(database, account), await make_client(database, account, "sibling")
    person, foreign = await make_person(database, account, "ada"), await make_person(database, stranger, "eve")
    key, foreign_key = person.principal.api_key_id, foreign.principal.api_key_id
    names = {
        (await add_budget(database, account, 9_000, name="account")).name,
        (await add_budget(database, account, 9_000, name="c", scope="llm_client", llm_client_id=client.id)).name,
        (await add_budget(database, account, 9_000, name="key", scope="api_key", api_key_id=key)).name,
        # another account's budgets on this client and on this key bound nobody
        (await add_budget(database, stranger, 0, name="bad", scope="llm_client", llm_client_id=client.id)).name,
        (await add_budget(database, stranger, 0, name="worse", scope="api_key", api_key_id=key)).name,
    }
    # whereas its own key is bounded also where somebody else pays
    await add_budget(database, stranger, 9_000, name="foreign", scope="api_key", api_key_id=foreign_key)

    async def matched(**ids: UUID | None) -> set[str]:
        grant = await asked(database, Spender(account_id=account.id, **ids))
        return {fact.name for fact in grant.authorized}

    assert await matched() == {"account"}
    assert await matched(llm_client_id=client.id, api_key_id=key) == {"account", "c", "key"}
    assert await matched(llm_client_id=sibling.id) == {"account"}
    assert await matched(llm_client_id=client.id, api_key_id=foreign_key) == {"account", "c", "foreign"}
    assert names == {"account", "c", "key", "bad", "worse"}
    assert await asked(database, Spender()) == Grant()


@pytest.mark.anyio
async def test_the_tightest_budget_counts(database: Database) -> None:
    account = await make_account(database)
    for limit in (900, 300, 700):
        await add_budget(database, account, limit)

    grant = await asked(database, Spender(account_id=account.id))

    assert grant.tokens == 300
    # no more is set aside of the others either
    assert [fact.left for fact in grant.authorized] == [600, 0, 400]


@pytest.mark.anyio
async def test_what_nobody_can_keep_within_less_needs_room_for_all_of_it(database: Database) -> None:
    account = await make_account(database)
    spender = Spender(account_id=account.id)
    await add_budget(database, account, 1_500)
    whole = replace(ESTIMATE, is_whole=True)

    assert (await asked(database, spender, estimate=whole)).tokens == 1_000
    with pytest.raises(BudgetDeclined, match=r"500 tokens left .* at least 1000 needed"):
        await asked(database, spender, estimate=whole)
    assert (await asked(database, spender)).tokens == 500


@pytest.mark.anyio
async def test_one_plugins_calls_are_never_more_than_those_of_all(database: Database) -> None:
    account = await make_account(database)
    await add_budget(database, account, 2, metric="tool_calls")
    weather = await add_budget(database, account, 9, metric="tool_calls", scope="plugin", plugin="weather")

    grant = await asked(database, Spender(account_id=account.id), plugins=["weather"])

    assert dict(grant.tool_calls) == {None: 2, "weather": 2}
    assert await numbers(database, weather) == (0, 2, 7)


@pytest.mark.anyio
async def test_what_was_set_aside_before_midnight_counts_in_the_day_before(database: Database) -> None:
    account, turn, late = await make_account(database), new_id(), datetime(2026, 3, 4, 23, 59, tzinfo=UTC)
    spender = Spender(account_id=account.id)
    budget = await add_budget(database, account, 5_000, period="day")
    next_day = late + timedelta(minutes=2)

    await asked(database, spender, holder_id=turn, at=late)
    await spend(database, spender, turn, [200], at=next_day)

    assert await numbers(database, budget, late) == (200, 0, 4_800)
    assert await numbers(database, budget, next_day) == (0, 0, 5_000)


@pytest.mark.anyio
async def test_a_new_period_begins_with_the_whole_limit(database: Database) -> None:
    account = await make_account(database)
    spender = Spender(account_id=account.id)
    await add_budget(database, account, 1_000, period="hour")
    await asked(database, spender)

    with pytest.raises(BudgetDeclined):
        await asked(database, spender)
    assert (await asked(database, spender, at=AT + timedelta(hours=1))).tokens == 1_000


@pytest.mark.anyio
async def test_settling_again_changes_nothing(database: Database) -> None:
    account, turn = await make_account(database), new_id()
    spender = Spender(account_id=account.id)
    budget = await add_budget(database, account, 5_000)
    await asked(database, spender, holder_id=turn)
    charges = await spend(database, spender, turn, [200])

    for _ in range(2):
        await database.write_short(partial(settle, holder_id=turn, charges=charges, spender=spender, plugins=[], at=AT))

    assert await numbers(database, budget) == (200, 0, 4_800)


@pytest.mark.anyio
async def test_what_nobody_set_aside_is_counted_in_the_period_of_the_moment(database: Database) -> None:
    account, turn = await make_account(database), new_id()
    spender = Spender(account_id=account.id)
    first = await add_budget(database, account, 5_000)
    await asked(database, spender, holder_id=turn)
    second = await add_budget(database, account, 100)

    await spend(database, spender, turn, [200])

    assert await numbers(database, first) == (200, 0, 4_800)
    assert await numbers(database, second) == (200, 0, 0)


@pytest.mark.anyio
async def test_a_budget_that_was_switched_off_meanwhile_still_gets_its_room_back(database: Database) -> None:
    account, turn = await make_account(database), new_id()
    spender = Spender(account_id=account.id)
    budget = await add_budget(database, account, 5_000)
    await asked(database, spender, holder_id=turn)

    async def switch_off(session: AsyncSession) -> None:
        await session.exec(update(Budget).where(col(Budget.id) == budget.id).values(is_active=False))

    await database.write(switch_off)
    await spend(database, spender, turn, [200])

    assert await numbers(database, budget) == (200, 0, 4_800)


@pytest.mark.anyio
async def test_what_is_never_charged_is_given_back_by_holder_or_by_worker(database: Database) -> None:
    account, turn = await make_account(database), new_id()
    spender = Spender(account_id=account.id)
    budget = await add_budget(database, account, 5_000)
    await asked(database, spender, holder_id=turn)
    await asked(database, spender)
    await asked(database, spender)
    assert await numbers(database, budget) == (0, 3_000, 2_000)

    await database.write_short(release)
    await database.write_short(partial(release, worker_ids=[new_id()]))
    assert await numbers(database, budget) == (0, 3_000, 2_000)

    await database.write_short(partial(release, holder_ids=[turn]))
    assert await numbers(database, budget) == (0, 2_000, 3_000)

    for _ in range(2):
        await database.write_short(partial(release, worker_ids=[WORKER]))
    assert await numbers(database, budget) == (0, 0, 5_000)
    assert await reservations(database) == 0


@pytest.mark.anyio
async def test_statuses_of_several_budgets_at_once(database: Database) -> None:
    account, turn = await make_account(database), new_id()
    spender = Spender(account_id=account.id)
    budgets = [await add_budget(database, account, 5_000, period=period) for period in ("hour", "day", "total")]
    await spend(database, spender, turn, [200], at=AT.replace(hour=0))

    found = await database.read(lambda session: budget_statuses(session, budgets, at=AT))

    assert [found[budget.id].used for budget in budgets] == [0, 200, 200]
    assert [found[budget.id].starts_at for budget in budgets] == [
        period_bounds(budget.period, AT).starts_at for budget in budgets
    ]


@pytest.mark.anyio
async def test_a_budget_that_is_overrun_by_absurd_reports_stays_at_the_most_it_can_count(database: Database) -> None:
    account = await make_account(database)
    spender = Spender(account_id=account.id)
    budget = await add_budget(database, account, 9_000_000, metric="cost")

    async def work(transaction: Transaction, holder_id: UUID) -> None:
        charge = a_charge(account, cost=Decimal(9_000_000))
        await record_charges(transaction, [charge])
        await settle(transaction, holder_id=holder_id, charges=[charge], spender=spender, plugins=[], at=AT)

    for _ in range(2):
        await database.write_short(partial(work, holder_id=new_id()))

    status = await database.read(partial(budget_status, budget=budget, at=AT))
    assert status.used > Decimal(9_000_000)
    with pytest.raises(BudgetDeclined):
        await asked(database, spender, estimate=replace(ESTIMATE, prompt_price=Decimal(1)))
