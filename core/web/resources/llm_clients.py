"""``/api/v1/llm-clients``: named by id or by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final

from litestar import Response
from litestar.params import FromPath
from sqlmodel.ext.asyncio.session import AsyncSession

from ...hosts import HostForms
from ...identity import Principal
from ...prompts.validation import check_client
from ...rights import Action, Thing
from ...service_events import (
    LLMClientCreated,
    LLMClientDeleted,
    LLMClientDeployed,
    LLMClientUndeployed,
    LLMClientUpdated,
)
from ...store.attachments import attach_key, private_clients
from ...store.clients import account_numbers, add_client, delete_client, find_client, update_client
from ...store.reading import get_row
from ...store.tables import ApiKey, LLMClient
from ..auth import principal_of
from ..bodies import changes, read_model
from ..envelope import created, path_below, reply
from .client_shapes import LLMClientAsked, LLMClientList, LLMClientPatch, LLMClientReply, LLMClientView, columns_of
from .describing import Resource
from .filters import filtered
from .rows import AnyRequest, account_for, differing, dock_in, list_of, read, shown, tell, write

__all__ = ["HANDLERS"]

_CLIENTS: Final = Resource(Thing.LLM_CLIENT, "LLM clients")


async def _show(session: AsyncSession, clients: Sequence[LLMClient], *, forms: HostForms) -> list[LLMClientView]:
    numbers = await account_numbers(session, {client.account_id for client in clients})
    private = await private_clients(session, [client.id for client in clients])
    return [
        shown(
            LLMClientView,
            client,
            account_number=numbers[client.account_id],
            host=forms.host_of(client.name, numbers[client.account_id]) if client.is_deployed else None,
            is_private=client.id in private,
        )
        for client in clients
    ]


def _showing(request: AnyRequest) -> Callable[[AsyncSession, Sequence[LLMClient]], Awaitable[list[LLMClientView]]]:
    return partial(_show, forms=HostForms.of(dock_in(request).settings.api_domain))


@_CLIENTS.lists("/llm-clients", "List the LLM clients", {"name": "Its name", "account_id": "Whose they are"})
async def list_clients(request: AnyRequest) -> Response[LLMClientList]:
    """Those of the caller's account and of the platform's."""
    where = filtered(request, name=LLMClient.name, account_id=LLMClient.account_id)
    return await list_of(request, LLMClient, Thing.LLM_CLIENT, _showing(request), *where)


@_CLIENTS.makes("/llm-clients", "Make an LLM client", LLMClientAsked)
async def create(request: AnyRequest) -> Response[LLMClientReply]:
    """With ``api_key_ids`` it is private from the beginning."""
    asked = await read_model(request, LLMClientAsked)
    principal, show = principal_of(request), _showing(request)

    async def work(session: AsyncSession) -> LLMClientView:
        account, profile_id = await account_for(session, principal, Thing.LLM_CLIENT, asked.account_id)
        client = LLMClient(**columns_of(asked), account_id=account.id, profile_id=profile_id)
        check_client(client, dock_in(request).service.catalog)
        await add_client(session, client)
        for key_id in asked.api_key_ids:
            await attach_key(session, client, await get_row(session, principal, ApiKey, key_id))
        (view,) = await show(session, [client])
        return view

    client = await write(request, work)
    _tell(request, LLMClientCreated, client)
    if client.is_deployed:
        _tell(request, LLMClientDeployed, client)
    return created(path_below(request, client.id), client, thing=Thing.LLM_CLIENT)


@_CLIENTS.reads("/llm-clients/{client:str}", "Look at an LLM client")
async def retrieve(request: AnyRequest, client: FromPath[str]) -> Response[LLMClientReply]:
    """By id or by name; of two of one name the own account's comes before the platform's."""
    principal, show = principal_of(request), _showing(request)

    async def work(session: AsyncSession) -> LLMClientView:
        (view,) = await show(session, [await find_client(session, principal, client)])
        return view

    return reply(await read(request, work), command="get", thing=Thing.LLM_CLIENT)


@_CLIENTS.changes("/llm-clients/{client:str}", "Change an LLM client", LLMClientPatch)
async def update(request: AnyRequest, client: FromPath[str]) -> Response[LLMClientReply]:
    """Members that are not sent stay; ``null`` for ``plugins`` and ``tools`` is all of them, ``[]`` is none."""
    asked = await read_model(request, LLMClientPatch)
    columns = columns_of(asked)
    wanted = {name: columns[name] for name in changes(asked)}
    principal, show = principal_of(request), _showing(request)

    async def work(session: AsyncSession) -> tuple[LLMClientView, set[str]]:
        row, different = await _change(session, principal, client, wanted, request)
        (view,) = await show(session, [row])
        return view, different

    view, different = await write(request, work)
    if different:
        _tell(request, LLMClientUpdated, view, changed=tuple(sorted(different)))
    if "is_deployed" in different:
        _tell(request, LLMClientDeployed if view.is_deployed else LLMClientUndeployed, view)
    return reply(view, command="update", thing=Thing.LLM_CLIENT)


@_CLIENTS.removes("/llm-clients/{client:str}", "Delete an LLM client")
async def remove(request: AnyRequest, client: FromPath[str]) -> None:
    """Its sessions and charges stay."""
    principal = principal_of(request)

    async def work(session: AsyncSession) -> LLMClient:
        row = await find_client(session, principal, client, Action.DELETE)
        await delete_client(session, row)
        return row

    _tell(request, LLMClientDeleted, await write(request, work))


async def _change(
    session: AsyncSession, principal: Principal, client: str, wanted: dict[str, Any], request: AnyRequest
) -> tuple[LLMClient, set[str]]:
    row = await find_client(session, principal, client, Action.UPDATE)
    different = differing(row, wanted)
    # checked as it is to be, before any of it is sent to the database
    check_client(LLMClient(**{**row.model_dump(), **different}), dock_in(request).service.catalog, different.keys())
    await update_client(session, row, different)
    return row, set(different)


def _tell(request: AnyRequest, event: Any, client: LLMClientView | LLMClient, **members: Any) -> None:
    tell(request, event, llm_client=client.name, llm_client_id=str(client.id), **members)


HANDLERS: Final = (list_clients, create, retrieve, update, remove)
