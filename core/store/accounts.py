"""Accounts: who pays for, owns and may see what."""

from __future__ import annotations

import secrets
from typing import Any, Final

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import Conflict
from .tables import Account
from .types import utc_now

__all__ = ["account_by_number", "create_account", "update_account"]

_TRIES: Final = 20


async def create_account(session: AsyncSession, *, name: str, is_platform: bool = False) -> Account:
    """Make an account, with a number that nobody has.

    Args:
        session: The transaction.
        name: What people call it.
        is_platform: Whether its LLM clients may be read and prompted by everybody with a key.

    Raises:
        Conflict: No free number was found; there are 10¹² of them.
    """
    for _ in range(_TRIES):
        number = _random_number()
        if await account_by_number(session, number) is None:
            account = Account(number=number, name=name, is_platform=is_platform)
            session.add(account)
            await session.flush()
            return account
    raise Conflict("No free account number was found.", hint="Try again.")


async def account_by_number(session: AsyncSession, number: str) -> Account | None:
    """Find an account by its number, ``dddd-dddd-dddd``; None when there is none."""
    return (await session.exec(select(Account).where(col(Account.number) == number))).first()


async def update_account(session: AsyncSession, account: Account, changes: dict[str, Any]) -> None:
    """Change columns of an account."""
    account.sqlmodel_update({**changes, "updated_at": utc_now()})
    session.add(account)
    await session.flush()


def _random_number() -> str:
    digits = f"{secrets.randbelow(10**12):012}"
    return f"{digits[:4]}-{digits[4:8]}-{digits[8:]}"
