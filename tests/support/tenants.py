"""Accounts with people and keys, in a real database."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import SecretStr
from sqlmodel.ext.asyncio.session import AsyncSession

from promptdock.identity import Principal
from promptdock.store.accounts import create_account
from promptdock.store.charges import NewCharge
from promptdock.store.clients import add_client
from promptdock.store.database import Database
from promptdock.store.keys import create_key, find_principal, new_key
from promptdock.store.tables import Account, LLMClient
from promptdock.store.types import utc_now
from promptdock.store.users import create_user

__all__ = ["SECRET", "Person", "a_charge", "make_account", "make_client", "make_person"]

SECRET = SecretStr("a secret of the tests' own")


@dataclass(frozen=True)
class Person:
    """Somebody with a key."""

    principal: Principal
    key: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


def a_charge(account: Account, **columns: Any) -> NewCharge:
    """A row for the ledger that some account pays."""
    nobody = dict.fromkeys(("turn_id", "profile_id", "api_key_id", "llm_client_id"))
    known = {"kind": "completion", "request_id": "req", "account_id": account.id, "created_at": utc_now()}
    return NewCharge(**{**nobody, **known, **columns})


async def make_account(database: Database, name: str = "Acme", *, is_platform: bool = False) -> Account:
    """An account."""
    return await database.write(partial(create_account, name=name, is_platform=is_platform))


async def make_person(
    database: Database,
    account: Account,
    name: str,
    *,
    is_staff: bool = False,
    is_superuser: bool = False,
    secret: SecretStr = SECRET,
) -> Person:
    """A user in an account, with a key."""
    made = new_key(secret)

    async def work(session: AsyncSession) -> Principal:
        _, profile = await create_user(
            session, name=name, account_id=account.id, is_staff=is_staff, is_superuser=is_superuser
        )
        await create_key(session, made, profile_id=profile.id, name=f"{name}'s key")
        return await find_principal(session, made.digest)

    return Person(await database.write(work), made.key.get_secret_value())


async def make_client(database: Database, account: Account, name: str = "support", **columns: Any) -> LLMClient:
    """An LLM client."""

    async def work(session: AsyncSession) -> LLMClient:
        client = LLMClient(account_id=account.id, name=name, **columns)
        await add_client(session, client)
        return client

    return await database.write(work)
