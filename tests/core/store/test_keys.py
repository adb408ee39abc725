"""API keys: shown once, stored as a hash, refused at once when they are switched off."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from promptdock.errors import Conflict, Unauthorized
from promptdock.store.attachments import attach_key, attached_keys, detach_key
from promptdock.store.database import Database
from promptdock.store.keys import KeyAuthenticator, delete_key, new_key
from promptdock.store.secret import keyed_digest
from promptdock.store.tables import Account, ApiKey, LLMClient, Row, User
from promptdock.store.types import utc_now
from promptdock.store.users import delete_user
from tests.support.tenants import SECRET, Person, make_account, make_client, make_person

pytestmark = pytest.mark.anyio


async def set_columns(database: Database, table: type[Row], row_id: Any, **columns: Any) -> None:
    async def work(session: AsyncSession) -> None:
        (await session.get_one(table, row_id)).sqlmodel_update(columns)

    await database.write(work)


async def stored_key(database: Database, person: Person) -> ApiKey:
    async def work(session: AsyncSession) -> ApiKey:
        return await session.get_one(ApiKey, person.principal.api_key_id)

    return await database.read(work)


def test_a_key_is_not_in_what_is_stored_of_it() -> None:
    made = new_key(SECRET)
    key = made.key.get_secret_value()

    assert key.startswith("pd_")
    assert len(key) > 40
    assert made.hint == key[-4:]
    assert made.digest == keyed_digest(SECRET, key)
    assert key not in repr(made)
    assert made.digest != new_key(SECRET).digest


async def test_a_key_leads_to_its_owner(database: Database) -> None:
    account = await make_account(database)
    ann = await make_person(database, account, "ann", is_staff=True)

    found = await KeyAuthenticator(database, SECRET).find(ann.key)

    assert found == ann.principal
    assert found.name == f"ann@{account.number}"
    assert (found.account_id, found.is_staff, found.is_superuser) == (account.id, True, False)


async def test_an_unknown_key_is_refused(database: Database) -> None:
    with pytest.raises(Unauthorized) as caught:
        await KeyAuthenticator(database, SECRET).find("pd_nobodys")
    assert caught.value.code == "invalid_api_key"


@pytest.mark.parametrize("what", ["key", "user", "account"])
async def test_t73_an_inactive_key_is_refused_at_once(database: Database, what: str) -> None:
    account = await make_account(database)
    ann = await make_person(database, account, "ann")
    authenticator = KeyAuthenticator(database, SECRET)
    assert await authenticator.find(ann.key) == ann.principal

    owner = ann.principal
    places: dict[str, tuple[type[Row], Any]] = {
        "key": (ApiKey, owner.api_key_id),
        "user": (User, owner.user_id),
        "account": (Account, account.id),
    }
    table, row_id = places[what]
    await set_columns(database, table, row_id, is_active=False)

    with pytest.raises(Unauthorized) as caught:
        await authenticator.find(ann.key)
    assert caught.value.code == "inactive_api_key"


async def test_an_expired_key_is_refused(database: Database) -> None:
    ann = await make_person(database, await make_account(database), "ann")
    await set_columns(database, ApiKey, ann.principal.api_key_id, expires_at=utc_now() + timedelta(hours=1))
    authenticator = KeyAuthenticator(database, SECRET)
    assert await authenticator.find(ann.key) == ann.principal

    await set_columns(database, ApiKey, ann.principal.api_key_id, expires_at=utc_now())

    with pytest.raises(Unauthorized) as caught:
        await authenticator.find(ann.key)
    assert caught.value.code == "expired_api_key"


async def test_the_last_use_is_noted_once_a_minute(database: Database) -> None:
    ann = await make_person(database, await make_account(database), "ann")
    authenticator = KeyAuthenticator(database, SECRET)

    await authenticator.find(ann.key)
    first = (await stored_key(database, ann)).last_used_at
    await authenticator.find(ann.key)
    assert first is not None
    assert (await stored_key(database, ann)).last_used_at == first

    await set_columns(database, ApiKey, ann.principal.api_key_id, last_used_at=first - timedelta(seconds=61))
    other = Database(database.url)  # as another process has it
    await KeyAuthenticator(other, SECRET).find(ann.key)
    await other.aclose()
    assert ((await stored_key(database, ann)).last_used_at or first) >= first


async def attached(database: Database, client: LLMClient, *people: Person) -> None:
    async def work(session: AsyncSession) -> None:
        for one in people:
            await attach_key(session, client, await session.get_one(ApiKey, one.principal.api_key_id))

    await database.write(work)


async def test_the_last_key_of_a_client_is_not_deleted_by_the_way(database: Database) -> None:
    account = await make_account(database)
    ann, bob = [await make_person(database, account, name) for name in ("ann", "bob")]
    client = await make_client(database, account)
    await attached(database, client, ann, bob)

    async def delete(session: AsyncSession, person: Person) -> None:
        await delete_key(session, await session.get_one(ApiKey, person.principal.api_key_id))

    await database.write(partial(delete, person=ann))
    with pytest.raises(Conflict, match="'support' would be open to everybody"):
        await database.write(partial(delete, person=bob))

    async def delete_bob(session: AsyncSession) -> None:
        await delete_user(session, await session.get_one(User, bob.principal.user_id))

    with pytest.raises(Conflict, match="'support' would be open"):
        await database.write(delete_bob)
    assert await database.read(partial(attached_keys, client_id=client.id)) == [bob.principal.api_key_id]

    async def detach(session: AsyncSession) -> None:
        await detach_key(session, client, (await attached_keys(session, client.id))[0])

    await database.write(detach)
    await database.write(delete_bob)

    async def left(session: AsyncSession) -> list[User]:
        return list((await session.exec(select(User))).all())

    assert [user.name for user in await database.read(left)] == ["ann"]
