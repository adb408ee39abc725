"""Opening turns: what the database is asked for it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import select

from promptdock.ids import new_id
from promptdock.store.database import Database
from promptdock.store.sessions import Conversation, new_session_key
from promptdock.store.short import Taken, Transaction
from promptdock.store.tables import MessageRow, SessionRow, TurnRow
from promptdock.store.turns import Opened, Outcome, open_turn

pytestmark = pytest.mark.anyio

SAID = [{"role": "user", "content": "one"}, {"role": "user", "content": "two"}]


class Watched:
    """A transaction, and what is asked of it."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.asked.append(name)
        return getattr(self._transaction, name)


def opening(
    conversation: Conversation, asked: list[str], *, is_new: bool
) -> Callable[[Transaction], Coroutine[Any, Any, Opened]]:
    row = {"id": new_id(), "worker_id": new_id(), "request_id": "r", "state": "running", "provider": "p", "model": "m"}

    async def work(transaction: Transaction) -> Opened:
        watched = Watched(transaction)
        opened = await open_turn(watched, row, SAID, conversation=conversation, is_new=is_new, ticket=None)
        asked[:] = watched.asked
        return opened

    return work


def conversation() -> Conversation:
    return Conversation(
        key=new_session_key(), llm_client_id=uuid4(), account_id=uuid4(), profile_id=None, owner="profile:1"
    )


async def test_the_first_turn_of_a_new_session_only_adds_rows(database: Database) -> None:
    made, asked = conversation(), list[str]()
    opened = await database.write_short(opening(made, asked, is_new=True))
    assert opened == Opened(outcome=Outcome.OPENED, number=1)
    assert asked == ["insert"] * 3

    async def stored(transaction: Transaction) -> list[Any]:
        sessions = await transaction.rows(select(SessionRow.id, SessionRow.key, SessionRow.turns, SessionRow.messages))
        turns = await transaction.rows(select(TurnRow.session_id, TurnRow.number))
        messages = await transaction.rows(select(MessageRow.session_id, MessageRow.position))
        return [sessions, turns, sorted(messages)]

    assert await database.read_short(stored) == [
        [(made.id, made.key, 1, 2)],
        [(made.id, 1)],
        [(made.id, 0), (made.id, 1)],
    ]


async def test_a_session_that_another_process_made_meanwhile_is_taken(database: Database) -> None:
    made = conversation()
    await database.write_short(opening(made, [], is_new=True))
    other = Conversation(
        key=made.key, llm_client_id=made.llm_client_id, account_id=made.account_id, profile_id=None, owner=made.owner
    )
    with pytest.raises(Taken):
        await database.write_short(opening(other, [], is_new=True))


async def test_the_second_turn_waits_for_the_first(database: Database) -> None:
    made, asked = conversation(), list[str]()
    await database.write_short(opening(made, [], is_new=True))
    opened = await database.write_short(opening(made, asked, is_new=False))
    assert opened.outcome is Outcome.BUSY
    assert "insert" not in asked
