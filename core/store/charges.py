"""The ledger's rows: one charge for every upstream call, one for every invocation of a tool."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, Final, Literal, NamedTuple
from uuid import UUID

import msgspec

from ..ids import new_id
from .prices import PriceList, cost_of
from .tables import Charge, Price
from .types import MOST_MONEY, utc_now

if TYPE_CHECKING:
    from .short import Transaction

__all__ = ["MOST_TOKENS", "CompletionSpend", "NewCharge", "Spender", "ToolSpend", "price_charges", "record_charges"]

MOST_TOKENS: Final = 2**31 - 1
"""What the columns hold; a provider that reports more for one call is mistaken."""
_ROUND: Final = attrgetter("round")


class Spender(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Who spends.

    Attributes:
        account_id: The account that pays; None when the operator does.
        profile_id: Who asked: one user in one account.
        api_key_id: The stored key that they asked with.
        llm_client_id: The LLM client that was prompted.
    """

    account_id: UUID | None = None
    profile_id: UUID | None = None
    api_key_id: UUID | None = None
    llm_client_id: UUID | None = None


class CompletionSpend(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one upstream call took.

    Attributes:
        round: Number of the round in its turn; 0 for a raw passthrough.
        provider: Name of the provider.
        model: The model that was asked; None when a raw passthrough names none.
        prompt_tokens: Tokens that were sent.
        completion_tokens: Tokens of the answer.
        total_tokens: Both, as the provider adds them up.
        is_estimated: Whether the provider did not say.
    """

    round: int
    provider: str
    model: str | None
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    is_estimated: bool


class ToolSpend(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One invocation of a tool.

    Attributes:
        round: Number of the round that asked for it.
        plugin: Id of the tool's plugin.
        tool: Stable id of the tool.
    """

    round: int
    plugin: str
    tool: str


class NewCharge(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A row of the ledger that is to be written, or was just written; see :class:`~promptdock.store.tables.Charge`."""

    kind: str
    request_id: str
    turn_id: UUID | None
    account_id: UUID | None
    profile_id: UUID | None
    api_key_id: UUID | None
    llm_client_id: UUID | None
    created_at: datetime
    id: UUID = msgspec.field(default_factory=new_id)
    round: int = 0
    provider: str | None = None
    model: str | None = None
    plugin: str | None = None
    tool: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    is_estimated: bool = False
    calls: int = 1
    cost: Decimal | None = None
    price_id: UUID | None = None


async def price_charges(
    prices: PriceList,
    *,
    spender: Spender,
    request_id: str,
    turn_id: UUID | None,
    completions: Iterable[CompletionSpend],
    tools: Iterable[ToolSpend] = (),
    kind: Literal["completion", "relay"] = "completion",
    at: datetime | None = None,
) -> tuple[NewCharge, ...]:
    """Make one row for each upstream call and each invocation, at the price of the moment.

    Args:
        prices: The prices.
        spender: Who spends.
        request_id: Of the API request.
        turn_id: The turn; None for a raw passthrough.
        completions: The upstream calls.
        tools: The invocations.
        kind: ``relay`` for a raw passthrough; its calls have the prices of completions.
        at: The moment, aware; None for now.

    Returns:
        The rows, round by round, the upstream call before the tools that it asked for.
    """
    moment = at or utc_now()
    about = _About(spender, request_id, turn_id, moment)
    spent: list[CompletionSpend | ToolSpend] = [*completions, *tools]
    spent.sort(key=_ROUND)
    charges: list[NewCharge] = []
    for spend in spent:
        if isinstance(spend, CompletionSpend):
            price = await prices.of_model(spend.provider, spend.model, at=moment)
            charges.append(_completion(spend, kind, price, about))
        else:
            charges.append(_invocation(spend, await prices.of_tool(spend.plugin, spend.tool, at=moment), about))
    return tuple(charges)


async def record_charges(transaction: Transaction, charges: Sequence[NewCharge]) -> None:
    """Write the rows.

    Args:
        transaction: Writes.
        charges: As :func:`price_charges` made them.
    """
    await transaction.insert(Charge, [msgspec.structs.asdict(charge) for charge in charges])


class _About(NamedTuple):
    """What the charges of one request have in common."""

    spender: Spender
    request_id: str
    turn_id: UUID | None
    at: datetime


def _completion(spend: CompletionSpend, kind: str, price: Price | None, about: _About) -> NewCharge:
    spender, request_id, turn_id, at = about
    counts = (spend.prompt_tokens, spend.completion_tokens, spend.total_tokens)
    prompt, completion, total = counts if _fits(counts) else [min(max(count, 0), MOST_TOKENS) for count in counts]
    return NewCharge(
        kind=kind,
        request_id=request_id,
        turn_id=turn_id,
        account_id=spender.account_id,
        profile_id=spender.profile_id,
        api_key_id=spender.api_key_id,
        llm_client_id=spender.llm_client_id,
        created_at=at,
        round=spend.round,
        provider=spend.provider,
        model=spend.model,
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=total,
        # a number that cannot be true was brought into bounds, and is no report any more
        is_estimated=spend.is_estimated or counts != (prompt, completion, total),
        cost=None if price is None else _cost(price, prompt_tokens=prompt, completion_tokens=completion),
        price_id=None if price is None else price.id,
    )


def _fits(counts: Sequence[int]) -> bool:
    return min(counts) >= 0 and max(counts) <= MOST_TOKENS


def _invocation(spend: ToolSpend, price: Price | None, about: _About) -> NewCharge:
    spender, request_id, turn_id, at = about
    return NewCharge(
        kind="tool",
        request_id=request_id,
        turn_id=turn_id,
        account_id=spender.account_id,
        profile_id=spender.profile_id,
        api_key_id=spender.api_key_id,
        llm_client_id=spender.llm_client_id,
        created_at=at,
        round=spend.round,
        plugin=spend.plugin,
        tool=spend.tool,
        cost=None if price is None else _cost(price),
        price_id=None if price is None else price.id,
    )


def _cost(price: Price, **tokens: int) -> Decimal:
    """What one call costs, as far as a row can hold it: a call that is lost for its number would cost nothing."""
    return min(cost_of(price, calls=1, **tokens), MOST_MONEY)
