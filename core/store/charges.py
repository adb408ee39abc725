"""The ledger's rows: one charge for every upstream call, one for every invocation of a tool."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final, Literal
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from .prices import cost_of, find_price
from .tables import Charge, Price
from .types import MOST_MONEY, utc_now

__all__ = ["MOST_TOKENS", "CompletionSpend", "Spender", "ToolSpend", "record_charges"]

MOST_TOKENS: Final = 2**31 - 1
"""What the columns hold; a provider that reports more for one call is mistaken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spender:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionSpend:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpend:
    """One invocation of a tool.

    Attributes:
        round: Number of the round that asked for it.
        plugin: Id of the tool's plugin.
        tool: Stable id of the tool.
    """

    round: int
    plugin: str
    tool: str


async def record_charges(
    session: AsyncSession,
    *,
    spender: Spender,
    request_id: str,
    turn_id: UUID | None,
    completions: Iterable[CompletionSpend],
    tools: Iterable[ToolSpend] = (),
    kind: Literal["completion", "relay"] = "completion",
    at: datetime | None = None,
) -> tuple[Charge, ...]:
    """Write one row for each upstream call and each invocation, at the price of the moment.

    Args:
        session: Of a transaction that writes.
        spender: Who spends.
        request_id: Of the API request.
        turn_id: The turn; None for a raw passthrough.
        completions: The upstream calls.
        tools: The invocations.
        kind: ``relay`` for a raw passthrough; its calls have the prices of completions.
        at: The moment, aware; None for now.

    Returns:
        The rows, round by round, the upstream call before the tools that it asked for; they are in the database, and
        stay when the transaction does.
    """
    moment = at or utc_now()
    pricing = _Pricing(session, moment)
    shared = {"request_id": request_id, "turn_id": turn_id, "created_at": moment, **asdict(spender)}
    spent: list[CompletionSpend | ToolSpend] = [*completions, *tools]
    rows = [
        await (
            _completion(spend, kind, pricing, shared)
            if isinstance(spend, CompletionSpend)
            else _invocation(spend, pricing, shared)
        )
        for spend in sorted(spent, key=attrgetter("round"))
    ]
    session.add_all(rows)
    await session.flush()
    return tuple(rows)


class _Pricing:
    """Looks each price up once."""

    def __init__(self, session: AsyncSession, at: datetime) -> None:
        self._session = session
        self._at = at
        self._found: dict[tuple[str | None, ...], Price | None] = {}

    async def of_model(self, provider: str, model: str | None) -> Price | None:
        key = ("completion", provider, model)
        if key not in self._found:
            self._found[key] = await find_price(
                self._session, kind="completion", provider=provider, model=model, at=self._at
            )
        return self._found[key]

    async def of_tool(self, plugin: str, tool: str) -> Price | None:
        key = ("tool", plugin, tool)
        if key not in self._found:
            self._found[key] = await find_price(self._session, kind="tool", plugin=plugin, tool=tool, at=self._at)
        return self._found[key]


async def _completion(spend: CompletionSpend, kind: str, pricing: _Pricing, shared: dict[str, Any]) -> Charge:
    price = await pricing.of_model(spend.provider, spend.model)
    counts = (spend.prompt_tokens, spend.completion_tokens, spend.total_tokens)
    prompt, completion, total = (min(max(count, 0), MOST_TOKENS) for count in counts)
    return Charge(
        **shared,
        kind=kind,
        round=spend.round,
        provider=spend.provider,
        model=spend.model,
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=total,
        # a number that cannot be true was brought into bounds, and is no report any more
        is_estimated=spend.is_estimated or counts != (prompt, completion, total),
        cost=_cost(price, prompt_tokens=prompt, completion_tokens=completion),
        price_id=None if price is None else price.id,
    )


async def _invocation(spend: ToolSpend, pricing: _Pricing, shared: dict[str, Any]) -> Charge:
    price = await pricing.of_tool(spend.plugin, spend.tool)
    return Charge(
        **shared,
        kind="tool",
        round=spend.round,
        plugin=spend.plugin,
        tool=spend.tool,
        cost=_cost(price),
        price_id=None if price is None else price.id,
    )


def _cost(price: Price | None, **tokens: int) -> Decimal | None:
    """What one call costs, as far as a row can hold it: a call that is lost for its number would cost nothing."""
    return None if price is None else min(cost_of(price, calls=1, **tokens), MOST_MONEY)
