"""Who may prompt an LLM client, by host and by name."""

from __future__ import annotations

from functools import partial

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from promptdock.errors import Conflict, Forbidden, NotFound, PromptdockError, Unauthorized, Unprocessable
from promptdock.identity import ANONYMOUS_PRINCIPAL, OPERATOR, Principal
from promptdock.store.attachments import access_to, attach_key
from promptdock.store.database import Database
from promptdock.store.tables import ApiKey, LLMClient
from tests.support.tenants import Person, make_account, make_client, make_person

pytestmark = pytest.mark.anyio


async def attach(database: Database, client: LLMClient, person: Person) -> None:
    async def work(session: AsyncSession) -> None:
        await attach_key(session, client, await session.get_one(ApiKey, person.principal.api_key_id))

    await database.write(work)


async def answer(database: Database, client: LLMClient, principal: Principal, *, by_host: bool) -> type | None:
    """The error, or None for a caller who is let in."""
    try:
        await database.read(partial(access_to, client=client, principal=principal, by_host=by_host))
    except PromptdockError as error:
        return type(error)
    return None


async def test_t71_t72_a_client_without_keys_is_public_on_its_host_only(database: Database) -> None:
    account = await make_account(database)
    member = await make_person(database, account, "ann")
    outsider = await make_person(database, await make_account(database, "Other"), "eve")
    client = await make_client(database, account)

    for principal in (ANONYMOUS_PRINCIPAL, outsider.principal, member.principal, OPERATOR):
        assert await answer(database, client, principal, by_host=True) is None
    assert await answer(database, client, ANONYMOUS_PRINCIPAL, by_host=False) is Unauthorized
    assert await answer(database, client, outsider.principal, by_host=False) is NotFound
    assert await answer(database, client, member.principal, by_host=False) is None
    assert await answer(database, client, OPERATOR, by_host=False) is None


async def test_t73_a_client_with_keys_is_private(database: Database) -> None:
    account = await make_account(database)
    ann, bob = [await make_person(database, account, name) for name in ("ann", "bob")]
    outsider = await make_person(database, await make_account(database, "Other"), "eve")
    client = await make_client(database, account)
    await attach(database, client, ann)

    assert await answer(database, client, ANONYMOUS_PRINCIPAL, by_host=True) is Unauthorized
    assert await answer(database, client, outsider.principal, by_host=True) is Forbidden
    assert await answer(database, client, outsider.principal, by_host=False) is NotFound
    for member in (ann, bob):
        assert await answer(database, client, member.principal, by_host=True) is None
        assert await answer(database, client, member.principal, by_host=False) is None


async def test_t74_a_client_whose_only_key_is_switched_off_stays_private(database: Database) -> None:
    account = await make_account(database)
    ann = await make_person(database, account, "ann")
    client = await make_client(database, account)
    await attach(database, client, ann)

    async def switch_off(session: AsyncSession) -> None:
        (await session.get_one(ApiKey, ann.principal.api_key_id)).is_active = False

    await database.write(switch_off)

    assert await answer(database, client, ANONYMOUS_PRINCIPAL, by_host=True) is Unauthorized


async def test_t75_the_platforms_clients_answer_everybody_with_a_key(database: Database) -> None:
    platform = await make_account(database, "Platform", is_platform=True)
    owner = await make_person(database, platform, "ann")
    outsider = await make_person(database, await make_account(database, "Other"), "eve")
    client = await make_client(database, platform)

    assert await answer(database, client, ANONYMOUS_PRINCIPAL, by_host=False) is Unauthorized
    assert await answer(database, client, outsider.principal, by_host=False) is None

    await attach(database, client, owner)
    assert await answer(database, client, outsider.principal, by_host=False) is Forbidden
    assert await answer(database, client, owner.principal, by_host=False) is None


async def test_a_client_that_is_switched_off_answers_nobody(database: Database) -> None:
    account = await make_account(database)
    client = await make_client(database, account, is_active=False)
    ann = await make_person(database, account, "ann")

    assert await answer(database, client, ann.principal, by_host=False) is Conflict


async def test_t28_another_accounts_key_cannot_be_attached(database: Database) -> None:
    client = await make_client(database, await make_account(database))
    eve = await make_person(database, await make_account(database, "Other"), "eve")

    with pytest.raises(Unprocessable, match="another account"):
        await attach(database, client, eve)


async def test_a_key_is_attached_once(database: Database) -> None:
    account = await make_account(database)
    client = await make_client(database, account)
    ann = await make_person(database, account, "ann")
    await attach(database, client, ann)

    with pytest.raises(Conflict, match="attached to this LLM client already"):
        await attach(database, client, ann)
