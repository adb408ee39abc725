"""Counting what was really charged, and giving back what was set aside for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, case, update
from sqlmodel import col, delete, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..charges import Spender
from ..tables import Budget, BudgetPeriod, Charge, Reservation
from .facts import units_of
from .matching import ensure_periods, matching_budgets
from .periods import period_bounds

__all__ = ["release", "settle"]

_MOST: Final = 2**63 - 1


async def settle(
    session: AsyncSession,
    *,
    holder_id: UUID,
    charges: Collection[Charge],
    spender: Spender,
    plugins: Collection[str],
    at: datetime,
) -> None:
    """Count charges in every budget that bounds the spender, and give back what was set aside for them.

    They count in the period in which room was set aside for them, else in the one of the moment. Each charge counts
    once: settling again changes nothing.

    Args:
        session: Of a transaction that writes, best the one that wrote the charges.
        holder_id: The turn, or the raw passthrough.
        charges: What it was charged.
        spender: Who spent.
        plugins: Ids of the plugins whose tools were presented.
        at: The moment, aware.
    """
    held = await _held(session, col(Reservation.holder_id) == holder_id)
    budgets = await matching_budgets(session, spender, plugins, also={one.budget_id for one in held})
    fresh = await _claimed(session, charges) if budgets else ()
    changes = _Changes()
    starts = {one.budget_id: one.starts_at for one in reversed(held)}
    unheld: dict[UUID, datetime] = {}
    for budget in budgets:
        if not (spent := _spent(budget, fresh, plugins)):
            continue
        if budget.id not in starts:
            starts[budget.id] = unheld[budget.id] = period_bounds(budget.period, at).starts_at
        changes.use(budget.id, starts[budget.id], spent)
    if unheld:
        await ensure_periods(session, unheld)
    await _give_back(session, held, changes)


async def release(
    session: AsyncSession, *, holder_ids: Collection[UUID] = (), worker_ids: Collection[UUID] = ()
) -> None:
    """Give back what was set aside for something that is never charged.

    Args:
        session: Of a transaction that writes.
        holder_ids: Turns and raw passthroughs.
        worker_ids: Processes that are gone, with all that they had under way.
    """
    if not holder_ids and not worker_ids:
        return
    whose = or_(col(Reservation.holder_id).in_(holder_ids), col(Reservation.worker_id).in_(worker_ids))
    await _give_back(session, await _held(session, whose), _Changes())


@dataclass(frozen=True, slots=True)
class _Held:
    """One reservation, and the period that it is of."""

    id: UUID
    units: int
    budget_id: UUID
    starts_at: datetime


class _Changes:
    """What to add to periods, by budget and first moment."""

    def __init__(self) -> None:
        self.used: dict[tuple[UUID, datetime], int] = defaultdict(int)
        self.reserved: dict[tuple[UUID, datetime], int] = defaultdict(int)

    def use(self, budget_id: UUID, starts_at: datetime, units: int) -> None:
        self.used[budget_id, starts_at] += units

    def give_back(self, one: _Held) -> None:
        self.reserved[one.budget_id, one.starts_at] -= one.units

    def of_periods(self) -> Iterable[tuple[tuple[UUID, datetime], Mapping[str, object]]]:
        """In one order everywhere, so that transactions never wait for each other crosswise."""
        for key in sorted({*self.used, *self.reserved}):
            yield (
                key,
                {
                    "used_units": _added(col(BudgetPeriod.used_units), self.used[key]),
                    "reserved_units": col(BudgetPeriod.reserved_units) + self.reserved[key],
                },
            )


def _added(column: SQLColumnExpression[int], units: int) -> ColumnElement[int]:
    """The sum, or the most that the column holds: whoever has used that much has no room left either way."""
    return case((column > _MOST - units, _MOST), else_=column + units)


async def _held(session: AsyncSession, whose: ColumnElement[bool]) -> Sequence[_Held]:
    """Reservations, locked: whoever else gives them back waits, and then finds them gone.

    Their periods are locked first, in one order everywhere: who deletes a budget deletes its periods, and then what is
    set aside in them.
    """
    periods = select(Reservation.budget_period_id).where(whose)
    await session.exec(
        select(BudgetPeriod.id)
        .where(col(BudgetPeriod.id).in_(periods))
        .order_by(col(BudgetPeriod.budget_id), col(BudgetPeriod.starts_at))
        .with_for_update()
    )
    rows = (
        select(Reservation.id, Reservation.units, BudgetPeriod.budget_id, BudgetPeriod.starts_at)
        .join(BudgetPeriod, col(BudgetPeriod.id) == col(Reservation.budget_period_id))
        .where(whose)
        .order_by(col(Reservation.id))
        .with_for_update(of=Reservation)
    )
    return [_Held(*row) for row in (await session.exec(rows)).all()]


async def _claimed(session: AsyncSession, charges: Collection[Charge]) -> Sequence[Charge]:
    """Those of the charges that nobody has counted yet; they are counted now."""
    ids = [charge.id for charge in charges]
    if not ids:
        return ()
    unsettled = select(Charge.id).where(col(Charge.id).in_(ids), ~col(Charge.is_settled)).order_by(col(Charge.id))
    fresh = set((await session.exec(unsettled.with_for_update())).all())
    await session.exec(update(Charge).where(col(Charge.id).in_(fresh)).values(is_settled=True))
    return [charge for charge in charges if charge.id in fresh]


def _spent(budget: Budget, charges: Iterable[Charge], plugins: Collection[str]) -> int:
    """Units that a budget counts."""
    counted = [charge for charge in charges if _counts(budget, charge, plugins)]
    match budget.metric:
        case "tokens":
            return sum(charge.total_tokens for charge in counted)
        case "cost":
            return sum(units_of("cost", charge.cost) for charge in counted if charge.cost is not None)
        case _:
            return sum(charge.calls for charge in counted if charge.kind == "tool")


def _counts(budget: Budget, charge: Charge, plugins: Collection[str]) -> bool:
    if budget.scope != "plugin":
        return True
    return charge.plugin == budget.plugin if charge.kind == "tool" else budget.plugin in plugins


async def _give_back(session: AsyncSession, held: Sequence[_Held], changes: _Changes) -> None:
    for one in held:
        changes.give_back(one)
    for (budget_id, starts_at), values in changes.of_periods():
        await session.exec(
            update(BudgetPeriod)
            .where(col(BudgetPeriod.budget_id) == budget_id, col(BudgetPeriod.starts_at) == starts_at)
            .values(**values)
        )
    if held:
        await session.exec(delete(Reservation).where(col(Reservation.id).in_([one.id for one in held])))
