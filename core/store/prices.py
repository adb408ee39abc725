"""Prices: which one counts at a moment, and what something comes to by it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Final, Literal

from sqlalchemy import or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from .tables import Price
from .types import as_money

__all__ = ["cost_of", "find_price", "tool_prices"]

_MILLION: Final = -6
"""As a power of ten, to divide by without rounding."""
_DIGITS: Final = 80
"""More than any price times any number of tokens has."""


async def find_price(
    session: AsyncSession,
    *,
    kind: Literal["completion", "tool"],
    at: datetime,
    provider: str | None = None,
    model: str | None = None,
    plugin: str | None = None,
    tool: str | None = None,
) -> Price | None:
    """Find the price that counts at a moment.

    A price of the very model (tool) beats one of all models of the provider (all tools of the plugin); of several the
    newest that is valid by then.

    Args:
        session: Of a transaction.
        kind: What it is a price of.
        at: The moment, aware.
        provider: Name of the provider, for a completion.
        model: The model as the provider names it.
        plugin: Id of the plugin, for a tool.
        tool: Stable id of the tool.

    Returns:
        The price, or None when there is none.
    """
    owner, owners_name = (Price.provider, provider) if kind == "completion" else (Price.plugin, plugin)
    part, parts_name = (Price.model, model) if kind == "completion" else (Price.tool, tool)
    is_general = col(part).is_(None)
    fits = or_(is_general, col(part) == parts_name) if _may_be_stored(parts_name) else is_general
    found = (
        select(Price)
        .where(Price.kind == kind, col(owner) == owners_name, fits, col(Price.valid_from) <= at)
        .order_by(is_general, col(Price.valid_from).desc(), col(Price.id).desc())
        .limit(1)
    )
    return (await session.exec(found)).first()


async def tool_prices(session: AsyncSession, tools: Mapping[str, str], *, at: datetime) -> dict[str, Decimal]:
    """What one invocation of each of some tools costs at a moment.

    Args:
        session: Of a transaction.
        tools: Plugins by the stable ids of their tools.
        at: The moment, aware.

    Returns:
        Prices of one call by the stable ids of the tools that have any.
    """
    if not tools:
        return {}
    rows = select(Price).where(
        Price.kind == "tool", col(Price.plugin).in_(set(tools.values())), col(Price.valid_from) <= at
    )
    found: dict[str, Decimal] = {}
    # the last one that fits counts: those of all tools before those of one, and older before newer
    oldest_first = rows.order_by(col(Price.tool).is_not(None), col(Price.valid_from), col(Price.id))
    for price in (await session.exec(oldest_first)).all():
        fitting = [tool for tool, plugin in tools.items() if plugin == price.plugin and price.tool in {None, tool}]
        found |= dict.fromkeys(fitting, price.call_price)
    return found


def cost_of(price: Price, *, prompt_tokens: int = 0, completion_tokens: int = 0, calls: int = 0) -> Decimal:
    """What something costs: computed exactly, then rounded once, as amounts are stored.

    Args:
        price: Per million tokens, and per call.
        prompt_tokens: Tokens that are sent.
        completion_tokens: Tokens of the answer.
        calls: How many calls it is.
    """
    with localcontext() as context:
        context.prec = _DIGITS
        tokens = prompt_tokens * price.prompt_price + completion_tokens * price.completion_price
        return as_money(tokens.scaleb(_MILLION) + calls * price.call_price)


def _may_be_stored(name: str | None) -> bool:
    """Whether a column of text may hold it: callers name models as they like, and databases refuse some characters."""
    return name is not None and "\0" not in name and not any("\ud800" <= letter <= "\udfff" for letter in name)
