"""Callers who hang up while their turn runs, and callers who come back to read a stream on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from promptdock.store.tables import Charge, JournalRow, MessageRow, SessionRow, TurnLog, TurnRow
from promptdock.web import create_app
from tests.support.server import live_server
from tests.support.site import Site, is_valid_thread, site_at, terminal_event
from tests.support.upstream import Upstream, text, tool_calls

STORY = "It was a dark and stormy night, and the rain fell in torrents, except at occasional intervals."


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """Closed at the end of the test."""
    async with AsyncExitStack() as opened:
        yield opened


class Place:
    """A site with two workers, and a caller of each."""

    def __init__(self, site: Site, workers: list[httpx.AsyncClient]) -> None:
        self.site = site
        self.first, self.second = workers

    def asked(self, **members: Any) -> dict[str, Any]:
        return {"messages": [{"role": "user", "content": "Tell me a story"}], **members}

    async def ended_turn(self) -> TurnRow:
        """The only turn, once it has ended."""

        async def look() -> TurnRow | None:
            turns = await self.site.rows(TurnRow)
            return turns[0] if turns and turns[0].state != "running" else None

        turn = await self.site.until(look)
        assert turn is not None
        return turn

    async def read_until(self, event: str) -> str:
        """Start a stream, leave it when the event has come, and give the id of the last event that was read."""
        last = ""
        async with self.first.stream("POST", self.site.path, json=self.asked(stream=True)) as reply:
            assert reply.status_code == 200, await reply.aread()
            async for line in reply.aiter_lines():
                if line.startswith("id: "):
                    last = line.removeprefix("id: ")
                if line == f"event: {event}":
                    return last
        raise AssertionError(f"there was no {event}")

    async def read_on(self, worker: httpx.AsyncClient, last: str) -> str:
        """Ask for the rest of a stream."""
        headers = {"Last-Event-ID": last}
        reply = await worker.post(self.site.path, json=self.asked(stream=True), headers=headers)
        assert reply.status_code == 200, reply.text
        return reply.text


async def place_at(
    stack: AsyncExitStack, url: str, home: Path, upstream: Upstream, resume_window: float = 0.3
) -> Place:
    site = await stack.enter_async_context(site_at(home, url, upstream, resume_window=resume_window))
    origins = [stack.enter_context(live_server(create_app(site.settings))) for _ in range(2)]
    callers = [httpx.AsyncClient(base_url=origin, headers=site.headers, timeout=20) for origin in origins]
    return Place(site, [await stack.enter_async_context(caller) for caller in callers])


def numbers(stream: str) -> list[int]:
    return [int(line.rpartition(":")[2]) for line in stream.splitlines() if line.startswith("id: ")]


@pytest.mark.anyio
async def test_t93_a_caller_who_hangs_up_cancels_the_turn(
    stack: AsyncExitStack, database_url: str, tmp_path: Path, upstream: Upstream
) -> None:
    upstream.script([tool_calls([("add", {"left": 1, "right": 2})], usage=(50, 5)), text(STORY, hang_after=0)])
    place = await place_at(stack, database_url, tmp_path, upstream)
    asking = asyncio.create_task(place.first.post(place.site.path, json=place.asked()))
    await upstream.until(lambda: len(upstream.calls) == 2)
    asking.cancel()

    turn = await place.ended_turn()

    assert turn.state == "cancelled"
    await upstream.until(lambda: upstream.calls[1].disconnected)
    # what was said stays, and so does the round that was answered; nothing is half there
    messages = sorted(await place.site.rows(MessageRow), key=lambda message: message.position)
    assert [message.role for message in messages if message.role != "promptdock"][:1] == ["user"]
    charges = await place.site.rows(Charge)
    assert [(charge.kind, charge.total_tokens, charge.is_estimated) for charge in charges][:1] == [
        ("completion", 55, False)
    ]
    estimates = [charge for charge in charges if charge.is_estimated]
    assert [(charge.round, charge.completion_tokens) for charge in estimates] == [(2, 0)]
    (row,) = await place.site.rows(JournalRow)
    assert (row.turn_id, row.status) == (turn.id, 499)

    (session,) = await place.site.rows(SessionRow)
    upstream.script(text("And then?"))
    again = await place.second.post(place.site.path, json=place.asked(session_key=session.key))
    assert again.status_code == 200
    assert is_valid_thread(upstream.calls[-1].body["messages"])


@pytest.mark.anyio
async def test_t93_a_stream_goes_on_for_a_while_and_is_cancelled_then(
    stack: AsyncExitStack, database_url: str, tmp_path: Path, upstream: Upstream
) -> None:
    upstream.script(text(STORY, hang_after=5))
    place = await place_at(stack, database_url, tmp_path, upstream)
    last = await place.read_until("completion.delta")

    turn = await place.ended_turn()

    assert turn.state == "cancelled"
    await upstream.until(lambda: upstream.calls[0].disconnected)
    (charge,) = await place.site.rows(Charge)
    assert charge.is_estimated
    assert charge.prompt_tokens > 0
    assert charge.completion_tokens > 0
    (row,) = await place.site.rows(JournalRow)
    assert row.status == 499
    for worker in (place.first, place.second):
        rest = await place.read_on(worker, last)
        end = terminal_event(rest)
        assert end is not None
        assert end[0] == "turn.cancelled"


@pytest.mark.anyio
@pytest.mark.parametrize("worker", ["same", "other"])
async def test_t93_a_stream_is_read_on_to_its_end(
    stack: AsyncExitStack, database_url: str, tmp_path: Path, upstream: Upstream, worker: str
) -> None:
    """Also when it lasts longer than it would go on without readers."""
    upstream.script(text(STORY, gap=0.3))
    place = await place_at(stack, database_url, tmp_path, upstream, resume_window=2)
    last = await place.read_until("completion.delta")

    rest = await place.read_on(place.first if worker == "same" else place.second, last)

    end = terminal_event(rest)
    assert end is not None
    assert end[0] == "turn.finished"
    assert end[1]["data"]["choices"][0]["message"]["content"] == STORY
    first = int(last.rpartition(":")[2]) + 1
    assert numbers(rest) == list(range(first, first + len(numbers(rest))))
    turn = await place.ended_turn()
    assert turn.state == "finished"
    (log,) = await place.site.rows(TurnLog)
    assert [entry["id"] for entry in log.events] == list(range(1, numbers(rest)[-1] + 1))
    assert len(upstream.calls) == 1


@pytest.mark.anyio
async def test_t93_who_hangs_up_while_a_stream_waits_for_its_session_leaves_nothing(
    stack: AsyncExitStack, database_url: str, tmp_path: Path, upstream: Upstream
) -> None:
    gate = threading.Event()
    upstream.script(text(STORY, gate=gate))
    place = await place_at(stack, database_url, tmp_path, upstream, resume_window=30)
    key = "ab" * 32
    first = asyncio.create_task(place.first.post(place.site.path, json=place.asked(session_key=key)))
    await upstream.until(lambda: upstream.calls)
    for worker in (place.first, place.second):
        with pytest.raises(httpx.ReadTimeout):
            await worker.post(place.site.path, json=place.asked(session_key=key, stream=True), timeout=0.5)
    gate.set()
    assert (await first).status_code == 200
    last = await place.second.post(place.site.path, json=place.asked(session_key=key))
    assert last.json()["data"]["promptdock"]["turn"]["number"] == 2
    assert len(upstream.calls) == 2
