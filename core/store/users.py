"""Users, and their profiles: one for each account that a user acts in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from .attachments import check_not_last_keys
from .tables import Account, ApiKey, Profile, User
from .types import utc_now
from .uniqueness import unique

__all__ = ["create_user", "delete_profile", "delete_user", "get_profile", "profiles_of", "put_profile", "update_user"]


async def create_user(
    session: AsyncSession,
    *,
    name: str,
    account_id: UUID,
    is_staff: bool = False,
    email: str | None = None,
    is_superuser: bool = False,
) -> tuple[User, Profile]:
    """Make a user with a profile in an account.

    Args:
        session: The transaction.
        name: Unique everywhere.
        account_id: The account.
        is_staff: Whether the user may write everything in it.
        email: An address.
        is_superuser: Whether the user may do everything everywhere.

    Raises:
        Conflict: The name is taken.
    """
    user = User(name=name, email=email, is_superuser=is_superuser)
    async with unique(session, f"There is a user {name!r} already."):
        session.add(user)
    return user, await put_profile(session, user.id, account_id, is_staff=is_staff)


async def update_user(session: AsyncSession, user: User, changes: dict[str, Any]) -> None:
    """Change columns of a user.

    Raises:
        Conflict: The new name is taken.
    """
    async with unique(session, f"There is a user {changes.get('name')!r} already."):
        user.sqlmodel_update({**changes, "updated_at": utc_now()})
        session.add(user)


async def get_profile(session: AsyncSession, user_id: UUID, account_id: UUID) -> Profile | None:
    """A user's profile in an account; None when there is none."""
    wanted = select(Profile).where(Profile.user_id == user_id, Profile.account_id == account_id)
    return (await session.exec(wanted)).first()


async def put_profile(session: AsyncSession, user_id: UUID, account_id: UUID, *, is_staff: bool | None) -> Profile:
    """Make a user's profile in an account, or change it.

    Args:
        session: The transaction.
        user_id: The user.
        account_id: The account.
        is_staff: Whether the user may write everything in it; None leaves that as it is, and a new profile without.

    Raises:
        Conflict: Somebody else made it at this moment.
    """
    profile = await get_profile(session, user_id, account_id) or Profile(user_id=user_id, account_id=account_id)
    if is_staff is not None:
        profile.is_staff = is_staff
    async with unique(session, "The user was added to the account just now.", param="account_id"):
        session.add(profile)
    return profile


async def profiles_of(session: AsyncSession, user_ids: Sequence[UUID]) -> Sequence[tuple[Profile, Account]]:
    """The profiles of users, each with its account."""
    wanted = (
        select(Profile, Account)
        .join(Account, col(Account.id) == Profile.account_id)
        .where(col(Profile.user_id).in_(user_ids))
        .order_by(col(Profile.id))
    )
    return (await session.exec(wanted)).all()


async def delete_profile(session: AsyncSession, profile: Profile) -> None:
    """Take a user out of an account; their keys there go, what they made stays.

    Raises:
        Conflict: An LLM client would be open to everybody without the keys.
    """
    await _check_keys(session, [profile.id])
    await session.delete(profile)
    await session.flush()


async def delete_user(session: AsyncSession, user: User) -> None:
    """Delete a user, their profiles and their keys; what they made stays.

    Raises:
        Conflict: An LLM client would be open to everybody without the keys.
    """
    profiles = (await session.exec(select(Profile.id).where(Profile.user_id == user.id))).all()
    await _check_keys(session, profiles)
    await session.delete(user)
    await session.flush()


async def _check_keys(session: AsyncSession, profiles: Sequence[UUID]) -> None:
    keys = (await session.exec(select(ApiKey.id).where(col(ApiKey.profile_id).in_(profiles)))).all()
    await check_not_last_keys(session, keys)
