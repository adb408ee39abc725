"""Budgets: room is set aside before anything is spent, and given back for what was really charged."""

from .estimate import Estimate
from .facts import BudgetDeclined, BudgetFact, amount_of, units_of
from .matching import is_bounded
from .periods import PERIODS, PeriodBounds, period_bounds
from .reserving import Grant, reserve
from .settling import release, settle
from .status import BudgetStatus, budget_status, budget_statuses

__all__ = [
    "PERIODS",
    "BudgetDeclined",
    "BudgetFact",
    "BudgetStatus",
    "Estimate",
    "Grant",
    "PeriodBounds",
    "amount_of",
    "budget_status",
    "budget_statuses",
    "is_bounded",
    "period_bounds",
    "release",
    "reserve",
    "settle",
    "units_of",
]
