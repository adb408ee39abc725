"""What a raw passthrough may cost, set aside before it, and what it did cost, charged after it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ..store.budgets import Estimate, Grant, release, reserve, settle
from ..store.charges import CompletionSpend, NewCharge, Spender, record_charges
from ..store.types import utc_now

if TYPE_CHECKING:
    from ..store.short import Transaction
    from ..store.tables import Price
    from .relay_ask import RelayAsk
    from .relay_reading import ReplyReading

__all__ = ["charge_relay", "set_aside_relay", "spent"]


async def set_aside_relay(
    transaction: Transaction,
    ask: RelayAsk,
    *,
    price: Price | None,
    answer_tokens: int,
    spender: Spender,
    holder_id: UUID,
    worker_id: UUID,
) -> Grant:
    """Set aside all that a request may use: as it goes unchanged, nobody can keep it within less.

    Args:
        transaction: Writes.
        ask: What is asked for.
        price: Of the model; None when it has none.
        answer_tokens: Tokens of an answer where the request says no limit.
        spender: Who spends.
        holder_id: The passthrough.
        worker_id: The process that runs it.

    Raises:
        BudgetExceeded: A budget has no room for it.
    """
    most = ask.most_completion_tokens
    estimate = Estimate(
        prompt_tokens=ask.prompt_tokens,
        completion_tokens=answer_tokens if most is None else most,
        one_prompt_tokens=ask.prompt_tokens,
        prompt_price=None if price is None else price.prompt_price,
        completion_price=None if price is None else price.completion_price,
        call_price=None if price is None else price.call_price,
        is_whole=True,
    )
    return await reserve(
        transaction,
        spender=spender,
        plugins=(),
        estimate=estimate,
        holder_id=holder_id,
        worker_id=worker_id,
        at=utc_now(),
    )


def spent(provider: str, ask: RelayAsk, reading: ReplyReading, *, is_whole: bool) -> CompletionSpend | None:
    """What a request took.

    Args:
        provider: Name of the provider.
        ask: What was asked for.
        reading: What the reply says.
        is_whole: Whether the reply came to its end; of one that broke off, the provider's numbers are no last word.

    Returns:
        The provider's numbers, else an estimate; None when it took no tokens.
    """
    usage = reading.usage
    if usage is not None and is_whole:
        prompt, answer, total = usage.prompt_tokens, usage.completion_tokens, usage.total_tokens
    else:
        most = ask.most_completion_tokens
        answer = reading.completion_tokens if most is None else min(reading.completion_tokens, most)
        answer = max(answer, usage.completion_tokens if usage is not None else 0)
        prompt = (usage.prompt_tokens if usage is not None else 0) or ask.prompt_tokens
        total = prompt + answer
    if not total:
        return None
    return CompletionSpend(
        round=0,
        provider=provider,
        model=ask.model,
        prompt_tokens=prompt,
        completion_tokens=answer,
        total_tokens=total,
        is_estimated=usage is None or not is_whole,
    )


async def charge_relay(
    transaction: Transaction, charges: tuple[NewCharge, ...], *, spender: Spender, holder_id: UUID, at: datetime
) -> None:
    """Charge a request, and give back what was set aside for it.

    Args:
        transaction: Writes.
        charges: What it is charged; none for nothing.
        spender: Who spent.
        holder_id: The passthrough.
        at: The moment, aware.
    """
    if not charges:
        await release(transaction, holder_ids=[holder_id])
        return
    await record_charges(transaction, charges)
    await settle(transaction, holder_id=holder_id, charges=charges, spender=spender, plugins=(), at=at)
