"""Setting aside what a turn may use, before it starts: all budgets have room, or the turn is declined."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, update
from sqlmodel import col

from ..charges import Spender
from ..tables import BudgetPeriod, Reservation
from .estimate import Estimate
from .facts import BudgetDeclined, BudgetFact, BudgetLimit, amount_of, units_of
from .matching import PeriodRow, lock_periods, matching_budgets
from .periods import period_bounds

if TYPE_CHECKING:
    from sqlalchemy.sql.base import Executable

    from ..short import Transaction

__all__ = ["Grant", "reserve"]


def _no_calls() -> Mapping[str | None, int]:
    return MappingProxyType({})


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What may be used at most: the tightest of all budgets. None, and a key that is not there, bound nothing.

    Attributes:
        tokens: Tokens of prompts and answers together.
        cost: In the unit of the prices; never of something that costs nothing.
        tool_calls: Invocations, by the id of the plugin; under None, those of all plugins together.
        authorized: The budgets that were asked, in the order of their ids.
    """

    tokens: int | None = None
    cost: Decimal | None = None
    tool_calls: Mapping[str | None, int] = msgspec.field(default_factory=_no_calls)
    authorized: tuple[BudgetFact, ...] = ()


async def reserve(
    transaction: Transaction,
    *,
    spender: Spender,
    plugins: Collection[str],
    estimate: Estimate,
    holder_id: UUID,
    worker_id: UUID,
    at: datetime,
) -> Grant:
    """Set aside, in every budget that bounds the spender, what a turn or a raw passthrough may use.

    Where less is left than it may use, what is left is set aside, as long as the first upstream call can be made with
    it: who gets the grant keeps within it. The rows of the budgets' periods are held until the transaction ends, so it
    should be a short one.

    Args:
        transaction: Writes; it has to be undone when this raises.
        spender: Who will spend.
        plugins: Ids of the plugins whose tools are presented.
        estimate: What it may come to.
        holder_id: The turn, or the raw passthrough; an id of its own.
        worker_id: The process that runs it.
        at: The moment, aware.

    Returns:
        What may be used.

    Raises:
        BudgetDeclined: A budget has too little left.
    """
    budgets = await matching_budgets(transaction, spender, plugins)
    if not budgets:
        return Grant()
    periods = await lock_periods(
        transaction, {budget.id: period_bounds(budget.period, at).starts_at for budget in budgets}
    )
    # one without its period was deleted meanwhile
    shares = [_share(budget, periods[budget.id], estimate, at) for budget in budgets if budget.id in periods]
    grant = _grant(shares, estimate)
    for share in shares:
        share.units = _granted(grant, share)
        await transaction.run(_setting_aside, period_id=share.period.id, units=share.units)
    await transaction.insert(
        Reservation,
        [
            {
                "budget_period_id": share.period.id,
                "holder_id": holder_id,
                "worker_id": worker_id,
                "units": share.units,
            }
            for share in shares
        ],
    )
    return msgspec.structs.replace(grant, authorized=tuple(share.fact for share in shares))


class _Share(msgspec.Struct):
    """What one budget sets aside: first what it could, then what is granted."""

    budget: BudgetLimit
    period: PeriodRow
    units: int

    @property
    def fact(self) -> BudgetFact:
        left = self.budget.limit_units - self.period.used - self.period.reserved - self.units
        return BudgetFact.of(self.budget, left)


def _share(budget: BudgetLimit, period: PeriodRow, estimate: Estimate, at: datetime) -> _Share:
    left = budget.limit_units - period.used - period.reserved
    least = estimate.least(budget.metric)
    if max(left, 0) < least:
        raise BudgetDeclined(
            BudgetFact.of(budget, left),
            needed=amount_of(budget.metric, least),
            reserved=amount_of(budget.metric, period.reserved),
            is_passing=budget.limit_units - period.used >= least,
            at=at,
            ends_at=period_bounds(budget.period, at).ends_at,
        )
    return _Share(budget, period, max(min(estimate.most(budget.metric), left), 0))


def _grant(shares: Sequence[_Share], estimate: Estimate) -> Grant:
    """The tightest of all."""
    tokens = [share.units for share in shares if share.budget.metric == "tokens"]
    costs = [share.units for share in shares if share.budget.metric == "cost" and estimate.most("cost")]
    calls: dict[str | None, int] = {}
    for share in shares:
        if share.budget.metric == "tool_calls":
            key = _key(share.budget)
            calls[key] = min(share.units, calls.get(key, share.units))
    return Grant(
        tokens=min(tokens, default=None),
        cost=amount_of("cost", min(costs)) if costs else None,
        tool_calls=MappingProxyType({key: min(units, calls.get(None, units)) for key, units in calls.items()}),
    )


def _granted(grant: Grant, share: _Share) -> int:
    """What is granted of one budget: no more of it is set aside, however much it has."""
    match share.budget.metric:
        case "tokens":
            return share.units if grant.tokens is None else grant.tokens
        case "cost":
            return share.units if grant.cost is None else units_of("cost", grant.cost)
        case _:
            return grant.tool_calls[_key(share.budget)]


def _key(budget: BudgetLimit) -> str | None:
    """Whose tool calls a budget bounds: a plugin's, or with None all."""
    return budget.plugin if budget.scope == "plugin" else None


def _setting_aside() -> Executable:
    more = col(BudgetPeriod.reserved_units) + bindparam("units", type_=BudgetPeriod.__table__.c.reserved_units.type)  # type: ignore[attr-defined]
    return update(BudgetPeriod).where(col(BudgetPeriod.id) == bindparam("period_id")).values(reserved_units=more)
