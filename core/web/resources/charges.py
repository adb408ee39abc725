"""``/api/v1/charges``: the ledger, and its sums."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from sqlmodel.ext.asyncio.session import AsyncSession

from ...errors import BadRequest
from ...rights import Action, Thing
from ...store.reading import get_row, within
from ...store.tables import Charge
from ...store.totals import Totals, totals, totals_by_client, totals_by_day, totals_by_model
from ..auth import principal_of
from ..envelope import Envelope, reply
from ..operations import OurOperation
from .describing import Resource, filtering
from .filters import PERIOD, filtered, within_period
from .rows import AnyRequest, list_of, plain, read, shown

__all__ = ["HANDLERS"]

_CHARGES: Final = Resource(Thing.CHARGE, "Money")
_FILTERS: Final = ("kind", "turn_id", "request_id", "llm_client_id", "api_key_id", "provider", "plugin", "tool")
_BY: Final[Mapping[str, Callable[..., Awaitable[Mapping[Any, Totals]]]]] = {
    "day": totals_by_day,
    "llm_client": totals_by_client,
    "model": totals_by_model,
}


class ChargeView(msgspec.Struct, frozen=True):
    """One upstream call, or one invocation of a tool; ``cost`` is a decimal as text, null when there was no price."""

    id: UUID
    kind: str
    request_id: str
    turn_id: UUID | None
    account_id: UUID | None
    profile_id: UUID | None
    api_key_id: UUID | None
    llm_client_id: UUID | None
    provider: str | None
    model: str | None
    plugin: str | None
    tool: str | None
    round: int
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    is_estimated: bool
    calls: int
    cost: str | None
    price_id: UUID | None
    created_at: datetime


class ChargeReply(Envelope, frozen=True, kw_only=True):
    """One charge."""

    data: ChargeView


class ChargeList(Envelope, frozen=True, kw_only=True):
    """Charges, newest first."""

    data: list[ChargeView]


class TotalsView(msgspec.Struct, frozen=True, omit_defaults=True):
    """Sums over charges; grouped ones say of what: ``day``, ``llm_client_id``, or ``provider`` and ``model``."""

    calls: int
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    cost: str
    estimated_calls: int
    unpriced_calls: int
    tool_calls: int
    of: dict[str, Any] = msgspec.field(default_factory=dict)


class TotalsReply(Envelope, frozen=True, kw_only=True):
    """The sum over all charges, or one for each group."""

    data: TotalsView | list[TotalsView]


def _view(row: Charge) -> ChargeView:
    return shown(ChargeView, row, cost=plain(row.cost))


async def _shown(_: AsyncSession, rows: Sequence[Charge]) -> list[ChargeView]:
    return [_view(row) for row in rows]


@_CHARGES.lists("/charges", "List the charges", {**dict.fromkeys(_FILTERS, "As in the charge"), **PERIOD})
async def list_charges(request: AnyRequest) -> Response[ChargeList]:
    """The caller's own; for staff, what the account pays."""
    where = filtered(request, *PERIOD, **{name: getattr(Charge, name) for name in _FILTERS})
    period = within_period(request, Charge)
    return await list_of(request, Charge, Thing.CHARGE, _shown, *where, *period)


_TOTALS: Final = {"by": "day, model or llm_client: a sum for each", "llm_client_id": "Of one LLM client", **PERIOD}


@_CHARGES.route(
    get,
    "/charges/totals",
    "Add up the charges",
    command="total",
    action=Action.READ,
    operation=filtering(OurOperation, _TOTALS),
    errors=(400, 401, 503),
    operation_id="totalCharges",
)
async def total_charges(request: AnyRequest) -> Response[TotalsReply]:
    """The sum over all charges that the caller gets to see, or one for each group."""
    chosen = filtered(request, "by", *PERIOD, llm_client_id=Charge.llm_client_id)
    where = (within(principal_of(request), Charge), *chosen, *within_period(request, Charge))
    by = _grouping(request)

    async def work(session: AsyncSession) -> TotalsView | list[TotalsView]:
        if by is None:
            return _sums(await totals(session, *where))
        groups = await _BY[by](session, *where)
        return [_sums(sums, of=_named(by, key)) for key, sums in groups.items()]

    return reply(await read(request, work), command="total", thing=Thing.CHARGE)


@_CHARGES.reads("/charges/{charge_id:str}", "Look at a charge")
async def retrieve(request: AnyRequest, charge_id: FromPath[str]) -> Response[ChargeReply]:
    """One charge."""
    principal = principal_of(request)

    async def work(session: AsyncSession) -> ChargeView:
        return _view(await get_row(session, principal, Charge, charge_id))

    return reply(await read(request, work), command="get", thing=Thing.CHARGE)


def _grouping(request: AnyRequest) -> str | None:
    given = request.query_params.getall("by", [])
    if given and (len(given) > 1 or given[0] not in _BY):
        raise BadRequest(f"'by' must be one of {', '.join(_BY)}.", param="by")
    return given[0] if given else None


def _sums(sums: Totals, of: dict[str, Any] | None = None) -> TotalsView:
    return shown(TotalsView, sums, cost=plain(sums.cost), of=of or {})


def _named(by: str, key: Any) -> dict[str, Any]:
    if by == "model":
        return {"provider": key[0], "model": key[1]}
    return {"day" if by == "day" else "llm_client_id": key}


HANDLERS: Final = (list_charges, total_charges, retrieve)
