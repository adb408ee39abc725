"""LLM clients: made, changed, and found by id or by name within what a caller may see."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import Conflict
from ..hosts import is_client_name
from ..identity import Principal
from ..ids import read_id
from ..rights import Action, Thing, no_such
from .reading import get_row, within
from .tables import Account, LLMClient
from .types import utc_now
from .uniqueness import unique

__all__ = ["account_numbers", "add_client", "delete_client", "find_client", "update_client"]


async def add_client(session: AsyncSession, client: LLMClient) -> None:
    """Store a new LLM client, checked already.

    Raises:
        Conflict: Its account has one of that name.
    """
    async with unique(session, _taken(client.name)):
        session.add(client)


async def update_client(session: AsyncSession, client: LLMClient, changes: dict[str, Any]) -> None:
    """Change columns of an LLM client.

    Raises:
        Conflict: Its account has another one of the new name.
    """
    async with unique(session, _taken(changes.get("name", client.name))):
        client.sqlmodel_update({**changes, "updated_at": utc_now()})
        session.add(client)


async def delete_client(session: AsyncSession, client: LLMClient) -> None:
    """Delete an LLM client. Its sessions, charges and budgets' history stay; its keys do, too."""
    await session.delete(client)
    await session.flush()


async def find_client(
    session: AsyncSession, principal: Principal, id_or_name: str, action: Action = Action.READ
) -> LLMClient:
    """Find an LLM client among those that a caller gets to see.

    Args:
        session: The transaction.
        principal: Who asks.
        id_or_name: Its id, or its name: of the caller's own account, else of the platform's, else, for superusers, of
            the only account that has one of that name.
        action: What is to be done with it.

    Raises:
        Unauthorized: The caller sent no key.
        NotFound: There is none, or none that the caller gets to see.
        Forbidden: They see it, and may not do this.
        Conflict: A superuser named one that several accounts have.
    """
    if read_id(id_or_name) is not None:
        return await get_row(session, principal, LLMClient, id_or_name, action)
    visible, ranks = within(principal, LLMClient), _ranks(principal)
    # what can be no name is not looked up: databases refuse some characters
    if not is_client_name(id_or_name):
        raise no_such(Thing.LLM_CLIENT, id_or_name)
    wanted = (
        select(LLMClient.id, ranks)
        .join(Account, col(Account.id) == LLMClient.account_id)
        .where(LLMClient.name == id_or_name, visible)
        .order_by(ranks)
        .limit(2)
    )
    found = (await session.exec(wanted)).all()
    if not found:
        raise no_such(Thing.LLM_CLIENT, id_or_name)
    if len(found) > 1 and found[0][1] == found[1][1]:
        raise Conflict(f"Several accounts have an LLM client {id_or_name!r}.", hint="Name it by its id.")
    return await get_row(session, principal, LLMClient, found[0][0], action)


async def account_numbers(session: AsyncSession, account_ids: Collection[UUID]) -> dict[UUID, str]:
    """The numbers of accounts, by their ids."""
    wanted = select(Account.id, Account.number).where(col(Account.id).in_(account_ids))
    return dict((await session.exec(wanted)).all())


def _ranks(principal: Principal) -> ColumnElement[int]:
    """The caller's own account first, then the platform's, then the rest."""
    own = [] if principal.account_id is None else [(col(LLMClient.account_id) == principal.account_id, 0)]
    return case(*own, (col(Account.is_platform), 1), else_=2)


def _taken(name: str) -> str:
    return f"The account has an LLM client {name!r} already."
