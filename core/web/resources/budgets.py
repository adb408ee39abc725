"""``/api/v1/budgets``: limits on what may be spent, and how each stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import Response
from litestar.params import FromPath
from pydantic import Field
from sqlmodel.ext.asyncio.session import AsyncSession

from ...errors import Unprocessable
from ...prompts.known_names import check_plugin
from ...rights import Action, Thing
from ...store.budgets import BudgetStatus, budget_statuses, units_of
from ...store.keys import owner_of
from ...store.reading import get_row
from ...store.tables import ApiKey, Budget, LLMClient
from ...store.types import utc_now
from ...store.uniqueness import unique
from ..auth import principal_of
from ..bodies import Asked, changes, read_model
from ..envelope import Envelope, created, path_below, reply
from .describing import Resource
from .filters import filtered
from .rows import AnyRequest, Text, account_for, dock_in, list_of, plain, read, shown, write

__all__ = ["HANDLERS"]

_BUDGETS: Final = Resource(Thing.BUDGET, "Money")
_Limit = Annotated[Decimal, Field(ge=0, le=9_000_000_000_000_000)]
_HIGHEST_COST: Final = 9_000_000
"""What the column holds, in its small steps."""
_TARGETS: Final = ("llm_client_id", "api_key_id", "plugin")


class StatusView(msgspec.Struct, frozen=True):
    """How a budget stands in its period: amounts as in ``limit``; ``reserved`` is set aside for prompts under way."""

    used: str | int
    reserved: str | int
    left: str | int
    starts_at: datetime
    ends_at: datetime | None


class BudgetView(msgspec.Struct, frozen=True):
    """A budget; amounts are a decimal as text for the metric ``cost``, else whole numbers."""

    id: UUID
    name: str
    account_id: UUID
    profile_id: UUID | None
    scope: str
    llm_client_id: UUID | None
    api_key_id: UUID | None
    plugin: str | None
    metric: str
    period: str
    limit: str | int
    is_active: bool
    status: StatusView
    created_at: datetime
    updated_at: datetime


class BudgetReply(Envelope, frozen=True, kw_only=True):
    """One budget."""

    data: BudgetView


class BudgetList(Envelope, frozen=True, kw_only=True):
    """Budgets, newest first."""

    data: list[BudgetView]


class BudgetPatch(Asked):
    """What of a budget may change."""

    name: Text = Field(default="", min_length=1, max_length=100)
    limit: _Limit = Decimal(0)
    is_active: bool = True


class BudgetAsked(BudgetPatch):
    """What a budget is made from; with a scope other than ``account``, the one member that says what it bounds."""

    name: Text = Field(min_length=1, max_length=100)
    limit: _Limit
    scope: Literal["account", "llm_client", "api_key", "plugin"]
    metric: Literal["tokens", "cost", "tool_calls"]
    period: Literal["total", "hour", "day", "week", "month"]
    llm_client_id: UUID | None = None
    api_key_id: UUID | None = None
    plugin: Text | None = Field(default=None, min_length=1, max_length=100)
    account_id: UUID | None = None


async def _show(session: AsyncSession, budgets: Sequence[Budget]) -> list[BudgetView]:
    statuses = await budget_statuses(session, budgets) if budgets else {}
    return [_view(budget, statuses[budget.id]) for budget in budgets]


def _view(budget: Budget, status: BudgetStatus) -> BudgetView:
    def amount(value: Decimal) -> str | int:
        return plain(value) if budget.metric == "cost" else int(value)

    amounts = {name: amount(getattr(status, name)) for name in ("used", "reserved", "left")}
    return shown(BudgetView, budget, limit=amount(status.limit), status=shown(StatusView, status, **amounts))


@_BUDGETS.lists("/budgets", "List the budgets", {"scope": "What they bound", "metric": "What they count"})
async def list_budgets(request: AnyRequest) -> Response[BudgetList]:
    """Those of the caller's account, with how they stand now."""
    where = filtered(request, scope=Budget.scope, metric=Budget.metric)
    return await list_of(request, Budget, Thing.BUDGET, _show, *where)


