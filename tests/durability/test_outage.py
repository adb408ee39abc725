"""The database goes away while prompts are answered, and comes back: nothing is half there, and service goes on."""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
import threading
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, closing
from pathlib import Path

import asyncpg
import httpx
import pytest
from sqlalchemy import event

from promptdock.prompts.dock import Dock, open_dock
from promptdock.prompts.task import PromptTask
from promptdock.store.database import Database, StoreUnavailable
from promptdock.store.tables import (
    Charge,
    MessageRow,
    QueuedTurn,
    Reservation,
    SessionRow,
    TurnRow,
    WorkerRow,
)
from promptdock.turn.events import TurnFinished
from promptdock.turn.request import PromptRequest
from promptdock.web import create_app
from tests.support.server import live_server
from tests.support.site import Site, is_valid_thread, newest_user_text, site_at, terminal_event
from tests.support.upstream import Received, Reply, Upstream, text, tool_calls

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180), pytest.mark.xdist_group("durability")]

_CHATS = 12
_PROMPTS = 6


def answer(request: Received) -> Reply:
    """Every other prompt uses a tool first."""
    mark = newest_user_text(request).split()[0]
    if int(mark[1:]) % 2 and request.body["messages"][-1]["role"] != "tool":
        return tool_calls([("add", {"left": 1, "right": 2})], usage=(7, 3))
    return text(f"{mark} is answered", usage=(11, 2), gap=0.002)


async def chat(site: Site, caller: httpx.AsyncClient, number: int, key: str, prompts: int) -> dict[str, str]:
    """Some prompts of one session, one after the other; what became of each."""
    became = {}
    for prompt in range(prompts):
        mark = f"m{number * 100 + prompt}"
        stream = number % 2 == 0
        body = {"session_key": key, "messages": [{"role": "user", "content": f"{mark} please"}], "stream": stream}
        reply = await caller.post(site.path, json=body)
        end = terminal_event(reply.text) if stream and reply.status_code == 200 else None
        if stream and reply.status_code == 200:
            assert end is not None, "a stream without an end"
        became[mark] = str(reply.status_code) if end is None else end[0]
    return became


async def interrupt_connections(url: str, times: int, pause: float) -> int:
    """End all connections of the database but our own, again and again."""
    ended = 0
    connection = await asyncpg.connect(url)
    try:
        for _ in range(times):
            ended += await connection.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            await asyncio.sleep(pause)
    finally:
        await connection.close()
    return ended


def second_connection(url: str) -> sqlite3.Connection:
    path = url.removeprefix("sqlite:///")
    return sqlite3.connect(path, isolation_level=None, timeout=20, check_same_thread=False)


async def lock_file(url: str, times: int, pause: float) -> int:
    """Keep the file locked, as a backup or a curious person with a shell does, again and again."""
    connection = second_connection(url)
    try:
        for _ in range(times):
            await asyncio.to_thread(connection.execute, "BEGIN IMMEDIATE")
            await asyncio.sleep(pause)
            connection.execute("ROLLBACK")
            await asyncio.sleep(0.05)
    finally:
        connection.close()
    return times


async def disturb(url: str) -> None:
    if url.startswith("sqlite"):
        assert await lock_file(url, 3, 0.7)
    else:
        assert await interrupt_connections(url, 15, 0.1) > 15


@pytest.mark.anyio
async def test_the_database_goes_away_in_the_middle(database_url: str, tmp_path: Path, upstream: Upstream) -> None:
    upstream.script(answer)
    keys = [secrets.token_hex(32) for _ in range(_CHATS)]
    async with site_at(tmp_path, database_url, upstream) as site:
        with live_server(create_app(site.settings)) as origin:
            async with httpx.AsyncClient(base_url=origin, headers=site.headers, timeout=60) as caller:
                chats = [asyncio.create_task(chat(site, caller, n, key, _PROMPTS)) for n, key in enumerate(keys)]
                await upstream.until(lambda: len(upstream.calls) > _CHATS, 30)
                await disturb(database_url)
                became = {mark: end for said in await asyncio.gather(*chats) for mark, end in said.items()}
                assert set(became.values()) <= {"200", "turn.finished", "503", "turn.failed"}, Counter(became.values())
                if database_url.startswith("sqlite"):
                    assert set(became.values()) == {"200", "turn.finished"}, "a locked file is waited for"

                async def nothing_runs() -> bool:
                    return not await site.rows(TurnRow, TurnRow.state == "running")

                assert await site.until(nothing_runs)
                await check(site, became)

                # and without anybody's help everything works again
                after = await asyncio.gather(*(chat(site, caller, 100 + n, key, 2) for n, key in enumerate(keys)))
                assert {end for said in after for end in said.values()} == {"200", "turn.finished"}
                assert all(is_valid_thread(call.body["messages"]) for call in upstream.calls)
                await check_the_worker_lives(site)


