"""What callers and the server look up is found by an index, as the plans of the databases themselves tell."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
from sqlalchemy import Engine, event
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from promptdock.identity import OPERATOR, Principal, PrincipalKind
from promptdock.ids import new_id
from promptdock.settings import Settings
from promptdock.store import turn_statements
from promptdock.store.database import Database
from promptdock.store.leases import Lease
from promptdock.store.moments import made_before, made_since
from promptdock.store.pruning import prune
from promptdock.store.reading import list_rows, within
from promptdock.store.recovery import retire
from promptdock.store.short import SessionTransaction
from promptdock.store.tables import Charge, JournalRow, QueuedTurn, Row, SessionRow, Table, ToolCallRow, TurnRow
from promptdock.store.totals import totals
from promptdock.store.types import utc_now

pytestmark = pytest.mark.anyio

ACCOUNT, PROFILE, CLIENT, SESSION, WORKER, TURN = (new_id() for _ in range(6))
MEMBER = Principal(kind=PrincipalKind.USER, name="m", account_id=ACCOUNT, profile_id=PROFILE)
STAFF = Principal(kind=PrincipalKind.USER, name="s", account_id=ACCOUNT, profile_id=PROFILE, is_staff=True)
ROWS = 1_200
OURS = 200
"""One of so many rows is ours."""
Statement = tuple[str, Any]
Look = Callable[[AsyncSession], Awaitable[object]]


def listing(principal: Principal, table: type[Row], **columns: object) -> Look:
    where = [col(getattr(table, name)) == value for name, value in columns.items()]
    return lambda session: list_rows(session, principal, table, *where, limit=20)


def of_an_hour(table: type[Row]) -> Any:
    end = utc_now() - timedelta(hours=30)
    return (
        made_since(table.id, table.created_at, end - timedelta(hours=1)),
        made_before(table.id, table.created_at, end),
    )


def listing_an_hour(principal: Principal, table: type[Row]) -> Look:
    return lambda session: list_rows(session, principal, table, *of_an_hour(table), limit=20)


def summing_an_hour(principal: Principal) -> Look:
    return lambda session: totals(session, within(principal, Charge), *of_an_hour(Charge))


def asking(query: Callable[[], Any], **values: object) -> Look:
    return lambda session: SessionTransaction(session).rows(query, **values)


LOOKS: dict[str, tuple[Look, tuple[str, ...]]] = {
    "turns of a member": (listing(MEMBER, TurnRow), ("ix_turns_profile_id_id",)),
    "turns for staff": (listing(STAFF, TurnRow), ("ix_turns_account_id_id", "ix_turns_profile_id_id")),
    "turns for the operator": (listing(OPERATOR, TurnRow), ("pk_turns",)),
    "turns of a session": (listing(OPERATOR, TurnRow, session_id=SESSION), ("ix_turns_session_id_number",)),
    "turns of a client": (listing(OPERATOR, TurnRow, llm_client_id=CLIENT), ("ix_turns_llm_client_id_id",)),
    "turns of a request": (listing(OPERATOR, TurnRow, request_id="mine"), ("ix_turns_request_id",)),
    "charges of a member": (listing(MEMBER, Charge), ("ix_charges_profile_id_id",)),
    "charges for staff": (listing(STAFF, Charge), ("ix_charges_account_id_id", "ix_charges_profile_id_id")),
    "charges of a turn": (listing(OPERATOR, Charge, turn_id=TURN), ("ix_charges_turn_id",)),
    "charges of a client": (listing(OPERATOR, Charge, llm_client_id=CLIENT), ("ix_charges_llm_client_id_id",)),
    "charges of a request": (listing(OPERATOR, Charge, request_id="mine"), ("ix_charges_request_id",)),
    "charges of an hour": (listing_an_hour(OPERATOR, Charge), ("pk_charges",)),
    "sums of an hour": (summing_an_hour(OPERATOR), ("pk_charges",)),
    "a member's sums of an hour": (summing_an_hour(MEMBER), ("ix_charges_profile_id_id",)),
    "the journal of a member": (listing(MEMBER, JournalRow), ("ix_journal_profile_id_id",)),
    "the journal for staff": (listing(STAFF, JournalRow), ("ix_journal_account_id_id", "ix_journal_profile_id_id")),
    "the journal of a request": (listing(OPERATOR, JournalRow, request_id="mine"), ("ix_journal_request_id",)),
    "the journal of an hour": (listing_an_hour(OPERATOR, JournalRow), ("pk_journal",)),
    "sessions of a member": (listing(MEMBER, SessionRow), ("ix_sessions_profile_id",)),
    "sessions of a client": (listing(OPERATOR, SessionRow, llm_client_id=CLIENT), ("ix_sessions_llm_client_id",)),
    "tool calls of a turn": (listing(OPERATOR, ToolCallRow, turn_id=TURN), ("ix_tool_calls_turn_id",)),
    "whether a session is busy": (asking(turn_statements.busy, session_id=SESSION), ("uq_turns_running",)),
}


@pytest.fixture
async def filled(database: Database) -> Database:
    """A database in which a little is ours, and most is others' or nobody's; PostgreSQL plans by how much is whose."""
    await database.write(_fill)
    if not database.is_sqlite:
        await database.write(_analyze)
    return database


async def _analyze(session: AsyncSession) -> None:
    await (await session.connection()).exec_driver_sql("ANALYZE")


async def _fill(session: AsyncSession) -> None:
    """Rows of three days, at even distances."""
    rows: dict[type[Table], list[dict[str, Any]]] = {
        kind: [] for kind in (SessionRow, QueuedTurn, TurnRow, Charge, JournalRow, ToolCallRow)
    }
    accounts, profiles = [new_id() for _ in range(20)], [new_id() for _ in range(40)]
    for number in range(ROWS):
        made = utc_now() - timedelta(days=3) * (1 - number / ROWS)
        turn_id = TURN if number == 0 else _id_of(made)
        at = {"created_at": made, "request_id": "mine" if number % OURS == 0 else f"r{number}"}
        whose: dict[str, Any] = {}
        session_id = None
        if number % OURS == 0:
            whose = {"account_id": ACCOUNT, "profile_id": PROFILE, "llm_client_id": CLIENT}
            session_id = SESSION
        elif number % 2 == 0:
            whose = {
                "account_id": accounts[number % 20],
                "profile_id": profiles[number % 40],
                "llm_client_id": new_id(),
            }
            session_id = new_id()
        if session_id is not None and (session_id != SESSION or number == 0):
            rows[SessionRow].append({"id": session_id, "key": f"{number:064}", "owner": "o", **whose})
            rows[QueuedTurn].append({"session_id": session_id, "worker_id": WORKER})
        rows[TurnRow].append(
            {
                "id": turn_id,
                "session_id": session_id,
                "worker_id": WORKER if number % OURS == 0 else new_id(),
                "state": "running" if number in {0, 3} else "finished",
                "provider": "p",
                "model": "m",
                **at,
                **whose,
            }
        )
        rows[Charge].append(
            {"id": _id_of(made), "kind": "completion", "turn_id": turn_id if session_id else None, **at, **whose}
        )
        asked = {"caller": "c", "method": "GET", "path": "/", "command": "get", "thing": "", "status": 200, "ms": 1.0}
        rows[JournalRow].append({"id": _id_of(made), **asked, **at, **whose})
        call = {"round": 1, "call_id": "c", "name": "t", "arguments": "{}", "result": "1", "ms": 1.0}
        rows[ToolCallRow].append({"turn_id": turn_id, **call})
    transaction = SessionTransaction(session)
    for kind, values in rows.items():
        await transaction.insert(kind, values)


def _id_of(made: Any) -> UUID:
    return UUID(int=int(made.timestamp() * 1000) << 80 | new_id().int & (1 << 80) - 1)


@contextmanager
def _statements() -> Iterator[list[Statement]]:
    """What is sent to a database meanwhile."""
    sent: list[Statement] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            sent.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def _plans(database: Database, statements: list[Statement]) -> list[str]:
    """How the database would go about them."""

    async def work(session: AsyncSession) -> list[str]:
        connection = await session.connection()
        explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
        found = [(await connection.exec_driver_sql(explain + text, values)).all() for text, values in statements]
        return ["\n".join(str(line[-1]) for line in lines) for lines in found]

    return [re.sub(r"sqlite_autoindex_(\w+)_1\b", r"pk_\1", plan) for plan in await database.read(work)]


def _reads_all(plan: str) -> bool:
    """Whether a whole table is read, without an index."""
    return re.search(r"^SCAN \w+$|Seq Scan", plan, re.MULTILINE) is not None


async def test_what_is_listed_and_looked_up_is_found_by_an_index(filled: Database) -> None:
    wrong = {}
    for name, (look, indexes) in LOOKS.items():
        with _statements() as sent:
            await filled.read(look)
        (plan,) = await _plans(filled, sent)
        if _reads_all(plan) or not all(index in plan for index in indexes):
            wrong[name] = plan
    assert wrong == {}


async def test_what_a_worker_left_running_is_found_among_what_runs(filled: Database) -> None:
    gone = cast("Lease", SimpleNamespace(worker_id=WORKER))
    with _statements() as sent:
        await retire(filled, gone)
    plans = await _plans(filled, [one for one in sent if "FROM turns" in one[0]])
    assert plans
    assert all("uq_turns_running" in plan for plan in plans)


async def test_what_is_kept_for_a_time_is_found_by_its_age(filled: Database, tmp_path: Path) -> None:
    with _statements() as sent:
        await filled.write(lambda session: prune(session, Settings(home=tmp_path, journal_days=2)))
    logs, journal = await _plans(filled, sent)
    assert "pk_journal" in journal
    if filled.is_sqlite:  # where there are none, PostgreSQL needs no index to find it out
        assert "pk_turn_logs" in logs


async def test_the_word_of_an_index_stands_in_what_is_asked_with_each_turn(database: Database) -> None:
    """As a parameter it would have SQLite plan the statement anew each time."""
    with _statements() as sent:
        await database.read(asking(turn_statements.busy, session_id=SESSION))
    assert "state = 'running'" in sent[0][0]
