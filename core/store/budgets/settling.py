"""Counting what was really charged, and giving back what was set aside for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, ColumnElement, bindparam, case, false, or_, update
from sqlmodel import col, delete, select

from ..charges import NewCharge, Spender
from ..tables import BudgetPeriod, Charge, Reservation
from .facts import BudgetLimit, units_of
from .matching import ensure_periods, matching_budgets
from .periods import period_bounds

if TYPE_CHECKING:
    from sqlalchemy.sql.base import Executable

    from ..short import Query, Transaction

__all__ = ["release", "settle"]

_MOST: Final = 2**63 - 1


async def settle(
    transaction: Transaction,
    *,
    holder_id: UUID,
    charges: Collection[NewCharge],
    spender: Spender,
    plugins: Collection[str],
    at: datetime,
) -> None:
    """Count charges in every budget that bounds the spender, and give back what was set aside for them.

    They count in the period in which room was set aside for them, else in the one of the moment. Each charge counts
    once: settling again changes nothing.

    Args:
        transaction: Writes, best the one that wrote the charges.
        holder_id: The turn, or the raw passthrough.
        charges: What it was charged.
        spender: Who spent.
        plugins: Ids of the plugins whose tools were presented.
        at: The moment, aware.
    """
    held = await _held(transaction, _periods_of_holder, _of_holder, holder_id=holder_id)
    budgets = await matching_budgets(transaction, spender, plugins, also={one.budget_id for one in held})
    fresh = await _claimed(transaction, charges) if budgets else ()
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
        await ensure_periods(transaction, unheld)
    await _give_back(transaction, held, changes)


async def release(
    transaction: Transaction, *, holder_ids: Collection[UUID] = (), worker_ids: Collection[UUID] = ()
) -> None:
    """Give back what was set aside for something that is never charged.

    Args:
        transaction: Writes.
        holder_ids: Turns and raw passthroughs.
        worker_ids: Processes that are gone, with all that they had under way.
    """
    if not holder_ids and not worker_ids:
        return
    whose = or_(
        false(),
        *(col(Reservation.holder_id) == holder_id for holder_id in holder_ids),
        *(col(Reservation.worker_id) == worker_id for worker_id in worker_ids),
    )
    held = await _held(transaction, _locked_periods(whose), _reservations(whose))
    await _give_back(transaction, held, _Changes())


class _Held(msgspec.Struct, frozen=True):
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

    def of_periods(self) -> Iterable[Mapping[str, object]]:
        """In one order everywhere, so that transactions never wait for each other crosswise."""
        for key in sorted({*self.used, *self.reserved}):
            budget_id, starts_at = key
            yield {
                "of_budget": budget_id,
                "from_moment": starts_at,
                "used": self.used[key],
                "reserved": self.reserved[key],
            }


async def _held(transaction: Transaction, periods: Query, reservations: Query, **values: object) -> Sequence[_Held]:
    """Reservations, locked: whoever else gives them back waits, and then finds them gone.

    Their periods are locked first, in one order everywhere: who deletes a budget deletes its periods, and then what is
    set aside in them.
    """
    await transaction.rows(periods, **values)
    return [_Held(*row) for row in await transaction.rows(reservations, **values)]


async def _claimed(transaction: Transaction, charges: Collection[NewCharge]) -> Sequence[NewCharge]:
    """Those of the charges that nobody has counted yet; they are counted now."""
    return [
        charge
        for charge in sorted(charges, key=lambda one: one.id)
        if await transaction.run(_counting, charge_id=charge.id)
    ]


def _spent(budget: BudgetLimit, charges: Iterable[NewCharge], plugins: Collection[str]) -> int:
    """Units that a budget counts."""
    counted = [charge for charge in charges if _counts(budget, charge, plugins)]
    match budget.metric:
        case "tokens":
            return sum(charge.total_tokens for charge in counted)
        case "cost":
            return sum(units_of("cost", charge.cost) for charge in counted if charge.cost is not None)
        case _:
            return sum(charge.calls for charge in counted if charge.kind == "tool")


def _counts(budget: BudgetLimit, charge: NewCharge, plugins: Collection[str]) -> bool:
    if budget.scope != "plugin":
        return True
    return charge.plugin == budget.plugin if charge.kind == "tool" else budget.plugin in plugins


async def _give_back(transaction: Transaction, held: Sequence[_Held], changes: _Changes) -> None:
    for one in held:
        changes.give_back(one)
    for values in changes.of_periods():
        await transaction.run(_changing, **values)
    for one in held:
        await transaction.run(_giving_back, reservation_id=one.id)


def _locked_periods(whose: ColumnElement[bool]) -> Executable:
    return (
        select(BudgetPeriod.id)
        .where(col(BudgetPeriod.id).in_(select(Reservation.budget_period_id).where(whose)))
        .order_by(col(BudgetPeriod.budget_id), col(BudgetPeriod.starts_at))
        .with_for_update()
    )


def _reservations(whose: ColumnElement[bool]) -> Executable:
    return (
        select(Reservation.id, Reservation.units, BudgetPeriod.budget_id, BudgetPeriod.starts_at)
        .join(BudgetPeriod, col(BudgetPeriod.id) == col(Reservation.budget_period_id))
        .where(whose)
        .order_by(col(Reservation.id))
        .with_for_update(of=Reservation)
    )


def _periods_of_holder() -> Executable:
    return _locked_periods(col(Reservation.holder_id) == bindparam("holder_id"))


def _of_holder() -> Executable:
    return _reservations(col(Reservation.holder_id) == bindparam("holder_id"))


def _counting() -> Executable:
    fresh = (col(Charge.id) == bindparam("charge_id")) & ~col(Charge.is_settled)
    return update(Charge).where(fresh).values(is_settled=True)


def _changing() -> Executable:
    used, reserved = bindparam("used", type_=BigInteger), bindparam("reserved", type_=BigInteger)
    total = col(BudgetPeriod.used_units)
    this = (col(BudgetPeriod.budget_id) == bindparam("of_budget")) & (
        col(BudgetPeriod.starts_at) == bindparam("from_moment")
    )
    return (
        update(BudgetPeriod)
        .where(this)
        .values(
            # the sum, or the most that the column holds: whoever has used that much has no room left either way
            used_units=case((total > _MOST - used, _MOST), else_=total + used),
            reserved_units=col(BudgetPeriod.reserved_units) + reserved,
        )
    )


def _giving_back() -> Executable:
    return delete(Reservation).where(col(Reservation.id) == bindparam("reservation_id"))