async def check(site: Site, became: dict[str, str]) -> None:
    turns = {turn.text.split()[0]: turn for turn in await site.rows(TurnRow)}
    for mark, end in became.items():
        if end in {"200", "turn.finished"}:
            assert turns[mark].state == "finished", f"{mark} was answered and is lost"
    assert {turn.state for turn in turns.values()} <= {"finished", "interrupted"}
    messages, charges = await site.rows(MessageRow), await site.rows(Charge)
    for turn in turns.values():
        roles = [message.role for message in messages if message.turn_id == turn.id]
        tokens = sum(charge.total_tokens for charge in charges if charge.turn_id == turn.id)
        uses_tool = int(turn.text.split()[0][1:]) % 2
        if turn.state == "finished":
            assert roles.count("assistant") == 1 + uses_tool
            assert tokens == turn.total_tokens == 13 + 10 * uses_tool
        else:
            assert (roles, tokens) == (["user"], 0), "half a turn"
    for session in await site.rows(SessionRow):
        positions = sorted(message.position for message in messages if message.session_id == session.id)
        assert positions == list(range(session.messages))
    assert await site.rows(Reservation) == []
    assert await site.rows(QueuedTurn) == []


async def check_the_worker_lives(site: Site) -> None:
    """Another worker that starts now does not take it for dead."""
    before = [row.id for row in await site.rows(WorkerRow)]
    assert len(before) == 1
    async with open_dock(site.settings) as other:
        assert await other.lease.dead(before) == frozenset()


@asynccontextmanager
async def away(database: Database, url: str) -> AsyncIterator[None]:
    """For the length of a block nobody can write to a database: PostgreSQL lets nobody in, SQLite's file is locked."""
    if url.startswith("sqlite"):
        event.listen(
            database.engine.sync_engine, "connect", lambda made, _: made.execute("PRAGMA busy_timeout = 1"), once=False
        )
        await database.engine.dispose()
        with closing(second_connection(url)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
        return
    server, _, name = url.rpartition("/")
    admin = await asyncpg.connect(f"{server}/postgres")
    try:
        await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        yield
        await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    finally:
        await admin.close()


@pytest.mark.anyio
@pytest.mark.parametrize("streamed", [True, False])
async def test_a_turn_whose_end_cannot_be_stored_is_interrupted(
    database_url: str, tmp_path: Path, upstream: Upstream, streamed: bool
) -> None:
    """Its caller is told so, and its session takes prompts as soon as the database is back."""
    gate = threading.Event()
    upstream.script(text("never heard", gate=gate))
    async with site_at(tmp_path, database_url, upstream) as site, open_dock(site.settings) as dock:
        task = PromptTask(
            principal=site.person.principal,
            client=site.client,
            session_key=secrets.token_hex(32),
            request=PromptRequest(messages=({"role": "user", "content": "hi"},), stream=streamed),
        )
        running = asyncio.create_task(streamed_end(dock, task) if streamed else whole_end(dock, task))
        await upstream.until(lambda: upstream.calls)
        async with away(dock.database, database_url):
            gate.set()
            assert await running == ("turn.failed", 503)
            with pytest.raises(StoreUnavailable):
                await whole_end(dock, task)
        upstream.script(text("heard"))
        assert await whole_end(dock, task) == ("finished", 200)
        turns = sorted(await site.rows(TurnRow), key=lambda turn: turn.number)
        assert [turn.state for turn in turns] == ["interrupted", "finished"]
        assert len(await site.rows(Charge)) == 1


@pytest.mark.anyio
async def test_what_a_turn_cost_is_charged_though_nothing_can_be_looked_up_at_its_end(
    database_url: str, tmp_path: Path, upstream: Upstream
) -> None:
    """Prices are looked up before the money is spent; the statements of every turn go another way."""
    gate = threading.Event()
    upstream.script(text("heard", gate=gate))
    request = PromptRequest(messages=({"role": "user", "content": "hi"},))
    async with site_at(tmp_path, database_url, upstream) as site, open_dock(site.settings) as dock:
        task = PromptTask(principal=site.person.principal, client=site.client, request=request)
        running = asyncio.create_task(whole_end(dock, task))
        await upstream.until(lambda: upstream.calls)
        engine = dock.database.engine
        event.listen(engine.sync_engine, "do_connect", no_more_connections)
        await engine.dispose()
        gate.set()
        assert await running == ("finished", 200)
        assert len(await site.rows(Charge)) == 1


def no_more_connections(*_: object) -> None:
    raise OSError("too many clients")


async def streamed_end(dock: Dock, task: PromptTask) -> tuple[str, int]:
    """How a streamed turn ends for who reads it."""
    entries = [entry async for entry in dock.feeds.start(task).entries()]
    return entries[-1]["event"], entries[-1]["data"]["error"]["status"]


async def whole_end(dock: Dock, task: PromptTask) -> tuple[str, int]:
    """How a turn ends for who waits for all of it."""
    async with dock.opened(task) as turn:
        try:
            async with aclosing(turn.events()) as events:
                last = [event async for event in events][-1]
        except StoreUnavailable as error:
            return "turn.failed", error.status
    assert isinstance(last, TurnFinished)
    return "finished", 200
