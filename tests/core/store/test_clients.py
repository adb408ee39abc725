"""LLM clients: found by id or name within what a caller may see."""

from __future__ import annotations

from functools import partial

import pytest

from promptdock.errors import Conflict, Forbidden, NotFound, Unauthorized
from promptdock.identity import ANONYMOUS_PRINCIPAL, OPERATOR, Principal
from promptdock.rights import Action
from promptdock.store.clients import find_client, update_client
from promptdock.store.database import Database
from promptdock.store.tables import LLMClient
from tests.support.tenants import make_account, make_client, make_person

pytestmark = pytest.mark.anyio


async def found(database: Database, principal: Principal, name: str, action: Action = Action.READ) -> LLMClient:
    return await database.read(partial(find_client, principal=principal, id_or_name=name, action=action))


async def test_t78_of_two_clients_of_one_name_the_own_accounts_is_chosen(database: Database) -> None:
    platform = await make_account(database, "Platform", is_platform=True)
    mine, other = await make_account(database, "Mine"), await make_account(database, "Other")
    platforms = await make_client(database, platform)
    await make_client(database, other)
    ann = await make_person(database, mine, "ann")

    assert (await found(database, ann.principal, "support")).id == platforms.id

    own = await make_client(database, mine)
    assert (await found(database, ann.principal, "support")).id == own.id
    assert (await found(database, ann.principal, str(platforms.id))).id == platforms.id


async def test_another_accounts_client_does_not_exist(database: Database) -> None:
    client = await make_client(database, await make_account(database))
    eve = await make_person(database, await make_account(database, "Other"), "eve", is_staff=True)

    for name in ("support", str(client.id)):
        with pytest.raises(NotFound, match="There is no LLM client"):
            await found(database, eve.principal, name)
        with pytest.raises(Unauthorized):
            await found(database, ANONYMOUS_PRINCIPAL, name)


async def test_t76_a_plain_user_does_not_write_a_colleagues_client(database: Database) -> None:
    account = await make_account(database)
    ann, bob = [await make_person(database, account, name) for name in ("ann", "bob")]
    boss = await make_person(database, account, "boss", is_staff=True)
    client = await make_client(database, account, profile_id=ann.principal.profile_id)

    for writer in (ann, boss):
        assert (await found(database, writer.principal, "support", Action.UPDATE)).id == client.id
    assert (await found(database, bob.principal, "support")).id == client.id
    with pytest.raises(Forbidden):
        await found(database, bob.principal, "support", Action.UPDATE)


async def test_the_operator_names_a_client_by_name_as_long_as_it_is_the_only_one(database: Database) -> None:
    client = await make_client(database, await make_account(database))
    assert (await found(database, OPERATOR, "support")).id == client.id

    await make_client(database, await make_account(database, "Other"))
    with pytest.raises(Conflict, match="Several accounts"):
        await found(database, OPERATOR, "support")


async def test_a_name_is_taken_once_in_an_account(database: Database) -> None:
    account = await make_account(database)
    await make_client(database, account)
    second = await make_client(database, account, "sales")

    with pytest.raises(Conflict, match="'support' already"):
        await make_client(database, account)
    with pytest.raises(Conflict, match="'support' already"):
        await database.write(partial(update_client, client=second, changes={"name": "support"}))
