"""``/api/v1/accounts``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

import msgspec
from litestar import Response
from litestar.params import FromPath
from pydantic import Field
from sqlmodel.ext.asyncio.session import AsyncSession

from ...errors import Forbidden
from ...rights import Action, Place, Thing, check
from ...service_events import AccountCreated
from ...store.accounts import create_account, update_account
from ...store.reading import get_row
from ...store.tables import Account
from ..auth import principal_of
from ..bodies import Asked, changes, read_model
from ..envelope import Envelope, created, path_below, reply
from .describing import Resource
from .filters import filtered
from .rows import AnyRequest, Text, list_of, read, shown, tell, write

__all__ = ["HANDLERS"]

_ACCOUNTS: Final = Resource(Thing.ACCOUNT, "Accounts")
_SUPERUSERS: Final = frozenset({"is_active", "is_platform"})
"""What staff may not change of their own account."""


class AccountView(msgspec.Struct, frozen=True):
    """An account."""

    id: UUID
    number: str
    name: str
    is_platform: bool
    is_active: bool
    created_at: datetime
    updated_at: datetime


class AccountReply(Envelope, frozen=True, kw_only=True):
    """One account."""

    data: AccountView


class AccountList(Envelope, frozen=True, kw_only=True):
    """Accounts, newest first."""

    data: list[AccountView]


class AccountAsked(Asked):
    """What an account is made from."""

    name: Text = Field(min_length=1, max_length=200)
    is_platform: bool = False


class AccountPatch(Asked):
    """What of an account may change; only superusers change whether it is active, and whether it is the platform's."""

    name: Text = Field(default="", min_length=1, max_length=200)
    is_active: bool = True
    is_platform: bool = False


async def _shown(_: AsyncSession, rows: Sequence[Account]) -> list[AccountView]:
    return [shown(AccountView, row) for row in rows]


@_ACCOUNTS.lists("/accounts", "List the accounts")
async def list_accounts(request: AnyRequest) -> Response[AccountList]:
    """Every account, for superusers; else the caller's own."""
    return await list_of(request, Account, Thing.ACCOUNT, _shown, *filtered(request))


@_ACCOUNTS.makes("/accounts", "Make an account", AccountAsked)
async def create(request: AnyRequest) -> Response[AccountReply]:
    """A number that nobody has is chosen for it."""
    asked = await read_model(request, AccountAsked)
    check(principal_of(request), Thing.ACCOUNT, Action.CREATE, Place(account_id=principal_of(request).account_id))
    account = await write(request, partial(create_account, name=asked.name, is_platform=asked.is_platform))
    tell(request, AccountCreated, account_id=str(account.id), number=account.number)
    return created(path_below(request, account.id), shown(AccountView, account), thing=Thing.ACCOUNT)


@_ACCOUNTS.reads("/accounts/{account_id:str}", "Look at an account")
async def retrieve(request: AnyRequest, account_id: FromPath[str]) -> Response[AccountReply]:
    """One account."""
    principal = principal_of(request)
    account = await read(request, partial(get_row, principal=principal, table=Account, row_id=account_id))
    return reply(shown(AccountView, account), command="get", thing=Thing.ACCOUNT)


@_ACCOUNTS.changes("/accounts/{account_id:str}", "Change an account", AccountPatch)
async def update(request: AnyRequest, account_id: FromPath[str]) -> Response[AccountReply]:
    """Its number stays."""
    wanted = changes(await read_model(request, AccountPatch))
    principal = principal_of(request)

    async def work(session: AsyncSession) -> Account:
        account = await get_row(session, principal, Account, account_id, Action.UPDATE)
        if not principal.is_superuser and wanted.keys() & _SUPERUSERS:
            raise Forbidden("Only superusers may change this.", param=min(wanted.keys() & _SUPERUSERS))
        await update_account(session, account, wanted)
        return account

    return reply(shown(AccountView, await write(request, work)), command="update", thing=Thing.ACCOUNT)


@_ACCOUNTS.removes("/accounts/{account_id:str}", "Delete an account")
async def remove(request: AnyRequest, account_id: FromPath[str]) -> None:
    """Its profiles, keys, LLM clients, domains and budgets go with it; what was said and charged stays."""
    principal = principal_of(request)

    async def work(session: AsyncSession) -> None:
        await session.delete(await get_row(session, principal, Account, account_id, Action.DELETE))
        await session.flush()

    await write(request, work)


HANDLERS: Final = (list_accounts, create, retrieve, update, remove)
