"""Which budgets bound a spender, and the rows of their periods."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ...ids import new_id
from ..charges import Spender
from ..tables import ApiKey, Budget, BudgetPeriod, Profile
from ..types import utc_now
from ..uniqueness import insert_unless_there

__all__ = ["PeriodRow", "ensure_periods", "lock_periods", "matching_budgets"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodRow:
    """One period of a budget; units.

    Attributes:
        id: Of the row.
        used: What was charged.
        reserved: What is set aside.
    """

    id: UUID
    used: int
    reserved: int


async def matching_budgets(
    session: AsyncSession, spender: Spender, plugins: Collection[str], also: Iterable[UUID] = ()
) -> Sequence[Budget]:
    """The active budgets that bound a spender, in the order of their ids.

    An account's budgets bound what the account pays for; those of its own API keys bound these wherever they are used.

    Args:
        session: Of a transaction.
        spender: Who spends.
        plugins: Ids of the plugins whose tools are presented.
        also: Ids of budgets that count in any case.
    """
    pays = col(Budget.account_id) == spender.account_id if spender.account_id is not None else false()
    matches: list[ColumnElement[bool]] = [
        pays & (col(Budget.scope) == "account"),
        pays & (col(Budget.scope) == "plugin") & col(Budget.plugin).in_(sorted(plugins)),
    ]
    if spender.llm_client_id is not None:
        matches.append(
            pays & (col(Budget.scope) == "llm_client") & (col(Budget.llm_client_id) == spender.llm_client_id)
        )
    if spender.api_key_id is not None:
        owner = (
            select(Profile.account_id)
            .join(ApiKey, col(ApiKey.profile_id) == col(Profile.id))
            .where(col(ApiKey.id) == spender.api_key_id)
            .scalar_subquery()
        )
        owns = or_(pays, col(Budget.account_id) == owner)
        matches.append(owns & (col(Budget.scope) == "api_key") & (col(Budget.api_key_id) == spender.api_key_id))
    wanted = and_(col(Budget.is_active), or_(*matches))
    if also := tuple(also):
        wanted = or_(wanted, col(Budget.id).in_(also))
    return (await session.exec(select(Budget).where(wanted).order_by(col(Budget.id)))).all()


async def ensure_periods(session: AsyncSession, starts: Mapping[UUID, datetime]) -> None:
    """Make the rows of periods that are not there yet.

    Args:
        session: Of a transaction that writes.
        starts: The first moment of one period, by the id of its budget.
    """
    now = utc_now()
    # in one order everywhere: whoever makes the same row at the same time waits for the other, and never crosswise
    rows = [
        {
            "id": new_id(),
            "created_at": now,
            "budget_id": budget_id,
            "starts_at": starts[budget_id],
            "used_units": 0,
            "reserved_units": 0,
        }
        for budget_id in sorted(starts)
    ]
    await insert_unless_there(session, BudgetPeriod, rows)


async def lock_periods(session: AsyncSession, starts: Mapping[UUID, datetime]) -> dict[UUID, PeriodRow]:
    """Take periods for this transaction alone: until it ends nobody else changes them.

    SQLite has one transaction that writes at a time anyway.

    Args:
        session: Of a transaction that writes.
        starts: The first moment of one period, by the id of its budget.

    Returns:
        The rows, by the id of the budget.
    """
    await ensure_periods(session, starts)
    these = or_(
        *(
            and_(col(BudgetPeriod.budget_id) == budget_id, col(BudgetPeriod.starts_at) == starts_at)
            for budget_id, starts_at in starts.items()
        )
    )
    # columns, not objects: what an object of this session may hold from before is not what the lock waited for
    locked = (
        select(BudgetPeriod.budget_id, BudgetPeriod.id, BudgetPeriod.used_units, BudgetPeriod.reserved_units)
        .where(these)
        .order_by(col(BudgetPeriod.budget_id))
        .with_for_update()
    )
    return {
        budget_id: PeriodRow(id=row_id, used=used, reserved=reserved)
        for budget_id, row_id, used, reserved in (await session.exec(locked)).all()
    }
