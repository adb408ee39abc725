"""Prices: which one counts at a moment, and what something comes to by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, localcontext
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from .tables import Price
from .types import as_money

if TYPE_CHECKING:
    from .configuration import Answers

__all__ = ["PriceList", "cost_of"]

_LONGEST: Final = 200
"""Characters of the longest name that a price can be of."""
_MILLION: Final = -6
"""As a power of ten, to divide by without rounding."""
_DIGITS: Final = 80
"""More than any price times any number of tokens has."""


class PriceList:
    """Finds prices.

    A price of the very model (tool) beats one of all models of the provider (all tools of the plugin); of several the
    newest that is valid by then.

    Args:
        answers: What is known of them.
    """

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    async def of_model(self, provider: str, model: str | None, *, at: datetime) -> Price | None:
        """The price of a model.

        Args:
            provider: Name of the provider.
            model: The model as the provider names it.
            at: The moment, aware.

        Returns:
            The price, which nobody changes; None when there is none.
        """
        return await self._found("completion", provider, model, at)

    async def of_tool(self, plugin: str, tool: str, *, at: datetime) -> Price | None:
        """The price of a tool.

        Args:
            plugin: Id of the plugin.
            tool: Stable id of the tool.
            at: The moment, aware.
        """
        return await self._found("tool", plugin, tool, at)

    async def of_tools(self, tools: Mapping[str, str], *, at: datetime) -> dict[str, Decimal]:
        """What one invocation of each of some tools costs at a moment.

        Args:
            tools: Plugins by the stable ids of their tools.
            at: The moment, aware.

        Returns:
            Prices of one call by the stable ids of the tools that have any.
        """
        if not tools:
            return {}
        plugins = tuple(sorted(set(tools.values())))
        prices = await self._answers.get(("tool prices", plugins), partial(_of_plugins, plugins=plugins))
        found: dict[str, Decimal] = {}
        # the last one that fits counts: those of all tools before those of one, and older before newer
        for price in prices:
            if price.valid_from <= at:
                fitting = [
                    tool for tool, plugin in tools.items() if plugin == price.plugin and price.tool in {None, tool}
                ]
                found |= dict.fromkeys(fitting, price.call_price)
        return found

    async def _found(
        self, kind: Literal["completion", "tool"], owner: str, part: str | None, at: datetime
    ) -> Price | None:
        if not _may_be_stored(part):
            part = None  # no price can be of that very part; and callers' names are not kept, however long they are
        candidates = await self._answers.get(
            ("price", kind, owner, part), partial(_candidates, kind=kind, owner=owner, part=part)
        )
        for price in candidates:
            if price.valid_from <= at:
                return price
        return None


async def _candidates(session: AsyncSession, *, kind: str, owner: str, part: str | None) -> Sequence[Price]:
    """All that fit at some time or other, the best one first."""
    owners, parts = (Price.provider, Price.model) if kind == "completion" else (Price.plugin, Price.tool)
    is_general = col(parts).is_(None)
    fits = is_general if part is None else or_(is_general, col(parts) == part)
    found = (
        select(Price)
        .where(Price.kind == kind, col(owners) == owner, fits)
        .order_by(is_general, col(Price.valid_from).desc(), col(Price.id).desc())
    )
    return (await session.exec(found)).all()


async def _of_plugins(session: AsyncSession, *, plugins: Sequence[str]) -> Sequence[Price]:
    rows = select(Price).where(Price.kind == "tool", col(Price.plugin).in_(plugins))
    return (await session.exec(rows.order_by(col(Price.tool).is_not(None), col(Price.valid_from), col(Price.id)))).all()


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
    if name is None or len(name) > _LONGEST or "\0" in name:
        return False
    return name.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in name)
