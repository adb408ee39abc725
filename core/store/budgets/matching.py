"""Which budgets bound a spender, and the rows of their periods."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import and_, bindparam, or_
from sqlmodel import col, select

from ..charges import Spender
from ..short import SessionTransaction
from ..tables import ApiKey, Budget, BudgetPeriod, Profile
from .facts import BudgetLimit

if TYPE_CHECKING:
    from sqlalchemy.sql.base import Executable
    from sqlmodel.ext.asyncio.session import AsyncSession

    from ..configuration import Answers
    from ..short import Transaction

__all__ = ["PeriodRow", "ensure_periods", "is_bounded", "lock_periods", "matching_budgets"]


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


async def is_bounded(answers: Answers, spender: Spender) -> bool:
    """Whether there are budgets that may bound a spender; where there are none, nothing is set aside or settled."""
    account_id, api_key_id = spender.account_id, spender.api_key_id
    if account_id is None and api_key_id is None:
        return False

    async def work(session: AsyncSession) -> bool:
        return bool(await _rows(SessionTransaction(session), spender))

    return await answers.get(("budgets", account_id, api_key_id), work)


async def matching_budgets(
    transaction: Transaction, spender: Spender, plugins: Collection[str], also: Iterable[UUID] = ()
) -> Sequence[BudgetLimit]:
    """The active budgets that bound a spender, in the order of their ids.

    An account's budgets bound what the account pays for; those of its own API keys bound these wherever they are used.

    Args:
        transaction: Reads.
        spender: Who spends.
        plugins: Ids of the plugins whose tools are presented.
        also: Ids of budgets that count in any case.
    """
    wanted = frozenset(also)
    found = {
        budget.id: budget
        for budget in await _rows(transaction, spender)
        if budget.id in wanted or _bounds(budget, spender, plugins)
    }
    for budget_id in wanted - found.keys():
        found |= {row[0]: BudgetLimit(*row) for row in await transaction.rows(_one, budget_id=budget_id)}
    return [found[budget_id] for budget_id in sorted(found)]


async def ensure_periods(transaction: Transaction, starts: Mapping[UUID, datetime]) -> None:
    """Make the rows of periods that are not there yet.

    Args:
        transaction: Writes.
        starts: The first moment of one period, by the id of its budget.
    """
    # in one order everywhere: whoever makes the same row at the same time waits for the other, and never crosswise
    rows = [{"budget_id": budget_id, "starts_at": starts[budget_id]} for budget_id in sorted(starts)]
    await transaction.insert(BudgetPeriod, rows, unless_there=True)


async def lock_periods(transaction: Transaction, starts: Mapping[UUID, datetime]) -> dict[UUID, PeriodRow]:
    """Take periods for this transaction alone: until it ends nobody else changes them.

    SQLite has one transaction that writes at a time anyway.

    Args:
        transaction: Writes.
        starts: The first moment of one period, by the id of its budget.

    Returns:
        The rows, by the id of the budget.
    """
    await ensure_periods(transaction, starts)
    locked = {}
    for budget_id in sorted(starts):
        for row_id, used, reserved in await transaction.rows(_period, budget_id=budget_id, starts_at=starts[budget_id]):
            locked[budget_id] = PeriodRow(id=row_id, used=used, reserved=reserved)
    return locked


async def _rows(transaction: Transaction, spender: Spender) -> list[BudgetLimit]:
    """Those of the account that pays, and those of the key in its owner's account."""
    rows = await transaction.rows(_active, account_id=spender.account_id, key_id=spender.api_key_id)
    return [BudgetLimit(*row) for row in rows]


def _bounds(budget: BudgetLimit, spender: Spender, plugins: Collection[str]) -> bool:
    match budget.scope:
        case "account":
            return budget.account_id == spender.account_id
        case "plugin":
            return budget.account_id == spender.account_id and budget.plugin in plugins
        case "llm_client":
            return budget.account_id == spender.account_id and budget.llm_client_id == spender.llm_client_id
        case _:
            return spender.api_key_id is not None and budget.api_key_id == spender.api_key_id


def _columns() -> Any:
    """What :class:`BudgetLimit` is made of, in its order."""
    return select(*(getattr(Budget, one.name) for one in fields(BudgetLimit)))


def _active() -> Executable:
    owner = (
        select(Profile.account_id)
        .join(ApiKey, col(ApiKey.profile_id) == col(Profile.id))
        .where(col(ApiKey.id) == bindparam("key_id"))
        .scalar_subquery()
    )
    owned = and_(
        col(Budget.scope) == "api_key",
        col(Budget.api_key_id) == bindparam("key_id"),
        col(Budget.account_id) == owner,
    )
    wanted = or_(col(Budget.account_id) == bindparam("account_id"), owned)
    found: Executable = _columns().where(col(Budget.is_active), wanted)
    return found


def _one() -> Executable:
    found: Executable = _columns().where(col(Budget.id) == bindparam("budget_id"))
    return found


def _period() -> Executable:
    # columns, not objects: what an object of a session may hold from before is not what the lock waited for
    return (
        select(BudgetPeriod.id, BudgetPeriod.used_units, BudgetPeriod.reserved_units)
        .where(
            col(BudgetPeriod.budget_id) == bindparam("budget_id"), col(BudgetPeriod.starts_at) == bindparam("starts_at")
        )
        .with_for_update()
    )
