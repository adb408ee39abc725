"""``/api/v1/llm-clients/{client}/keys``: the keys that an LLM client is private to."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from litestar import Response, delete, get, post
from litestar.params import FromPath
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from ...rights import RIGHTS, Action, Thing, no_such
from ...store.attachments import attach_key, attached_keys, detach_key
from ...store.clients import find_client
from ...store.reading import get_row, list_rows
from ...store.tables import ApiKey
from ..auth import principal_of
from ..bodies import Asked, read_model
from ..envelope import created, path_below, reply
from ..operations import CreatingOperation, OurOperation, envelope_errors, taking
from ..paging import listed
from .api_keys import KeyList, KeyReply, KeyView, show_keys
from .rows import AnyRequest, read, write

__all__ = ["HANDLERS"]

_MOST: Final = 1000


class KeyAttached(Asked):
    """The key to attach."""

    api_key_id: UUID


def _told(command: str, summary: str, operation: type[OurOperation], action: Action) -> dict[str, Any]:
    return {
        "operation_id": f"{command}LLMClientKey{'s' if command == 'list' else ''}",
        "opt": {"command": command, "thing": Thing.API_KEY.value, "right": (Thing.LLM_CLIENT, action)},
        "operation_class": operation,
        "summary": summary,
        "description": f"For {RIGHTS[Thing.LLM_CLIENT, action]}, and for superusers.",
        "responses": envelope_errors(400, 401, 403, 404, 409, 422, 503),
        "tags": ["LLM clients"],
    }


@get("/llm-clients/{client:str}/keys", **_told("list", "List an LLM client's keys", OurOperation, Action.READ))
async def list_attached(request: AnyRequest, client: FromPath[str]) -> Response[KeyList]:
    """Those of them that the caller gets to see; all at once."""
    principal = principal_of(request)

    async def work(session: AsyncSession) -> list[KeyView]:
        row = await find_client(session, principal, client)
        attached = col(ApiKey.id).in_(await attached_keys(session, row.id))
        return await show_keys(session, await list_rows(session, principal, ApiKey, attached, limit=_MOST))

    return listed(request, await read(request, work), thing=Thing.API_KEY, next=None)


@post(
    "/llm-clients/{client:str}/keys",
    **_told("attach", "Attach a key", taking(KeyAttached, CreatingOperation), Action.UPDATE),
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


@get(
    "/llm-clients/{client:str}/keys/{key_id:uuid}", **_told("get", "Look at an attached key", OurOperation, Action.READ)
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


@delete("/llm-clients/{client:str}/keys/{key_id:uuid}", **_told("detach", "Detach a key", OurOperation, Action.UPDATE))
async def detach(request: AnyRequest, client: FromPath[str], key_id: FromPath[UUID]) -> None:
    """Without its last key the client is open to everybody at its host names."""
    principal = principal_of(request)

    async def work(session: AsyncSession) -> None:
        row = await find_client(session, principal, client, Action.UPDATE)
        await detach_key(session, row, key_id)

    await write(request, work)


HANDLERS: Final = (list_attached, attach, retrieve, detach)
