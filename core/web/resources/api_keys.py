"""``/api/v1/api-keys``. The key itself is in one reply only: the one that makes it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from litestar import Response
from litestar.params import FromPath
from pydantic import Field
from sqlmodel.ext.asyncio.session import AsyncSession

from ...errors import Forbidden, Unprocessable
from ...identity import Principal
from ...rights import Action, Place, Thing, check, no_such
from ...service_events import KeyCreated, KeyDeleted, KeyUpdated
from ...store.keys import KeyOwner, create_key, delete_key, new_key, owner_of, owners_of, update_key
from ...store.reading import get_row
from ...store.tables import ApiKey
from ...store.types import utc_now
from ..auth import principal_of
from ..bodies import Asked, changes, read_model
from ..envelope import Envelope, created, path_below, reply
from .describing import Resource
from .filters import filtered
from .rows import AnyRequest, Moment, Text, differing, dock_in, list_of, read, shown, tell, write

__all__ = ["HANDLERS", "KeyView", "show_keys"]

_KEYS: Final = Resource(Thing.API_KEY, "API keys")


class KeyView(msgspec.Struct, frozen=True):
    """A key, without the key."""

    id: UUID
    name: str
    description: str
    hint: str
    owner: str
    profile_id: UUID
    account_id: UUID
    is_active: bool
    expires_at: datetime | None
    last_used_at: datetime | None
    created_at: datetime
    updated_at: datetime


class NewKeyView(KeyView, frozen=True, kw_only=True):
    """A key that was just made; ``key`` is not shown again."""

    key: str


class KeyReply(Envelope, frozen=True, kw_only=True):
    """One key."""

    data: KeyView


class NewKeyReply(Envelope, frozen=True, kw_only=True):
    """One key, with the key."""

    data: NewKeyView


class KeyList(Envelope, frozen=True, kw_only=True):
    """Keys, newest first."""

    data: list[KeyView]


class KeyAsked(Asked):
    """What a key is made from; ``profile_id`` is whose it will be, the caller's own when left out."""

    name: Text = Field(min_length=1, max_length=100)
    description: Text = Field(default="", max_length=1000)
    expires_at: Moment | None = None
    profile_id: UUID | None = None


class KeyPatch(Asked):
    """What of a key may change."""

    name: Text = Field(default="", min_length=1, max_length=100)
    description: Text = Field(default="", max_length=1000)
    expires_at: Moment | None = None
    is_active: bool = True


async def show_keys(session: AsyncSession, keys: Sequence[ApiKey]) -> list[KeyView]:
    """What is shown of keys."""
    owners = await owners_of(session, [key.profile_id for key in keys])
    return [_view(key, owners[key.profile_id]) for key in keys]


def _view(key: ApiKey, owner: KeyOwner) -> KeyView:
    return shown(KeyView, key, owner=owner.name, account_id=owner.account_id)


@_KEYS.lists("/api-keys", "List the API keys", {"profile_id": "Whose they are"})
async def list_keys(request: AnyRequest) -> Response[KeyList]:
    """Those of the caller's account."""
    where = filtered(request, profile_id=ApiKey.profile_id)
    return await list_of(request, ApiKey, Thing.API_KEY, show_keys, *where)


@_KEYS.makes("/api-keys", "Make an API key", KeyAsked)
async def create(request: AnyRequest) -> Response[NewKeyReply]:
    """``data.key`` is the key; it is not stored, and cannot be shown again."""
    asked = await read_model(request, KeyAsked)
    principal = principal_of(request)
    made = new_key(dock_in(request).secret)
    if asked.expires_at is not None and asked.expires_at <= utc_now():
        raise Unprocessable("'expires_at' lies in the past.", param="expires_at")

    async def work(session: AsyncSession) -> KeyView:
        owner = await _owner(session, principal, asked.profile_id)
        check(principal, Thing.API_KEY, Action.CREATE, Place(account_id=owner.account_id, profile_id=owner.profile_id))
        _check_not_above(principal, owner)
        values = asked.model_dump(include={"name", "description", "expires_at"})
        return _view(await create_key(session, made, profile_id=owner.profile_id, **values), owner)

    key = await write(request, work)
    tell(request, KeyCreated, key_id=str(key.id), name=key.name)
    data = shown(NewKeyView, key, key=made.key.get_secret_value())
    response = created(path_below(request, key.id), data, thing=Thing.API_KEY)
    response.headers["cache-control"] = "no-store"
    return response


@_KEYS.reads("/api-keys/{key_id:str}", "Look at an API key")
async def retrieve(request: AnyRequest, key_id: FromPath[str]) -> Response[KeyReply]:
    """One key, without the key."""
    principal = principal_of(request)

    async def work(session: AsyncSession) -> KeyView:
        return (await show_keys(session, [await get_row(session, principal, ApiKey, key_id)]))[0]

    return reply(await read(request, work), command="get", thing=Thing.API_KEY)


@_KEYS.changes("/api-keys/{key_id:str}", "Change an API key", KeyPatch)
async def update(request: AnyRequest, key_id: FromPath[str]) -> Response[KeyReply]:
    """One that is switched off is refused at once."""
    wanted = changes(await read_model(request, KeyPatch))
    principal = principal_of(request)

    async def work(session: AsyncSession) -> tuple[KeyView, dict[str, object]]:
        key = await _writable(session, principal, key_id, Action.UPDATE)
        different = differing(key, wanted)
        await update_key(session, key, different)
        return (await show_keys(session, [key]))[0], different

    key, different = await write(request, work)
    if different:
        tell(request, KeyUpdated, key_id=str(key.id), name=key.name, changed=tuple(sorted(different)))
    return reply(key, command="update", thing=Thing.API_KEY)


@_KEYS.removes("/api-keys/{key_id:str}", "Delete an API key")
async def remove(request: AnyRequest, key_id: FromPath[str]) -> None:
    """Refused for the last key of an LLM client, which would be open to everybody without it."""
    principal = principal_of(request)

    async def work(session: AsyncSession) -> ApiKey:
        key = await _writable(session, principal, key_id, Action.DELETE)
        await delete_key(session, key)
        return key

    key = await write(request, work)
    tell(request, KeyDeleted, key_id=str(key.id), name=key.name)


async def _owner(session: AsyncSession, principal: Principal, profile_id: UUID | None) -> KeyOwner:
    wanted = profile_id or principal.profile_id
    if wanted is None:
        raise Unprocessable(
            "The operator's key belongs to no user.", param="profile_id", hint="Name whose key it is as 'profile_id'."
        )
    owner = await owner_of(session, wanted)
    if owner is None:
        raise no_such(Thing.USER, wanted)
    return owner


async def _writable(session: AsyncSession, principal: Principal, key_id: str, action: Action) -> ApiKey:
    key = await get_row(session, principal, ApiKey, key_id, action)
    owner = await owner_of(session, key.profile_id)
    if owner is not None:
        _check_not_above(principal, owner)
    return key


def _check_not_above(principal: Principal, owner: KeyOwner) -> None:
    """With a superuser's key, staff of one account would have all of them."""
    if owner.is_superuser and not principal.is_superuser:
        raise Forbidden("Only superusers may make, change or delete a superuser's keys.")


HANDLERS: Final = (list_keys, create, retrieve, update, remove)
