"""Reading rows within a caller's rights: pages without holes."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from promptdock.errors import NotFound, Unauthorized
from promptdock.identity import ANONYMOUS_PRINCIPAL, OPERATOR, Principal
from promptdock.store.database import Database
from promptdock.store.reading import get_row, list_rows
from promptdock.store.tables import Account, ApiKey, LLMClient, Row, SessionRow, ToolCallRow, TurnRow, User
from tests.support.tenants import Person, make_account, make_client, make_person

pytestmark = pytest.mark.anyio


async def ids(database: Database, principal: Principal, table: type[Row], **part: Any) -> list[Any]:
    rows = await database.read(partial(list_rows, principal=principal, table=table, **({"limit": 100} | part)))
    return [row.id for row in rows]


async def add(database: Database, *rows: Row) -> None:
    async def work(session: Any) -> None:
        for row in rows:
            session.add(row)
            await session.flush()

    await database.write(work)


async def test_pages_hold_what_the_caller_sees_newest_first(database: Database) -> None:
    mine, other = await make_account(database), await make_account(database, "Other")
    ann = await make_person(database, mine, "ann")
    seen = []
    for number in range(4):
        seen.append((await make_client(database, mine, f"mine-{number}")).id)
        await make_client(database, other, f"others-{number}")
    seen.reverse()

    first = await ids(database, ann.principal, LLMClient, limit=3)
    assert first == seen[:3]
    assert await ids(database, ann.principal, LLMClient, limit=3, after=first[-1]) == seen[3:]
    assert len(await ids(database, OPERATOR, LLMClient)) == 8


async def test_accounts_users_and_keys_of_the_own_account_are_seen(database: Database) -> None:
    mine, other = await make_account(database), await make_account(database, "Other")
    ann, bob = [await make_person(database, mine, name) for name in ("ann", "bob")]
    await make_person(database, other, "eve")

    assert await ids(database, ann.principal, Account) == [mine.id]
    assert await ids(database, ann.principal, User) == [bob.principal.user_id, ann.principal.user_id]
    assert await ids(database, ann.principal, ApiKey) == [bob.principal.api_key_id, ann.principal.api_key_id]
    assert len(await ids(database, OPERATOR, ApiKey)) == 3


def turn_of(person: Person, client: LLMClient) -> tuple[SessionRow, TurnRow, ToolCallRow]:
    whose: dict[str, Any] = {"account_id": client.account_id, "profile_id": person.principal.profile_id}
    session = SessionRow(
        key=f"{person.principal.profile_id}", llm_client_id=client.id, owner=person.principal.owner, **whose
    )
    turn = TurnRow(
        session_id=session.id,
        worker_id=session.id,
        request_id="r",
        state="finished",
        provider="p",
        model="m",
        **whose,
    )
    call = ToolCallRow(turn_id=turn.id, round=1, call_id="c", name="n", arguments="{}", result="", ms=1)
    return session, turn, call


@pytest.mark.parametrize(("place", "table"), [(0, SessionRow), (1, TurnRow), (2, ToolCallRow)])
async def test_t65_what_was_said_is_seen_by_who_said_it_and_by_staff(
    database: Database, place: int, table: type[Row]
) -> None:
    account = await make_account(database)
    ann, bob = [await make_person(database, account, name) for name in ("ann", "bob")]
    boss = await make_person(database, account, "boss", is_staff=True)
    eve = await make_person(database, await make_account(database, "Other"), "eve", is_staff=True)
    client = await make_client(database, account)
    anns, bobs = turn_of(ann, client), turn_of(bob, client)
    await add(database, *anns, *bobs)

    assert await ids(database, ann.principal, table) == [anns[place].id]
    assert await ids(database, boss.principal, table) == [bobs[place].id, anns[place].id]
    assert await ids(database, eve.principal, table) == []
    with pytest.raises(NotFound):
        await database.read(partial(get_row, principal=bob.principal, table=table, row_id=anns[place].id))
    with pytest.raises(Unauthorized):
        await ids(database, ANONYMOUS_PRINCIPAL, table)


async def test_what_is_no_id_is_not_found(database: Database) -> None:
    for text in ("", "1", "support", "'; --", "x" * 1000):
        with pytest.raises(NotFound):
            await database.read(partial(get_row, principal=OPERATOR, table=LLMClient, row_id=text))
