"""Which keys open which LLM client. A client with keys is private to them and to the members of its account."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import exists, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import Conflict, Forbidden, Unprocessable
from ..identity import Principal
from ..rights import Thing, no_such, require_key
from .reading import within
from .tables import Account, ApiKey, LLMClient, LLMClientKey, Profile
from .types import utc_now
from .uniqueness import unique

__all__ = [
    "access_to",
    "attach_key",
    "attached_keys",
    "check_not_last_keys",
    "detach_key",
    "private_clients",
    "promptable",
]


async def access_to(
    session: AsyncSession, client: LLMClient, principal: Principal, *, by_host: bool, active_only: bool = False
) -> None:
    """Refuse callers who may not prompt an LLM client.

    A client without keys is open to everybody at its host names, and at them only. One with keys is private, also when
    all of its keys are inactive or expired, unless the operator wants it otherwise: switching a key off should not open
    a door.

    Args:
        session: The transaction.
        client: The client.
        principal: Who asks.
        by_host: Whether the client was found by its host name; else by its id or its name.
        active_only: Whether keys that are inactive or expired make nothing private.

    Raises:
        Unauthorized: A key is needed, and there is none.
        Forbidden: Another key is needed.
        NotFound: The client was asked for by id or name, and is another account's.
        Conflict: The client is switched off.
    """
    keys = await attached_keys(session, client.id, active_only=active_only)
    if keys or not by_host:
        await _check_caller(session, client, principal, keys, by_host=by_host)
    if not client.is_active:
        raise Conflict(f"The LLM client {client.name!r} is switched off.", code="llm_client_inactive")


async def _check_caller(
    session: AsyncSession, client: LLMClient, principal: Principal, keys: Sequence[UUID], *, by_host: bool
) -> None:
    require_key(principal)
    if principal.is_superuser or principal.account_id == client.account_id:
        return
    if not by_host and not await _is_platform(session, client.account_id):
        raise no_such(Thing.LLM_CLIENT)
    if keys and principal.api_key_id not in keys:
        raise Forbidden("This LLM client answers to keys of its own account only.")


async def promptable(session: AsyncSession, principal: Principal) -> Sequence[LLMClient]:
    """The LLM clients that a caller may prompt by name, in the order of their names."""
    seen = select(LLMClient).where(col(LLMClient.is_active), within(principal, LLMClient))
    clients = (await session.exec(seen.order_by(col(LLMClient.name), col(LLMClient.id)))).all()
    if principal.is_superuser:
        return clients
    foreign = [client.id for client in clients if client.account_id != principal.account_id]
    attached = select(LLMClientKey.llm_client_id, LLMClientKey.api_key_id).where(
        col(LLMClientKey.llm_client_id).in_(foreign)
    )
    keys: dict[UUID, set[UUID]] = {}
    for client_id, key_id in (await session.exec(attached)).all():
        keys.setdefault(client_id, set()).add(key_id)
    return [client for client in clients if principal.api_key_id in keys.get(client.id, {principal.api_key_id})]


async def attached_keys(session: AsyncSession, client_id: UUID, *, active_only: bool = False) -> Sequence[UUID]:
    """The ids of the keys that open an LLM client, inactive ones included unless only the others are wanted."""
    wanted = select(LLMClientKey.api_key_id).where(LLMClientKey.llm_client_id == client_id)
    if active_only:
        good = or_(col(ApiKey.expires_at).is_(None), col(ApiKey.expires_at) > utc_now())
        wanted = wanted.join(ApiKey, col(ApiKey.id) == LLMClientKey.api_key_id).where(col(ApiKey.is_active), good)
    return (await session.exec(wanted.order_by(col(LLMClientKey.api_key_id)))).all()


async def private_clients(session: AsyncSession, client_ids: Collection[UUID]) -> set[UUID]:
    """Those of some LLM clients that have keys."""
    wanted = select(LLMClientKey.llm_client_id).where(col(LLMClientKey.llm_client_id).in_(client_ids)).distinct()
    return set((await session.exec(wanted)).all())


async def attach_key(session: AsyncSession, client: LLMClient, key: ApiKey) -> None:
    """Let a key open an LLM client, which is private from then on.

    Raises:
        Unprocessable: The key belongs to another account.
        Conflict: It is attached already.
    """
    profile = await session.get_one(Profile, key.profile_id)
    if profile.account_id != client.account_id:
        raise Unprocessable("The key belongs to another account than the LLM client.", param="api_key_id")
    async with unique(session, "The key is attached to this LLM client already.", param="api_key_id"):
        session.add(LLMClientKey(llm_client_id=client.id, api_key_id=key.id))


async def detach_key(session: AsyncSession, client: LLMClient, key_id: UUID) -> None:
    """Take a key from an LLM client; without its last one it is open to everybody at its host names.

    Raises:
        NotFound: The key is not attached.
    """
    attached = await session.get(LLMClientKey, (client.id, key_id))
    if attached is None:
        raise no_such(Thing.API_KEY, key_id)
    await session.delete(attached)
    await session.flush()


async def check_not_last_keys(session: AsyncSession, keys: Sequence[UUID]) -> None:
    """Refuse to delete keys without which an LLM client would be open to everybody: nobody means that by it.

    Raises:
        Conflict: They are the last keys of an LLM client; names it.
    """
    theirs, other = LLMClientKey, LLMClientKey.__table__.alias()  # type: ignore[attr-defined]
    rest = exists().where(other.c.llm_client_id == LLMClient.id, other.c.api_key_id.not_in(keys))
    opened = select(LLMClient).where(
        exists().where(col(theirs.llm_client_id) == LLMClient.id, col(theirs.api_key_id).in_(keys))
    )
    # locked first: two transactions that each take one of two keys must not both find the other one left
    await session.exec(opened.with_for_update())
    last = (await session.exec(opened.where(~rest).order_by(col(LLMClient.name)))).first()
    if last is not None:
        raise Conflict(
            f"The LLM client {last.name!r} would be open to everybody without this key.",
            hint="Attach another key to it first; or detach this one, if that is what you want.",
            code="last_key",
        )


async def _is_platform(session: AsyncSession, account_id: UUID) -> bool:
    account = await session.get(Account, account_id)
    return account is not None and account.is_platform
