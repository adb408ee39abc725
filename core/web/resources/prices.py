"""``/api/v1/prices``: what tokens and calls cost, from a moment on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import Response
from litestar.params import FromPath
from pydantic import Field
from sqlmodel.ext.asyncio.session import AsyncSession

from ...errors import Unprocessable
from ...prompts.known_names import check_priced
from ...rights import Action, Place, Thing, check
from ...store.reading import get_row
from ...store.tables import Price
from ..auth import principal_of
from ..bodies import Asked, changes, read_model
from ..envelope import Envelope, created, path_below, reply
from .describing import Resource
from .filters import filtered
from .rows import AnyRequest, Moment, Text, dock_in, list_of, plain, read, shown, write

__all__ = ["HANDLERS"]

_PRICES: Final = Resource(Thing.PRICE, "Money")
_Amount = Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=12)]


class PriceView(msgspec.Struct, frozen=True):
    """A price; amounts are decimals as text, of tokens per million."""

    id: UUID
    kind: str
    provider: str | None
    model: str | None
    plugin: str | None
    tool: str | None
    prompt_price: str
    completion_price: str
    call_price: str
    valid_from: datetime
    created_at: datetime


class PriceReply(Envelope, frozen=True, kw_only=True):
    """One price."""

    data: PriceView


class PriceList(Envelope, frozen=True, kw_only=True):
    """Prices, newest first."""

    data: list[PriceView]


class PricePatch(Asked):
    """What of a price may change; what was charged already stays as it was charged."""

    prompt_price: _Amount = Decimal(0)
    completion_price: _Amount = Decimal(0)
    call_price: _Amount = Decimal(0)
    valid_from: Moment | None = None


class PriceAsked(PricePatch):
    """What a price is made from; without ``model`` or ``tool`` it is of all of the provider's or of the plugin's."""

    kind: Literal["completion", "tool"]
    provider: Text | None = Field(default=None, min_length=1, max_length=64)
    model: Text | None = Field(default=None, min_length=1, max_length=200)
    plugin: Text | None = Field(default=None, min_length=1, max_length=100)
    tool: Text | None = Field(default=None, min_length=1, max_length=200)


def _view(row: Price) -> PriceView:
    amounts = {name: plain(getattr(row, name)) for name in ("prompt_price", "completion_price", "call_price")}
    return shown(PriceView, row, **amounts)


async def _shown(_: AsyncSession, rows: Sequence[Price]) -> list[PriceView]:
    return [_view(row) for row in rows]


_FILTERS: Final = dict.fromkeys(("kind", "provider", "model", "plugin", "tool"), "As in the price")


@_PRICES.lists("/prices", "List the prices", _FILTERS)
async def list_prices(request: AnyRequest) -> Response[PriceList]:
    """Of several that fit, the one of the very model or tool counts, then the newest that is valid."""
    where = filtered(request, **{name: getattr(Price, name) for name in _FILTERS})
    return await list_of(request, Price, Thing.PRICE, _shown, *where)


@_PRICES.makes("/prices", "Set a price", PriceAsked)
async def create(request: AnyRequest) -> Response[PriceReply]:
    """From now on, or from ``valid_from`` on."""
    asked = await read_model(request, PriceAsked)
    check(principal_of(request), Thing.PRICE, Action.CREATE, Place())
    _check_members(asked)
    check_priced(dock_in(request).service.catalog, provider=asked.provider, plugin=asked.plugin, tool=asked.tool)
    price = Price(**_columns(asked.model_dump()))

    async def work(session: AsyncSession) -> Price:
        session.add(price)
        await session.flush()
        return price

    await write(request, work)
    return created(path_below(request, price.id), _view(price), thing=Thing.PRICE)


@_PRICES.reads("/prices/{price_id:str}", "Look at a price")
async def retrieve(request: AnyRequest, price_id: FromPath[str]) -> Response[PriceReply]:
    """One price."""
    found = await read(request, partial(get_row, principal=principal_of(request), table=Price, row_id=price_id))
    return reply(_view(found), command="get", thing=Thing.PRICE)


@_PRICES.changes("/prices/{price_id:str}", "Change a price", PricePatch)
async def update(request: AnyRequest, price_id: FromPath[str]) -> Response[PriceReply]:
    """For what is charged from now on."""
    wanted = changes(await read_model(request, PricePatch))
    principal = principal_of(request)

    async def work(session: AsyncSession) -> Price:
        price = await get_row(session, principal, Price, price_id, Action.UPDATE)
        price.sqlmodel_update(_columns(wanted))
        session.add(price)
        await session.flush()
        return price

    return reply(_view(await write(request, work)), command="update", thing=Thing.PRICE)


@_PRICES.removes("/prices/{price_id:str}", "Delete a price")
async def remove(request: AnyRequest, price_id: FromPath[str]) -> None:
    """What was charged by it stays."""
    principal = principal_of(request)

    async def work(session: AsyncSession) -> None:
        await session.delete(await get_row(session, principal, Price, price_id, Action.DELETE))
        await session.flush()

    await write(request, work)


def _columns(members: dict[str, Any]) -> dict[str, Any]:
    """``valid_from`` left to the column's default, which is now, when it is null."""
    return {name: value for name, value in members.items() if name != "valid_from" or value is not None}


def _check_members(asked: PriceAsked) -> None:
    owner, foreign = {
        "completion": ("provider", ("plugin", "tool")),
        "tool": ("plugin", ("provider", "model", "prompt_price", "completion_price")),
    }[asked.kind]
    if getattr(asked, owner) is None:
        raise Unprocessable(f"A price of kind {asked.kind!r} needs {owner!r}.", param=owner)
    for name in foreign:
        if getattr(asked, name):
            raise Unprocessable(f"A price of kind {asked.kind!r} has no {name!r}.", param=name)


HANDLERS: Final = (list_prices, create, retrieve, update, remove)
