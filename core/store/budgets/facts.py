"""What a budget says, for people: amounts in place of units, and the error that declines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from ...errors import BudgetExceeded
from ..types import MONEY_STEP, as_money

__all__ = ["BudgetDeclined", "BudgetFact", "BudgetLimit", "amount_of", "units_of"]

_SOON: Final = 1.0
"""Seconds after which to ask again when only prompts under way are in the way."""


def amount_of(metric: str, units: int) -> Decimal:
    """A budget's units as an amount: tokens and calls are counts, costs are in the unit of the prices."""
    return units * MONEY_STEP if metric == "cost" else Decimal(units)


def units_of(metric: str, amount: Decimal) -> int:
    """An amount as a budget's units, e.g. for ``limit_units``."""
    return int(as_money(amount) / MONEY_STEP) if metric == "cost" else int(amount)


@dataclass(frozen=True, slots=True)
class BudgetLimit:
    """A budget as far as it bounds somebody; see :class:`~promptdock.store.tables.Budget`."""

    id: UUID
    account_id: UUID
    name: str
    scope: str
    llm_client_id: UUID | None
    api_key_id: UUID | None
    plugin: str | None
    metric: str
    period: str
    limit_units: int


class BudgetFact(msgspec.Struct, frozen=True, kw_only=True):
    """How a budget stands to what was asked.

    Attributes:
        budget_id: Its id.
        name: Its name.
        scope: What it bounds: ``account``, ``llm_client``, ``api_key`` or ``plugin``.
        metric: ``tokens``, ``cost`` or ``tool_calls``.
        period: One of :data:`~promptdock.store.budgets.PERIODS`.
        limit: The most in a period.
        left: What is left: when it was authorized, without what was set aside for it; when declined, too little.
    """

    budget_id: UUID
    name: str
    scope: str
    metric: str
    period: str
    limit: Decimal
    left: Decimal

    @classmethod
    def of(cls, budget: BudgetLimit, left: int) -> BudgetFact:
        """Tell of a budget.

        Args:
            budget: The budget.
            left: Units.
        """
        return cls(
            budget_id=budget.id,
            name=budget.name,
            scope=budget.scope,
            metric=budget.metric,
            period=budget.period,
            limit=amount_of(budget.metric, budget.limit_units),
            left=amount_of(budget.metric, max(left, 0)),
        )


class BudgetDeclined(BudgetExceeded):
    """A budget has too little left.

    Args:
        fact: The budget, and what is left of it.
        needed: What is needed at least.
        reserved: What is set aside for prompts under way.
        is_passing: Whether there would be room without that.
        at: The moment.
        ends_at: When the budget's period ends; None when it never does.

    Attributes:
        fact: As given.
    """

    def __init__(
        self,
        fact: BudgetFact,
        *,
        needed: Decimal,
        reserved: Decimal,
        is_passing: bool,
        at: datetime,
        ends_at: datetime | None,
    ) -> None:
        self.fact = fact
        noun = {"tokens": " tokens", "tool_calls": " tool calls"}.get(fact.metric, "")
        how = "in total" if fact.period == "total" else f"per {fact.period}"
        whose = fact.scope.replace("_", " ").replace("llm", "LLM").replace("api", "API")
        aside = f" ({_plain(reserved)} set aside for prompts under way)" if reserved else ""
        hint, wait = "Raise its limit to go on.", None
        if is_passing:
            wait = _SOON
            hint = "Try again when those prompts have ended, or raise its limit."
        elif ends_at is not None:
            wait = max((ends_at - at).total_seconds(), 0.0)
            hint = f"Its next period begins at {ends_at:%Y-%m-%d %H:%M} UTC; or raise its limit."
        super().__init__(
            f"The {whose} budget {fact.name!r} of {_plain(fact.limit)}{noun or ' of cost'} {how} has no room for this:"
            f" {_plain(fact.left)}{noun} left{aside}, and at least {_plain(needed)} needed.",
            hint=hint,
            retry_after=wait,
        )


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
