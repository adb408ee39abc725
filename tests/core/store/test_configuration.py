"""What seldom changes is remembered, and never a moment longer than it is true."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event, text, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from promptdock.errors import NotFound, Unauthorized
from promptdock.store.database import Database, StoreUnavailable
from promptdock.store.keys import KeyAuthenticator
from promptdock.store.tables import ApiKey, Budget, ConfigurationVersion, LLMClient, Price, Table
from tests.support.tenants import SECRET, make_account, make_client, make_person

pytestmark = pytest.mark.anyio


@pytest.fixture
async def other(database: Database) -> AsyncIterator[Database]:
    """What another process has on the same database."""
    opened = Database(database.url)
    yield opened
    await opened.aclose()


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements of a block, save those of the short way."""
    seen: list[str] = []

    def note(*call: Any) -> None:
        seen.append(call[2])

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    yield seen
    event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def prices(session: AsyncSession) -> int:
    return len((await session.exec(select(Price.id))).all())


async def version(database: Database) -> int:
    async def work(session: AsyncSession) -> int:
        return (await session.exec(select(ConfigurationVersion.version))).one()

    return await database.read(work)


async def add(database: Database, *rows: Table) -> None:
    async def work(session: AsyncSession) -> None:
        session.add_all(rows)

    await database.write(work)


async def test_a_question_is_asked_once_until_something_changes(database: Database, other: Database) -> None:
    with counted(database) as statements:
        assert [await database.configuration.get("prices", prices) for _ in range(3)] == [0, 0, 0]
    assert len([one for one in statements if "FROM prices" in one]) == 1

    await add(other, Price(kind="completion", provider="openai"))
    assert await database.configuration.get("prices", prices) == 1


async def test_what_is_not_found_is_looked_for_again(database: Database) -> None:
    async def nothing(_: AsyncSession) -> int:
        raise NotFound("There is none.")

    with pytest.raises(NotFound):
        await database.configuration.get("prices", nothing)
    assert await database.configuration.get("prices", prices) == 0


async def test_a_key_that_another_process_switches_off_is_refused_at_once(database: Database, other: Database) -> None:
    ann = await make_person(database, await make_account(database), "ann")
    authenticator = KeyAuthenticator(database, SECRET)
    assert await authenticator.find(ann.key) == ann.principal

    async def switch_off(session: AsyncSession) -> None:
        mine = col(ApiKey.id) == ann.principal.api_key_id
        await session.exec(update(ApiKey).where(mine).values(is_active=False))

    await other.write(switch_off)
    with pytest.raises(Unauthorized, match="not active"):
        await authenticator.find(ann.key)


async def test_the_note_that_a_key_was_used_changes_nothing(database: Database) -> None:
    ann = await make_person(database, await make_account(database), "ann")
    before = await version(database)
    await KeyAuthenticator(database, SECRET).find(ann.key)

    async def last_used(session: AsyncSession) -> Any:
        return (await session.get_one(ApiKey, ann.principal.api_key_id)).last_used_at

    assert await database.read(last_used) is not None
    assert await version(database) == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts SET is_active = false",
        "UPDATE users SET is_active = false",
        "UPDATE profiles SET is_staff = true",
        "UPDATE api_keys SET is_active = false",
        "UPDATE llm_clients SET is_active = false",
        "UPDATE prices SET provider = 'other'",
        "UPDATE budgets SET is_active = false",
        "DELETE FROM llm_clients",
        "DELETE FROM prices",
        "DELETE FROM budgets",
        "DELETE FROM users",
    ],
)
async def test_every_change_of_the_configuration_is_noticed_whoever_makes_it(
    database: Database, statement: str
) -> None:
    """An operator's own statements, too."""
    account = await make_account(database)
    await make_person(database, account, "ann")
    await make_client(database, account, "shop")
    await add(
        database,
        Price(kind="completion", provider="openai"),
        Budget(account_id=account.id, name="all", scope="account", metric="tokens", period="day", limit_units=1),
    )
    before = await version(database)

    async def work(session: AsyncSession) -> None:
        await (await session.connection()).execute(text(statement))

    await database.write(work)
    assert await version(database) > before


async def test_what_is_said_and_spent_is_no_configuration(database: Database) -> None:
    client = await make_client(database, await make_account(database), "shop")
    before = await version(database)

    async def read(session: AsyncSession, name: str) -> str:
        return (await session.exec(select(LLMClient.name).where(LLMClient.name == name))).one()

    assert await database.configuration.get("shop", partial(read, name=client.name)) == "shop"
    assert await version(database) == before


