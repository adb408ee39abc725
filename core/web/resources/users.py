"""``/api/v1/users``: users, each with its profiles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response
from litestar.params import FromPath
from pydantic import Field
from sqlmodel.ext.asyncio.session import AsyncSession

from ...errors import Forbidden
from ...identity import Principal
from ...rights import Action, Thing, no_such
from ...service_events import UserCreated
from ...store.reading import get_row
from ...store.tables import User
from ...store.users import create_user, delete_profile, delete_user, get_profile, profiles_of, put_profile, update_user
from ..auth import principal_of
from ..bodies import Asked, changes, read_model
from ..envelope import Envelope, created, path_below, reply
from .describing import Resource
from .filters import filtered
from .rows import AnyRequest, Text, account_for, list_of, read, shown, tell, write

__all__ = ["HANDLERS"]

_USERS: Final = Resource(Thing.USER, "Accounts")
_NAME: Final = r"^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$"


class ProfileView(msgspec.Struct, frozen=True):
    """A user in an account."""

    id: UUID
    account_id: UUID
    account_number: str
    is_staff: bool


class UserView(msgspec.Struct, frozen=True):
    """A user, with those of their profiles that the caller gets to see."""

    id: UUID
    name: str
    email: str | None
    is_superuser: bool
    is_active: bool
    profiles: list[ProfileView]
    created_at: datetime
    updated_at: datetime


class UserReply(Envelope, frozen=True, kw_only=True):
    """One user."""

    data: UserView


class UserList(Envelope, frozen=True, kw_only=True):
    """Users, newest first."""

    data: list[UserView]


class UserAsked(Asked):
    """What a user is made from; only superusers make superusers, and users in other accounts."""

    name: str = Field(min_length=1, max_length=64, pattern=_NAME)
    email: Text | None = Field(default=None, max_length=254)
    account_id: UUID | None = None
    is_staff: bool = False
    is_superuser: bool = False


class UserPatch(Asked):
    """What of a user may change. ``is_staff`` is about one account: the caller's own, or the one that is named."""

    name: str = Field(default="", min_length=1, max_length=64, pattern=_NAME)
    email: Text | None = Field(default=None, max_length=254)
    is_active: bool = True
    is_superuser: bool = False
    account_id: UUID | None = None
    is_staff: bool = False


async def _show(session: AsyncSession, principal: Principal, users: Sequence[User]) -> list[UserView]:
    profiles: dict[UUID, list[ProfileView]] = {user.id: [] for user in users}
    for profile, account in await profiles_of(session, list(profiles)):
        if principal.is_superuser or account.id == principal.account_id:
            profiles[profile.user_id].append(shown(ProfileView, profile, account_number=account.number))
    return [shown(UserView, user, profiles=profiles[user.id]) for user in users]


@_USERS.lists("/users", "List the users")
async def list_users(request: AnyRequest) -> Response[UserList]:
    """Every user, for superusers; else those of the caller's account."""
    principal = principal_of(request)

    async def show(session: AsyncSession, users: Sequence[User]) -> list[UserView]:
        return await _show(session, principal, users)

    return await list_of(request, User, Thing.USER, show, *filtered(request))


@_USERS.makes("/users", "Make a user", UserAsked)
async def create(request: AnyRequest) -> Response[UserReply]:
    """With a profile in an account, but without a key: make one at ``/api/v1/api-keys``."""
    asked = await read_model(request, UserAsked)
    principal = principal_of(request)

    async def work(session: AsyncSession) -> UserView:
        account, _ = await account_for(session, principal, Thing.USER, asked.account_id)
        if asked.is_superuser:
            _check_superuser(principal)
        values = asked.model_dump(include={"name", "email", "is_staff", "is_superuser"})
        user, _ = await create_user(session, account_id=account.id, **values)
        return (await _show(session, principal, [user]))[0]

    user = await write(request, work)
    tell(request, UserCreated, user_id=str(user.id), name=user.name)
    return created(path_below(request, user.id), user, thing=Thing.USER)


@_USERS.reads("/users/{user_id:str}", "Look at a user")
async def retrieve(request: AnyRequest, user_id: FromPath[str]) -> Response[UserReply]:
    """One user."""
    principal = principal_of(request)

    async def work(session: AsyncSession) -> UserView:
        return (await _show(session, principal, [await get_row(session, principal, User, user_id)]))[0]

    return reply(await read(request, work), command="get", thing=Thing.USER)


@_USERS.changes("/users/{user_id:str}", "Change a user", UserPatch)
async def update(request: AnyRequest, user_id: FromPath[str]) -> Response[UserReply]:
    """Superusers add a user to another account by naming it, with ``is_staff``."""
    wanted = changes(await read_model(request, UserPatch))
    principal = principal_of(request)

    async def work(session: AsyncSession) -> UserView:
        user = await get_row(session, principal, User, user_id, Action.UPDATE)
        await _check_writable(session, principal, user, wanted)
        if "is_staff" in wanted or "account_id" in wanted:
            account, _ = await account_for(session, principal, Thing.USER, wanted.get("account_id"))
            await put_profile(session, user.id, account.id, is_staff=wanted.get("is_staff"))
        own = {name: value for name, value in wanted.items() if name not in {"is_staff", "account_id"}}
        if own:
            await update_user(session, user, own)
        return (await _show(session, principal, [user]))[0]

    return reply(await write(request, work), command="update", thing=Thing.USER)


@_USERS.removes("/users/{user_id:str}", "Delete a user")
async def remove(request: AnyRequest, user_id: FromPath[str]) -> None:
    """Staff takes a user who also is in other accounts out of its own. Their keys go; what they made stays."""
    principal = principal_of(request)

    async def work(session: AsyncSession) -> None:
        user = await get_row(session, principal, User, user_id, Action.DELETE)
        if user.is_superuser:
            _check_superuser(principal)
        if principal.is_superuser or not await _is_elsewhere(session, principal, user):
            await delete_user(session, user)
            return
        profile = await get_profile(session, user.id, principal.account_id) if principal.account_id else None
        if profile is None:
            raise no_such(Thing.USER, user_id)
        await delete_profile(session, profile)

    await write(request, work)


async def _check_writable(session: AsyncSession, principal: Principal, user: User, wanted: dict[str, Any]) -> None:
    """Staff must not reach beyond its account: not to superusers, and not to what counts in other accounts, too."""
    if user.is_superuser or "is_superuser" in wanted:
        _check_superuser(principal)
    shared = wanted.keys() - {"is_staff", "account_id"}
    if shared and not principal.is_superuser and await _is_elsewhere(session, principal, user):
        raise Forbidden("The user also is in other accounts: only superusers may change this.", param=min(shared))


async def _is_elsewhere(session: AsyncSession, principal: Principal, user: User) -> bool:
    return any(account.id != principal.account_id for _, account in await profiles_of(session, [user.id]))


def _check_superuser(principal: Principal) -> None:
    if not principal.is_superuser:
        raise Forbidden("Only superusers may make, change or delete superusers.", param="is_superuser")


HANDLERS: Final = (list_users, create, retrieve, update, remove)
