"""Sums over the ledger, made by the database: they equal the sum of its rows exactly."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ScalarResult,
    SQLColumnExpression,
    case,
    func,
    literal_column,
    type_coerce,
)
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from .tables import Charge
from .types import MONEY_STEP

__all__ = ["Totals", "totals", "totals_by_client", "totals_by_day", "totals_by_model"]

_PART: Final = 1_000_000_000


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over charges.

    Attributes:
        calls: Upstream calls.
        prompt_tokens: Tokens that were sent.
        completion_tokens: Tokens of answers.
        total_tokens: Both, as providers add them up.
        cost: Of whatever had a price, tools included.
        estimated_calls: Upstream calls whose tokens are an estimate.
        unpriced_calls: Upstream calls that had no price; ``cost`` lacks them.
        tool_calls: Invocations of tools.
    """

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    cost: Decimal = Decimal(0)
    estimated_calls: int = 0
    unpriced_calls: int = 0
    tool_calls: int = 0


async def totals(session: AsyncSession, *where: ColumnElement[bool]) -> Totals:
    """Add up charges.

    Args:
        session: Of a transaction.
        *where: Only charges that fit all of these, e.g. those that a caller gets to see.
    """
    (row,) = await _summed(session, (), where)
    return _totals(row)


async def totals_by_day(session: AsyncSession, *where: ColumnElement[bool]) -> dict[date, Totals]:
    """The same for each day (UTC) that has charges, in their order."""
    rows = await _summed(session, (_day(session),), where)
    return {date.fromisoformat(str(day)): _totals(sums) for day, *sums in rows}


async def totals_by_model(session: AsyncSession, *where: ColumnElement[bool]) -> dict[tuple[str, str | None], Totals]:
    """The same for each provider and model, tools left out."""
    calls = (*where, col(Charge.provider).is_not(None))
    rows = await _summed(session, (col(Charge.provider), col(Charge.model)), calls)
    return {(provider, model): _totals(sums) for provider, model, *sums in rows}


async def totals_by_client(session: AsyncSession, *where: ColumnElement[bool]) -> dict[UUID | None, Totals]:
    """The same for each LLM client; None for what was asked without one."""
    rows = await _summed(session, (col(Charge.llm_client_id),), where)
    return {client: _totals(sums) for client, *sums in rows}


def _day(session: AsyncSession) -> ColumnElement[Any]:
    if session.get_bind().dialect.name == "sqlite":
        return func.date(Charge.created_at)
    # a literal: PostgreSQL does not see that two parameters, one in SELECT and one in GROUP BY, have the same value
    return func.date(func.timezone(literal_column("'UTC'"), Charge.created_at))


def _steps() -> ColumnElement[int]:
    return type_coerce(col(Charge.cost), BigInteger())


async def _summed(
    session: AsyncSession, keys: Sequence[SQLColumnExpression[Any]], where: Sequence[ColumnElement[bool]]
) -> Sequence[Sequence[Any]]:
    is_call = col(Charge.kind) != "tool"
    sums = (
        func.sum(case((is_call, Charge.calls), else_=0)),
        func.sum(Charge.prompt_tokens),
        func.sum(Charge.completion_tokens),
        func.sum(Charge.total_tokens),
        # in two parts: SQLite refuses sums beyond 64 bits, and one row may come near them
        func.sum(_steps() // _PART),
        func.sum(_steps() % _PART),
        func.sum(case((is_call & col(Charge.is_estimated), Charge.calls), else_=0)),
        func.sum(case((is_call & col(Charge.cost).is_(None), Charge.calls), else_=0)),
        func.sum(case((~is_call, Charge.calls), else_=0)),
    )
    choose: Any = select  # its overloads end at four columns
    found: ScalarResult[Any] = await session.exec(choose(*keys, *sums).where(*where).group_by(*keys).order_by(*keys))
    return found.all()


def _totals(sums: Sequence[Any]) -> Totals:
    calls, prompt, completion, total, cost, rest, estimated, unpriced, tools = sums
    return Totals(
        calls=int(calls or 0),
        prompt_tokens=int(prompt or 0),
        completion_tokens=int(completion or 0),
        total_tokens=int(total or 0),
        cost=(int(cost or 0) * _PART + int(rest or 0)) * MONEY_STEP,
        estimated_calls=int(estimated or 0),
        unpriced_calls=int(unpriced or 0),
        tool_calls=int(tools or 0),
    )
