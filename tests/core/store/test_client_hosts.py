"""Host names that lead to LLM clients."""

from __future__ import annotations

from functools import partial
from uuid import UUID

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from promptdock.errors import Conflict, Unprocessable
from promptdock.hosts import HostForms
from promptdock.store.accounts import update_account
from promptdock.store.client_hosts import find_at_host
from promptdock.store.clients import update_client
from promptdock.store.database import Database
from promptdock.store.domains import create_domain, mark_verified
from promptdock.store.tables import Account, CustomDomain
from tests.support.tenants import make_account, make_client

pytestmark = pytest.mark.anyio

FORMS = HostForms.of("api.example.com")


async def at(database: Database, host: str) -> UUID | None:
    client = await database.read(partial(find_at_host, host=host, forms=FORMS))
    return None if client is None else client.id


async def claim(database: Database, account: Account, name: str, client: UUID | None = None) -> CustomDomain:
    return await database.write(
        partial(create_domain, account_id=account.id, profile_id=None, name=name, token="t", llm_client_id=client)
    )


async def verify(database: Database, domain: CustomDomain) -> None:
    async def work(session: AsyncSession) -> None:
        await mark_verified(session, await session.get_one(CustomDomain, domain.id), "dns")

    await database.write(work)


async def test_t77_names_with_hyphens_lead_to_exactly_their_client(database: Database) -> None:
    mine, other = await make_account(database), await make_account(database, "Other")
    short = await make_client(database, mine, "customer")
    long = await make_client(database, mine, "customer-support")
    others = await make_client(database, other, "customer-support")

    assert await at(database, f"customer-support.{mine.number}.api.example.com") == long.id
    assert await at(database, f"customer.{mine.number}.api.example.com") == short.id
    assert await at(database, f"customer-support.{other.number}.api.example.com") == others.id
    for nobody in (
        f"customer.{other.number}.api.example.com",
        f"x.customer.{mine.number}.api.example.com",
        f"{mine.number}.api.example.com",
        "customer.0000-0000-0000.api.example.com",
        "api.example.com",
    ):
        assert await at(database, nobody) is None


async def test_t77_a_custom_domain_leads_nowhere_until_it_is_verified(database: Database) -> None:
    account = await make_account(database)
    client = await make_client(database, account, "customer-support")
    domain = await claim(database, account, "chat.acme.example", client.id)
    assert await at(database, "chat.acme.example") is None
    assert await at(database, "customer-support.chat.acme.example") is None

    await verify(database, domain)

    assert await at(database, "chat.acme.example") == client.id
    assert await at(database, "customer-support.chat.acme.example") == client.id
    assert await at(database, "support.chat.acme.example") is None
    assert await at(database, "acme.example") is None


async def test_a_domain_leads_to_clients_of_its_own_account_only(database: Database) -> None:
    mine, other = await make_account(database), await make_account(database, "Other")
    others = await make_client(database, other, "sales")
    await verify(database, await claim(database, mine, "acme.example"))

    assert await at(database, "sales.acme.example") is None
    with pytest.raises(Unprocessable, match="no such LLM client"):
        await claim(database, mine, "chat.acme.example", others.id)


@pytest.mark.parametrize("column", ["is_deployed", "is_active"])
async def test_a_client_that_is_not_deployed_or_not_active_is_not_at_its_hosts(database: Database, column: str) -> None:
    account = await make_account(database)
    client = await make_client(database, account)
    await verify(database, await claim(database, account, "acme.example", client.id))
    hosts = (f"support.{account.number}.api.example.com", "acme.example", "support.acme.example")
    assert [await at(database, host) for host in hosts] == [client.id] * 3

    await database.write(partial(update_client, client=client, changes={column: False}))

    assert [await at(database, host) for host in hosts] == [None] * 3


async def test_an_inactive_accounts_clients_are_not_at_their_hosts(database: Database) -> None:
    account = await make_account(database)
    await make_client(database, account)
    await database.write(partial(update_account, account=account, changes={"is_active": False}))

    assert await at(database, f"support.{account.number}.api.example.com") is None


async def test_two_accounts_may_claim_a_domain_and_one_may_have_it(database: Database) -> None:
    mine, other = await make_account(database), await make_account(database, "Other")
    first, second = [await claim(database, account, "acme.example") for account in (mine, other)]
    await verify(database, first)

    with pytest.raises(Conflict, match="verified by another account"):
        await verify(database, second)
    with pytest.raises(Conflict, match=r"claimed 'acme\.example' already"):
        await claim(database, mine, "acme.example")