@_BUDGETS.makes("/budgets", "Set a budget", BudgetAsked)
async def create(request: AnyRequest) -> Response[BudgetReply]:
    """It counts from now on."""
    asked = await read_model(request, BudgetAsked)
    principal = principal_of(request)
    units = _units(asked.metric, asked.limit)

    async def work(session: AsyncSession) -> BudgetView:
        account, profile_id = await account_for(session, principal, Thing.BUDGET, asked.account_id)
        await _check_target(session, request, asked, account.id)
        columns = asked.model_dump(exclude={"limit", "account_id"})
        budget = Budget(**columns, limit_units=units, account_id=account.id, profile_id=profile_id)
        async with unique(session, _taken(budget.name)):
            session.add(budget)
        return (await _show(session, [budget]))[0]

    budget = await write(request, work)
    return created(path_below(request, budget.id), budget, thing=Thing.BUDGET)


@_BUDGETS.reads("/budgets/{budget_id:str}", "Look at a budget")
async def retrieve(request: AnyRequest, budget_id: FromPath[str]) -> Response[BudgetReply]:
    """One budget, with how it stands now."""
    principal = principal_of(request)

    async def work(session: AsyncSession) -> BudgetView:
        return (await _show(session, [await get_row(session, principal, Budget, budget_id)]))[0]

    return reply(await read(request, work), command="get", thing=Thing.BUDGET)


@_BUDGETS.changes("/budgets/{budget_id:str}", "Change a budget", BudgetPatch)
async def update(request: AnyRequest, budget_id: FromPath[str]) -> Response[BudgetReply]:
    """What it bounds and counts stays: for that, set another one."""
    wanted = changes(await read_model(request, BudgetPatch))
    principal = principal_of(request)

    async def work(session: AsyncSession) -> BudgetView:
        budget = await get_row(session, principal, Budget, budget_id, Action.UPDATE)
        columns: dict[str, Any] = {**wanted, "updated_at": utc_now()}
        if "limit" in columns:
            columns["limit_units"] = _units(budget.metric, columns.pop("limit"))
        async with unique(session, _taken(wanted.get("name", budget.name))):
            budget.sqlmodel_update(columns)
            session.add(budget)
        return (await _show(session, [budget]))[0]

    return reply(await write(request, work), command="update", thing=Thing.BUDGET)


@_BUDGETS.removes("/budgets/{budget_id:str}", "Delete a budget")
async def remove(request: AnyRequest, budget_id: FromPath[str]) -> None:
    """What was charged stays."""
    principal = principal_of(request)

    async def work(session: AsyncSession) -> None:
        await session.delete(await get_row(session, principal, Budget, budget_id, Action.DELETE))
        await session.flush()

    await write(request, work)


async def _check_target(session: AsyncSession, request: AnyRequest, asked: BudgetAsked, account_id: UUID) -> None:
    """What a budget bounds has to be there, and the account's own."""
    needed = {"llm_client": "llm_client_id", "api_key": "api_key_id", "plugin": "plugin"}.get(asked.scope)
    for name in _TARGETS:
        if (getattr(asked, name) is None) is (name == needed):
            says = "needs" if name == needed else "has no"
            raise Unprocessable(f"A budget of scope {asked.scope!r} {says} {name!r}.", param=name)
    if asked.plugin is not None:
        check_plugin(dock_in(request).service.catalog, asked.plugin)
    if needed in _TARGETS[:2] and await _account_of(session, asked) != account_id:
        raise Unprocessable(f"The account has no such {asked.scope.replace('_', ' ')}.", param=needed)


async def _account_of(session: AsyncSession, asked: BudgetAsked) -> UUID | None:
    if asked.llm_client_id is not None:
        client = await session.get(LLMClient, asked.llm_client_id)
        return None if client is None else client.account_id
    key = await session.get(ApiKey, asked.api_key_id)
    owner = None if key is None else await owner_of(session, key.profile_id)
    return None if owner is None else owner.account_id


def _units(metric: str, limit: Decimal) -> int:
    if metric == "cost" and limit > _HIGHEST_COST:
        raise Unprocessable(f"'limit' of a cost must be {_HIGHEST_COST} or less.", param="limit")
    if metric != "cost" and limit != limit.to_integral_value():
        raise Unprocessable(f"'limit' of {metric} must be a whole number.", param="limit")
    return units_of(metric, limit)


def _taken(name: str) -> str:
    return f"The account has a budget {name!r} already."


HANDLERS: Final = (list_budgets, create, retrieve, update, remove)
