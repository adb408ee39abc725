"""Setting aside what a turn may cost before it runs, and charging what it did cost afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec

from ..store.budgets import Estimate, Grant, is_bounded, reserve, settle
from ..store.charges import price_charges, record_charges
from ..store.prices import PriceList
from ..store.types import utc_now
from ..turn.allowance import Allowance
from .planning import estimate_planned

if TYPE_CHECKING:
    from ..settings import Settings
    from ..store.charges import NewCharge, Spender
    from ..store.configuration import Configuration
    from ..store.short import Transaction
    from ..store.tables import Price
    from ..turn.estimate import TurnEstimate
    from ..turn.tokens import TokenCounter
    from .planning import PlannedTurn
    from .record import TurnRecord

__all__ = ["Costing", "SetAside", "TurnCharges", "charges_of", "cost_turn"]

_MILLION: Final = 1_000_000


class SetAside(msgspec.Struct, frozen=True, kw_only=True):
    """What was set aside for a turn.

    Attributes:
        grant: The budgets' share.
        answer_tokens: The most tokens of an answer that nobody limits.
        price: Of the model, at this moment; None where there is none, or no budget asks for it.
        tool_prices: Likewise of one call, by the ids of the tools that have a price.
    """

    grant: Grant
    answer_tokens: int
    price: Price | None = None
    tool_prices: Mapping[str, Decimal] = msgspec.field(default_factory=dict)

    def meter(self, counter: TokenCounter) -> Allowance | None:
        """What keeps the turn within its share; None when no budget concerns it.

        Args:
            counter: Counts its tokens.
        """
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
            counter=counter,
        )


class Costing(msgspec.Struct, frozen=True, kw_only=True):
    """What a turn that is to be opened may cost, at the prices of the moment.

    Attributes:
        set_aside: What is set aside while nothing bounds it: nothing.
        at: The moment.
        estimate: What it may come to, for the budgets; None where none has to be asked.
        plugins: Ids of the plugins whose tools are presented; where no budget has to be asked, none.
    """

    set_aside: SetAside
    at: datetime
    estimate: Estimate | None = None
    plugins: frozenset[str] = frozenset()

    async def reserve(self, transaction: Transaction, *, spender: Spender, turn_id: UUID, worker_id: UUID) -> SetAside:
        """Set aside what the turn may use, in the transaction that opens it.

        Args:
            transaction: That transaction.
            spender: Who will spend.
            turn_id: The turn's row.
            worker_id: The process that runs it.

        Raises:
            BudgetExceeded: A budget has no room for even the first call.
        """
        if self.estimate is None:
            return self.set_aside
        grant = await reserve(
            transaction,
            spender=spender,
            plugins=self.plugins,
            estimate=self.estimate,
            holder_id=turn_id,
            worker_id=worker_id,
            at=self.at,
        )
        return msgspec.structs.replace(self.set_aside, grant=grant)


async def cost_turn(
    configuration: Configuration,
    planned: PlannedTurn,
    *,
    settings: Settings,
    spender: Spender,
    since: float | None = None,
) -> Costing:
    """Find out what a turn may cost.

    Args:
        configuration: Knows prices and budgets.
        planned: The turn.
        settings: What budgets go by.
        spender: Who will spend.
        since: A moment at which prices and budgets may have been looked up; see ``Configuration.current``.
    """
    now, plan, answer_tokens = utc_now(), planned.plan, settings.budget_answer_tokens
    answers = await configuration.current(since=since)
    prices = PriceList(answers)
    # also where no budget counts: what is read now is remembered at the turn's end, when the money is spent
    price = await prices.of_model(plan.settings.provider, plan.settings.model, at=now)
    tools = await prices.of_tools({tool.id: tool.plugin.name for tool in plan.tool_set.tools}, at=now)
    set_aside = SetAside(grant=Grant(), answer_tokens=answer_tokens, price=price, tool_prices=tools)
    if not await is_bounded(answers, spender):
        return Costing(set_aside=set_aside, at=now)
    most = planned.estimate or estimate_planned(plan, settings)
    # a turn with tools makes no more calls of them than these while a budget counts
    calls = settings.budget_tool_calls if most.plugins else 0
    return Costing(
        set_aside=set_aside,
        at=now,
        estimate=_estimate(most, price, tools, calls),
        plugins=frozenset(most.plugins),
    )


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


class TurnCharges(msgspec.Struct, frozen=True, kw_only=True):
    """What a turn that has ended is charged.

    Attributes:
        charges: The rows of the ledger.
        plugins: Ids of the plugins whose tools were presented.
        is_bounded: Whether budgets count them.
        at: The moment.
    """

    charges: tuple[NewCharge, ...]
    plugins: frozenset[str]
    is_bounded: bool
    at: datetime

    async def write(self, transaction: Transaction, *, spender: Spender, turn_id: UUID) -> None:
        """Write the rows, in the transaction that closes the turn, and settle what was set aside.

        Args:
            transaction: That transaction.
            spender: Who spent.
            turn_id: The turn's row.
        """
        await record_charges(transaction, self.charges)
        if self.is_bounded:
            await settle(
                transaction,
                holder_id=turn_id,
                charges=self.charges,
                spender=spender,
                plugins=self.plugins,
                at=self.at,
            )


async def charges_of(
    configuration: Configuration,
    record: TurnRecord,
    *,
    spender: Spender,
    request_id: str,
    turn_id: UUID,
    set_aside: SetAside,
    since: float | None = None,
) -> TurnCharges:
    """Find out what a turn that has ended is charged.

    Args:
        configuration: Knows prices and budgets.
        record: What happened.
        spender: Who spent.
        request_id: Of the API request.
        turn_id: The turn's row.
        set_aside: What was set aside for it.
        since: A moment at which prices and budgets may have been looked up; see ``Configuration.current``.
    """
    now = utc_now()
    answers = await configuration.current(since=since)
    charges = await price_charges(
        PriceList(answers),
        spender=spender,
        request_id=request_id,
        turn_id=turn_id,
        completions=record.completions(),
        tools=record.invocations(),
        at=now,
    )
    return TurnCharges(
        charges=charges,
        plugins=record.plugins_presented(),
        is_bounded=bool(set_aside.grant.authorized) or await is_bounded(answers, spender),
        at=now,
    )
