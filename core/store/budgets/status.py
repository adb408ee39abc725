"""How budgets stand."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..tables import Budget, BudgetPeriod
from ..types import utc_now
from .facts import amount_of
from .periods import period_bounds

__all__ = ["BudgetStatus", "budget_status", "budget_statuses"]


class BudgetStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a budget stands in one period: counts, or a cost in the unit of the prices.

    Attributes:
        limit: The most that may be used.
        used: What was charged.
        reserved: What is set aside for what is under way.
        left: What is left without that; never below 0.
        starts_at: The period's first moment.
        ends_at: The first moment of the next period; None when there is none.
    """

    limit: Decimal
    used: Decimal
    reserved: Decimal
    left: Decimal
    starts_at: datetime
    ends_at: datetime | None


async def budget_status(session: AsyncSession, budget: Budget, *, at: datetime | None = None) -> BudgetStatus:
    """How a budget stands.

    Args:
        session: Of a transaction.
        budget: The budget.
        at: The moment, aware; None for now.
    """
    return (await budget_statuses(session, [budget], at=at))[budget.id]


async def budget_statuses(
    session: AsyncSession, budgets: Collection[Budget], *, at: datetime | None = None
) -> dict[UUID, BudgetStatus]:
    """How several budgets stand, by their ids; asked at once."""
    moment = at or utc_now()
    bounds = {budget.id: period_bounds(budget.period, moment) for budget in budgets}
    rows = select(BudgetPeriod).where(
        col(BudgetPeriod.budget_id).in_(bounds),
        col(BudgetPeriod.starts_at).in_({one.starts_at for one in bounds.values()}),
    )
    # a row that an object of this session still holds may have changed since
    found = (await session.exec(rows.execution_options(populate_existing=True))).all()
    periods = {row.budget_id: row for row in found if row.starts_at == bounds[row.budget_id].starts_at}
    statuses = {}
    for budget in budgets:
        row = periods.get(budget.id)
        used, reserved = (row.used_units, row.reserved_units) if row is not None else (0, 0)
        statuses[budget.id] = BudgetStatus(
            limit=amount_of(budget.metric, budget.limit_units),
            used=amount_of(budget.metric, used),
            reserved=amount_of(budget.metric, reserved),
            left=amount_of(budget.metric, max(budget.limit_units - used - reserved, 0)),
            starts_at=bounds[budget.id].starts_at,
            ends_at=bounds[budget.id].ends_at,
        )
    return statuses
