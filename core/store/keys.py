"""API keys: made once, shown once, stored as a keyed hash, and found by it."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec
from pydantic import SecretStr
from sqlalchemy import or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import Unauthorized
from ..identity import Principal, PrincipalKind
from .attachments import check_not_last_keys
from .secret import KeyedDigest, keyed_digest
from .tables import Account, ApiKey, Profile, User
from .types import utc_now

if TYPE_CHECKING:
    from .database import Database

__all__ = [
    "KeyAuthenticator",
    "KeyOwner",
    "NewKey",
    "create_key",
    "delete_key",
    "find_principal",
    "new_key",
    "owner_of",
    "owners_of",
    "update_key",
]

_PREFIX: Final = "pd_"
_USED_EVERY: Final = timedelta(minutes=1)
"""How exact ``last_used_at`` is: a write for each request would cost more than most requests."""


class NewKey(msgspec.Struct, frozen=True):
    """A key that was just made.

    Attributes:
        key: The key itself; it is shown to its owner once, and kept nowhere.
        digest: What is stored of it.
        hint: Its last four characters.
    """

    key: SecretStr
    digest: str
    hint: str


class KeyOwner(msgspec.Struct, frozen=True, kw_only=True):
    """Whose a key is.

    Attributes:
        profile_id: The profile.
        account_id: Its account.
        name: ``user@account number``.
        is_superuser: Whether the key opens everything.
    """

    profile_id: UUID
    account_id: UUID
    name: str
    is_superuser: bool


def new_key(secret: SecretStr) -> NewKey:
    """Make a key that nobody can guess.

    Args:
        secret: The server's secret.
    """
    key = f"{_PREFIX}{secrets.token_urlsafe(32)}"
    return NewKey(SecretStr(key), keyed_digest(secret, key), key[-4:])


async def create_key(
    session: AsyncSession,
    made: NewKey,
    *,
    profile_id: UUID,
    name: str,
    description: str = "",
    expires_at: datetime | None = None,
    is_active: bool = True,
) -> ApiKey:
    """Store a key.

    Args:
        session: The transaction.
        made: The key.
        profile_id: Whose it is.
        name: What its owner calls it.
        description: What it is for.
        expires_at: From when on it is refused; aware.
        is_active: Whether it is accepted.
    """
    row = ApiKey(
        profile_id=profile_id,
        name=name,
        description=description,
        digest=made.digest,
        hint=made.hint,
        expires_at=expires_at,
        is_active=is_active,
    )
    session.add(row)
    await session.flush()
    return row


async def update_key(session: AsyncSession, key: ApiKey, changes: dict[str, Any]) -> None:
    """Change columns of a key."""
    key.sqlmodel_update({**changes, "updated_at": utc_now()})
    session.add(key)
    await session.flush()


async def delete_key(session: AsyncSession, key: ApiKey) -> None:
    """Delete a key, which opens nothing from then on.

    Raises:
        Conflict: It is the last key of an LLM client, which would be open to everybody without it.
    """
    await check_not_last_keys(session, [key.id])
    await session.delete(key)
    await session.flush()


async def owners_of(session: AsyncSession, profile_ids: Collection[UUID]) -> dict[UUID, KeyOwner]:
    """Who the owners of keys are, by the ids of their profiles."""
    wanted = (
        select(Profile, User, Account)
        .join(User, col(User.id) == Profile.user_id)
        .join(Account, col(Account.id) == Profile.account_id)
        .where(col(Profile.id).in_(profile_ids))
    )
    return {
        profile.id: KeyOwner(
            profile_id=profile.id,
            account_id=account.id,
            name=_name(user, account),
            is_superuser=user.is_superuser,
        )
        for profile, user, account in (await session.exec(wanted)).all()
    }


async def owner_of(session: AsyncSession, profile_id: UUID) -> KeyOwner | None:
    """The same for one profile; None when there is no such profile."""
    return (await owners_of(session, [profile_id])).get(profile_id)


async def find_principal(session: AsyncSession, digest: str) -> Principal:
    """Find whose key it is.

    Args:
        session: The transaction.
        digest: Keyed hash of the key.

    Raises:
        Unauthorized: There is no such key; or it, its user or its account is inactive; or it has expired.
    """
    known = await _found(session, digest)
    _check_unexpired(known, utc_now())
    return known.principal


class _KnownKey(msgspec.Struct, frozen=True):
    """A key that is good, as far as the configuration says."""

    principal: Principal
    expires_at: datetime | None
    last_used_at: datetime | None


class KeyAuthenticator:
    """Finds callers by their keys. What is remembered is asked for again as soon as anything about keys changes.

    Args:
        database: Where the keys are.
        secret: The server's secret.
    """

    def __init__(self, database: Database, secret: SecretStr) -> None:
        self._database = database
        self._digest = KeyedDigest(secret)
        self._used: dict[str, datetime] = {}

    async def find(self, key: str) -> Principal:
        """Find whose key it is.

        Args:
            key: As it was sent.

        Raises:
            Unauthorized: The key is not good; its code says why.
            StoreUnavailable: The database cannot be reached.
        """
        digest = self._digest.of(key)
        answers = await self._database.configuration.current()
        known = await answers.get(("key", digest), partial(_found, digest=digest))
        now = utc_now()
        _check_unexpired(known, now)
        used = self._used.get(digest, known.last_used_at)
        if used is None or now - used >= _USED_EVERY:
            self._used[digest] = now
            await self._database.write(partial(_touch, digest=digest, now=now))
        return known.principal


async def _found(session: AsyncSession, digest: str) -> _KnownKey:
    wanted = (
        select(ApiKey, Profile, User, Account)
        .join(Profile, col(Profile.id) == ApiKey.profile_id)
        .join(User, col(User.id) == Profile.user_id)
        .join(Account, col(Account.id) == Profile.account_id)
        .where(ApiKey.digest == digest)
    )
    found = (await session.exec(wanted)).first()
    if found is None:
        raise Unauthorized("The key in the Authorization header is not one of this server's.")
    key, profile, user, account = found
    if not (key.is_active and user.is_active and account.is_active):
        raise Unauthorized("The key in the Authorization header is not active.", code="inactive_api_key")
    principal = Principal(
        kind=PrincipalKind.USER,
        name=_name(user, account),
        account_id=account.id,
        account_number=account.number,
        profile_id=profile.id,
        user_id=user.id,
        api_key_id=key.id,
        is_staff=profile.is_staff,
        is_superuser=user.is_superuser,
    )
    return _KnownKey(principal, key.expires_at, key.last_used_at)


def _check_unexpired(known: _KnownKey, now: datetime) -> None:
    if known.expires_at is not None and known.expires_at <= now:
        raise Unauthorized("The key in the Authorization header has expired.", code="expired_api_key")


def _name(user: User, account: Account) -> str:
    return f"{user.name}@{account.number}"


async def _touch(session: AsyncSession, digest: str, now: datetime) -> None:
    """Note that a key was used; of those who do so at the same time, one does."""
    stale = or_(col(ApiKey.last_used_at).is_(None), col(ApiKey.last_used_at) <= now - _USED_EVERY)
    await session.exec(update(ApiKey).where(col(ApiKey.digest) == digest, stale).values(last_used_at=now))
