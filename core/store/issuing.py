"""Keys that whoever has the machine gives out, with the user and the account that they need."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from pydantic import SecretStr
from sqlalchemy import or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import BadRequest, Conflict, NotFound
from .accounts import account_by_number, create_account
from .keys import NewKey, create_key, update_key
from .tables import Account, ApiKey, Fact, Profile, User
from .types import utc_now
from .users import create_user, get_profile, profiles_of, put_profile

__all__ = ["IssuedKey", "issue_first_key", "issue_key", "issued_keys", "opens_to_somebody", "revoke_key"]

_FIRST_ACCOUNT: Final = "Default"
_FIRST_USER: Final = "admin"
_FIRST_KEY: Final = "first key"
_MOST_TOLD: Final = 20
"""Accounts that a message names."""


class IssuedKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key with whose it is.

    Attributes:
        row: What is stored of it.
        user: Its owner.
        account: Where its owner acts with it.
        key: The key itself, when it was made just now.
    """

    row: ApiKey
    user: User
    account: Account
    key: SecretStr | None = None

    @property
    def works(self) -> bool:
        """Whether it is accepted now."""
        active = self.row.is_active and self.user.is_active and self.account.is_active
        return active and (self.row.expires_at is None or self.row.expires_at > utc_now())


async def issue_first_key(session: AsyncSession, made: NewKey) -> IssuedKey | None:
    """Make the first account, its user and their key, when there is no user yet.

    Args:
        session: The transaction. Of several that begin at the same time, one makes them.
        made: The key.

    Returns:
        The key; None when there is a user.
    """
    if not await _nobody_yet(session):
        return None
    account = await create_account(session, name=_FIRST_ACCOUNT)
    return await issue_key(session, made, user=_FIRST_USER, account=account.number, name=_FIRST_KEY)


async def issue_key(
    session: AsyncSession,
    made: NewKey,
    *,
    user: str,
    account: str | None = None,
    name: str,
    expires_at: datetime | None = None,
) -> IssuedKey:
    """Make a key for a user, who is made when there is none of that name. The very first is a superuser.

    Args:
        session: The transaction.
        made: The key.
        user: Name of the user.
        account: Number of the account that the key is for; None when there is only one that it can be.
        name: What the key is called.
        expires_at: From when on it is refused; aware.

    Raises:
        NotFound: There is no such account.
        BadRequest: It could be for several accounts, and none was named.
        Conflict: The user or the account is switched off, so that the key would open nothing.
    """
    is_first = await _nobody_yet(session)
    owner = (await session.exec(select(User).where(col(User.name) == user))).first()
    place = await _account_for(session, owner, account)
    if owner is None:
        owner, profile = await create_user(
            session, name=user, account_id=place.id, is_staff=is_first, is_superuser=is_first
        )
    else:
        _check_active(owner.is_active, f"The user {owner.name!r}")
        known = await get_profile(session, owner.id, place.id)
        profile = known or await put_profile(session, owner.id, place.id, is_staff=False)
    _check_active(place.is_active, f"The account {place.number}")
    row = await create_key(session, made, profile_id=profile.id, name=name, expires_at=expires_at)
    return IssuedKey(row=row, user=owner, account=place, key=made.key)


async def issued_keys(session: AsyncSession, key_id: UUID | None = None) -> Sequence[IssuedKey]:
    """Every key, oldest first; or the one of an id, if there is one."""
    wanted = (
        select(ApiKey, User, Account)
        .join(Profile, col(Profile.id) == ApiKey.profile_id)
        .join(User, col(User.id) == Profile.user_id)
        .join(Account, col(Account.id) == Profile.account_id)
        .order_by(col(ApiKey.id))
    )
    if key_id is not None:
        wanted = wanted.where(ApiKey.id == key_id)
    return [IssuedKey(row=row, user=user, account=place) for row, user, place in (await session.exec(wanted)).all()]


async def revoke_key(session: AsyncSession, key_id: UUID) -> IssuedKey:
    """Switch a key off. It is refused from then on; its row stays, and LLM clients that had it stay private.

    Raises:
        NotFound: There is no such key.
    """
    found = await issued_keys(session, key_id)
    if not found:
        raise NotFound(f"There is no key with the id {key_id}.", hint="Run 'promptdock keys list' to see all keys.")
    await update_key(session, found[0].row, {"is_active": False})
    return found[0]


async def opens_to_somebody(session: AsyncSession) -> bool:
    """Whether there is a key that is accepted now."""
    wanted = (
        select(ApiKey.id)
        .join(Profile, col(Profile.id) == ApiKey.profile_id)
        .join(User, col(User.id) == Profile.user_id)
        .join(Account, col(Account.id) == Profile.account_id)
        .where(ApiKey.is_active, User.is_active, Account.is_active)
        .where(or_(col(ApiKey.expires_at).is_(None), col(ApiKey.expires_at) > utc_now()))
        .limit(1)
    )
    return (await session.exec(wanted)).first() is not None


async def _nobody_yet(session: AsyncSession) -> bool:
    """Whether there is no user. Who asks holds off all others who ask, up to the end of the transaction."""
    await session.exec(select(Fact.name).with_for_update())  # the secret's fingerprint is there before any key
    return (await session.exec(select(User.id).limit(1))).first() is None


async def _account_for(session: AsyncSession, owner: User | None, number: str | None) -> Account:
    """The account that a key is for: the one that is named, else the only one that it can be."""
    if number is not None:
        named = await account_by_number(session, number)
        if named is None:
            known = _told(await _accounts(session))
            raise NotFound(f"There is no account {number[:40]!r}.", hint=f"There is {known or 'none at all'}.")
        return named
    own = () if owner is None else await profiles_of(session, [owner.id])
    possible = [place for _, place in own] or await _accounts(session)
    if not possible:
        return await create_account(session, name=_FIRST_ACCOUNT)
    if len(possible) > 1:
        raise BadRequest(f"The key could be for several accounts: {_told(possible)}.", hint="Name one with --account.")
    return possible[0]


async def _accounts(session: AsyncSession) -> Sequence[Account]:
    return (await session.exec(select(Account).order_by(col(Account.id)).limit(_MOST_TOLD))).all()


def _told(accounts: Sequence[Account]) -> str:
    return ", ".join(f"{place.number} ({place.name})" for place in accounts)


def _check_active(active: bool, what: str) -> None:
    if not active:
        raise Conflict(f"{what} is switched off: its keys open nothing.", hint="Switch it on over the API first.")
