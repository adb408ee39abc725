"""Keys that whoever has the machine gives out."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from promptdock.errors import BadRequest, Conflict, NotFound
from promptdock.settings import Settings
from promptdock.store.database import Database
from promptdock.store.issuing import (
    IssuedKey,
    issue_first_key,
    issue_key,
    issued_keys,
    opens_to_somebody,
    revoke_key,
)
from promptdock.store.keys import KeyAuthenticator, new_key
from promptdock.store.secret import server_secret
from promptdock.store.tables import Account, ApiKey, Row, User
from promptdock.store.types import utc_now
from tests.support.tenants import SECRET, make_account

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def _secret(database: Database) -> None:
    """The database knows the secret, as it does once a server has started."""
    await server_secret(Settings(secret_key=SECRET), database)


async def issue(database: Database, user: str, **further: Any) -> IssuedKey:
    return await database.write(partial(issue_key, made=new_key(SECRET), user=user, name="a key", **further))


async def first(database: Database) -> IssuedKey | None:
    return await database.write(partial(issue_first_key, made=new_key(SECRET)))


async def switch_off(database: Database, table: type[Row], row_id: Any) -> None:
    async def work(session: AsyncSession) -> None:
        (await session.get_one(table, row_id)).sqlmodel_update({"is_active": False})

    await database.write(work)


async def test_of_several_that_begin_together_one_makes_the_first_account(database: Database) -> None:
    """Its key opens everything."""
    made = [key for key in await asyncio.gather(*(first(database) for _ in range(8))) if key is not None]

    assert len(made) == len(await database.read(issued_keys)) == 1
    (key,) = made
    assert key.key is not None
    found = await KeyAuthenticator(database, SECRET).find(key.key.get_secret_value())
    assert (found.name, found.is_superuser, found.is_staff) == (f"admin@{key.account.number}", True, True)
    assert (key.account.name, key.account.is_platform) == ("Default", False)


async def test_of_several_first_users_one_is_a_superuser(database: Database) -> None:
    """Even when they come at the same time; and all act in the one account."""
    made = await asyncio.gather(*(issue(database, f"user{number}") for number in range(6)))

    assert sum(key.user.is_superuser for key in made) == 1
    assert len({key.account.id for key in made}) == 1


async def test_the_first_account_is_one_of_its_own(database: Database) -> None:
    """Whatever accounts the operator made before."""
    await make_account(database, "Acme")
    await make_account(database, "Other")

    key = await first(database)

    assert key is not None
    assert key.account.name == "Default"
    assert await first(database) is None


async def test_a_key_needs_an_account_that_is_meant(database: Database) -> None:
    acme, other = await make_account(database, "Acme"), await make_account(database, "Other")

    with pytest.raises(BadRequest, match=rf"several accounts: {acme.number} \(Acme\), {other.number} \(Other\)"):
        await issue(database, "ann")
    with pytest.raises(NotFound, match="There is no account '0000'"):
        await issue(database, "ann", account="0000")
    assert (await issue(database, "ann", account=acme.number)).account.id == acme.id
    assert (await issue(database, "ann")).account.id == acme.id


@pytest.mark.parametrize("table", [User, Account])
async def test_no_key_is_made_that_opens_nothing(database: Database, table: type[Row]) -> None:
    key = await issue(database, "ann")
    await switch_off(database, table, key.user.id if table is User else key.account.id)

    with pytest.raises(Conflict, match="is switched off"):
        await issue(database, "ann")
    assert len(await database.read(issued_keys)) == 1


async def test_whether_anybody_could_come_in(database: Database) -> None:
    """Only with a key that is accepted now, of somebody and in an account that are active."""
    assert not await database.read(opens_to_somebody)
    await issue(database, "ann", expires_at=utc_now() - timedelta(seconds=1))
    assert not await database.read(opens_to_somebody)
    for table in (ApiKey, User, Account):
        key = await issue(database, f"user-{table.__tablename__}", account=(await make_account(database)).number)
        assert await database.read(opens_to_somebody)
        row = {ApiKey: key.row, User: key.user, Account: key.account}[table]
        await switch_off(database, table, row.id)
        assert not await database.read(opens_to_somebody)
    assert [key.works for key in await database.read(issued_keys)] == [False] * 4


async def test_a_revoked_key_stays_in_the_list(database: Database) -> None:
    key = await issue(database, "ann")

    assert not (await database.write(partial(revoke_key, key_id=key.row.id))).works
    assert not (await database.write(partial(revoke_key, key_id=key.row.id))).works
    assert [(one.row.id, one.works) for one in await database.read(issued_keys)] == [(key.row.id, False)]
    with pytest.raises(NotFound, match="promptdock keys list"):
        await database.write(partial(revoke_key, key_id=key.user.id))
