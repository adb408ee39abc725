"""Setting aside what a turn may cost before it runs, and charging what it did cost afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from ..store.budgets import Estimate, Grant, reserve, settle
from ..store.charges import record_charges
from ..store.prices import find_price, tool_prices
from ..store.types import utc_now
from ..turn.allowance import Allowance

if TYPE_CHECKING:
    from ..store.charges import Spender
    from ..store.tables import Charge, Price
    from ..turn.estimate import TurnEstimate
    from .planning import PlannedTurn
    from .record import TurnRecord

__all__ = ["SetAside", "charge_turn", "set_aside"]

_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """What was set aside for a turn.

    Attributes:
        grant: The budgets' share.
        price: Of the model, at this moment.
        tool_prices: Of one call, by the ids of the tools that have a price.
        answer_tokens: The most tokens of an answer that nobody limits.
    """

    grant: Grant
    price: Price | None
    tool_prices: Mapping[str, Decimal]
    answer_tokens: int

    def meter(self) -> Allowance | None:
        """What keeps the turn within its share; None when no budget concerns it."""
        grant = self.grant
        if grant.tokens is None and grant.cost is None and not grant.tool_calls:
            return None
        return Allowance(
            tokens=grant.tokens,
            cost=grant.cost,
            prompt_price=Decimal(0) if self.price is None else self.price.prompt_price / _MILLION,
            completion_price=Decimal(0) if self.price is None else self.price.completion_price / _MILLION,
            call_price=Decimal(0) if self.price is None else self.price.call_price,
            tool_prices=self.tool_prices,
            answer_tokens=self.answer_tokens,
            tool_calls=grant.tool_calls,
        )


async def set_aside(
    session: AsyncSession,
    planned: PlannedTurn,
    *,
    answer_tokens: int,
    tool_calls: int,
    spender: Spender,
    turn_id: UUID,
    worker_id: UUID,
) -> SetAside:
    """Set aside what a turn may use, in the transaction that opens it.

    Args:
        session: Of that transaction.
        planned: The turn.
        answer_tokens: The most tokens of an answer that nobody limits.
        tool_calls: How many are set aside for a turn with tools, which makes no more of them while a budget counts.
        spender: Who will spend.
        turn_id: The turn's row.
        worker_id: The process that runs it.

    Raises:
        BudgetExceeded: A budget has no room for even the first call.
    """
    now, plan, most = utc_now(), planned.plan, planned.estimate
    price = await find_price(
        session, kind="completion", at=now, provider=plan.settings.provider, model=plan.settings.model
    )
    presented = {tool.id: tool.plugin.name for tool in plan.tool_set.tools}
    tools = await tool_prices(session, presented, at=now)
    grant = await reserve(
        session,
        spender=spender,
        plugins=most.plugins,
        estimate=_estimate(most, price, tools, tool_calls if most.plugins else 0),
        holder_id=turn_id,
        worker_id=worker_id,
        at=now,
    )
    return SetAside(grant=grant, price=price, tool_prices=tools, answer_tokens=answer_tokens)


def _estimate(most: TurnEstimate, price: Price | None, tools: Mapping[str, Decimal], tool_calls: int) -> Estimate:
    return Estimate(
        prompt_tokens=most.prompt_tokens,
        completion_tokens=most.completion_tokens,
        one_prompt_tokens=most.prompt_tokens // most.rounds,
        prompt_price=None if price is None else price.prompt_price,
        completion_price=None if price is None else price.completion_price,
        tool_calls=tool_calls,
        calls=most.rounds,
        call_price=None if price is None else price.call_price,
        tool_price=max(tools.values(), default=None),
    )


async def charge_turn(
    session: AsyncSession, record: TurnRecord, *, spender: Spender, request_id: str, turn_id: UUID, at: datetime
) -> tuple[Charge, ...]:
    """Charge a turn that has ended, in the transaction that closes it.

    Returns:
        The new rows of the ledger.
    """
    charges = await record_charges(
        session,
        spender=spender,
        request_id=request_id,
        turn_id=turn_id,
        completions=list(record.completions()),
        tools=list(record.invocations()),
        at=at,
    )
    plugins = record.plugins_presented()
    await settle(session, holder_id=turn_id, charges=charges, spender=spender, plugins=plugins, at=at)
    return charges
