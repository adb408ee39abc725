"""``/api/v1/llm-clients/{client}/keys``: the keys that an LLM client is private to."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from litestar import Response, delete, get, post
from litestar.params import FromPath
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from ...rights import Action, Thing, no_such
from ...store.attachments import attach_key, attached_keys, detach_key
from ...store.clients import find_client
from ...store.reading import get_row, list_rows
from ...store.tables import ApiKey
from ..auth import principal_of
from ..bodies import Asked, read_model
from ..envelope import created, path_below, reply
from ..operations import CreatingOperation, taking
from ..paging import listed
from .api_keys import KeyList, KeyReply, KeyView, show_keys
from .describing import Resource
from .rows import AnyRequest, read, write

__all__ = ["HANDLERS"]

_CLIENTS: Final = Resource(Thing.LLM_CLIENT, "LLM clients")
_REFUSALS: Final = (400, 401, 403, 404, 409, 413, 415, 422, 503)
_MOST: Final = 1000


class KeyAttached(Asked):
    """The key to attach."""

    api_key_id: UUID


@_CLIENTS.route(
    get,
    "/llm-clients/{client:str}/keys",
    "List an LLM client's keys",
    command="list",
    action=Action.READ,
    operation_id="listLLMClientKeys",
    thing=Thing.API_KEY,
)
async def list_attached(request: AnyRequest, client: FromPath[str]) -> Response[KeyList]:
    """Those of them that the caller gets to see; all at once."""
    principal = principal_of(request)

    async def work(session: AsyncSession) -> list[KeyView]:
        row = await find_client(session, principal, client)
        attached = col(ApiKey.id).in_(await attached_keys(session, row.id))
        return await show_keys(session, await list_rows(session, principal, ApiKey, attached, limit=_MOST))

    return listed(request, await read(request, work), thing=Thing.API_KEY, next=None)


@_CLIENTS.route(
    post,
    "/llm-clients/{client:str}/keys",
    "Attach a key",
    command="attach",
    action=Action.UPDATE,
    operation=taking(KeyAttached, CreatingOperation),
    errors=_REFUSALS,
    operation_id="attachLLMClientKey",
    thing=Thing.API_KEY,
)
async def attach(request: AnyRequest, client: FromPath[str]) -> Response[KeyReply]:
    """The client is private from then on: to its keys, and to the members of its account."""
    asked = await read_model(request, KeyAttached)
    principal = principal_of(request)

    async def work(session: AsyncSession) -> KeyView:
        row = await find_client(session, principal, client, Action.UPDATE)
        key = await get_row(session, principal, ApiKey, asked.api_key_id)
        await attach_key(session, row, key)
        return (await show_keys(session, [key]))[0]

    key = await write(request, work)
    return created(path_below(request, key.id), key, thing=Thing.API_KEY, command="attach")


@_CLIENTS.route(
    get,
    "/llm-clients/{client:str}/keys/{key_id:uuid}",
    "Look at an attached key",
    command="get",
    action=Action.READ,
    operation_id="getLLMClientKey",
    thing=Thing.API_KEY,
)
async def retrieve(request: AnyRequest, client: FromPath[str], key_id: FromPath[UUID]) -> Response[KeyReply]:
    """One of the client's keys, without the key."""
    principal = principal_of(request)

    async def work(session: AsyncSession) -> KeyView:
        row = await find_client(session, principal, client)
        key = await get_row(session, principal, ApiKey, key_id)
        if key.id not in await attached_keys(session, row.id):
            raise no_such(Thing.API_KEY, key_id)
        return (await show_keys(session, [key]))[0]

    return reply(await read(request, work), command="get", thing=Thing.API_KEY)


@_CLIENTS.route(
    delete,
    "/llm-clients/{client:str}/keys/{key_id:uuid}",
    "Detach a key",
    command="detach",
    action=Action.UPDATE,
    errors=(401, 403, 404, 503),
    operation_id="detachLLMClientKey",
    thing=Thing.API_KEY,
)
async def detach(request: AnyRequest, client: FromPath[str], key_id: FromPath[UUID]) -> None:
    """Without its last key the client is open to everybody at its host names."""
    principal = principal_of(request)

    async def work(session: AsyncSession) -> None:
        row = await find_client(session, principal, client, Action.UPDATE)
        await detach_key(session, row, key_id)

    await write(request, work)


HANDLERS: Final = (list_attached, attach, retrieve, detach)