async def test_an_answer_that_changes_while_it_is_found_is_not_kept(database: Database, other: Database) -> None:
    async def slow(session: AsyncSession) -> int:
        found = await prices(session)
        await add(other, Price(kind="completion", provider="openai"))
        return found

    if database.is_sqlite:
        await database.read(prices)  # the connection is there
    assert await database.configuration.get("prices", slow) == 0
    assert await database.configuration.get("prices", prices) == 1


async def test_who_asks_twice_for_one_request_is_answered_from_what_was_found_since(
    database: Database, other: Database
) -> None:
    before = time.monotonic()
    first = await database.configuration.current()
    await add(other, Price(kind="completion", provider="openai"))
    assert await database.configuration.current(since=before) is first
    newer = await database.configuration.current(since=time.monotonic())
    assert newer.version > first.version
    assert await database.configuration.current(since=before) is newer


async def test_what_was_found_for_a_request_that_takes_long_is_asked_for_again(
    database: Database, other: Database
) -> None:
    long_ago = time.monotonic() - 2
    await database.configuration.current()
    await add(other, Price(kind="completion", provider="openai"))
    assert await database.configuration.get("prices", prices, since=long_ago) == 1


def waits(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the database waited for, as PostgreSQL is anyway."""
    monkeypatch.setattr(database, "at_once", lambda *_: None)


async def test_those_who_ask_sqlite_in_one_turn_of_the_loop_share_the_answer_and_nobody_else(
    database: Database, other: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not database.is_sqlite:
        return
    looks: list[float] = []
    at_once = database.at_once

    def counting(query: Any) -> Any:
        looks.append(time.monotonic())
        return at_once(query)

    monkeypatch.setattr(database, "at_once", counting)
    known = await asyncio.gather(*(database.configuration.current() for _ in range(10)))
    assert len({one.version for one in known}) == 1
    assert len(looks) == 1

    await asyncio.sleep(0)
    await database.configuration.current()
    assert len(looks) == 2
    before = time.monotonic()
    shared = await database.configuration.current()
    await asyncio.sleep(0)
    assert await database.configuration.current(since=before) is shared
    assert len(looks) == 2


async def test_sqlite_is_asked_at_once_and_waited_for_where_that_fails(
    database: Database, other: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not database.is_sqlite:
        return

    async def never(_: Any) -> Any:
        raise AssertionError("waited for")

    first = await database.configuration.current()
    with monkeypatch.context() as patch:
        patch.setattr(database, "peek", never)
        assert await database.configuration.current() is first
        await add(other, Price(kind="completion", provider="openai"))  # that takes more than a turn of the loop
        newer = await database.configuration.current()
        assert newer.version > first.version

    waits(database, monkeypatch)
    await asyncio.sleep(0)
    assert await database.configuration.current() is newer


async def test_those_who_wait_for_an_answer_in_one_turn_of_the_loop_share_it_and_nobody_else(
    database: Database, other: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []
    peek = database.peek

    async def counting(work: Any) -> Any:
        asked.append(time.monotonic())
        await asyncio.sleep(0)
        return await peek(work)

    waits(database, monkeypatch)
    monkeypatch.setattr(database, "peek", counting)
    known = await asyncio.gather(*(database.configuration.current() for _ in range(10)))
    assert len({one.version for one in known}) == 1
    assert len(asked) == 1

    asked.clear()
    await asyncio.sleep(0)
    await database.configuration.current()
    assert len(asked) == 1


async def test_a_change_is_heard_of_the_moment_that_it_is_made_while_others_ask_all_the_time(
    database: Database, other: Database
) -> None:
    async def asks_and_is_told() -> int:
        before = (await database.configuration.current()).version
        await add(other, Price(kind="completion", provider="openai"))
        return (await database.configuration.current()).version - before

    async def asks_all_the_time() -> None:
        while True:
            await database.configuration.current()
            await asyncio.sleep(0)

    asking = asyncio.create_task(asks_all_the_time())
    assert [await asks_and_is_told() for _ in range(20)] == [1] * 20
    asking.cancel()


async def test_those_who_wait_together_hear_of_a_failure_and_outlive_whoever_asked(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    peek, held = database.peek, asyncio.Event()

    async def fails(_: Any) -> Any:
        raise StoreUnavailable("no")

    async def slow(work: Any) -> Any:
        await held.wait()
        return await peek(work)

    waits(database, monkeypatch)
    monkeypatch.setattr(database, "peek", fails)
    failed = await asyncio.gather(*(database.configuration.current() for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in failed] == [StoreUnavailable] * 3

    monkeypatch.setattr(database, "peek", slow)
    asking = [asyncio.create_task(database.configuration.current()) for _ in range(4)]
    await asyncio.sleep(0)
    asking[0].cancel()
    asking[2].cancel()
    held.set()
    done = await asyncio.gather(*asking, return_exceptions=True)
    assert [isinstance(one, asyncio.CancelledError) for one in done] == [True, False, True, False]
    assert done[1] is done[3]
