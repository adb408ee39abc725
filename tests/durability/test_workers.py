"""Several workers on one database: whichever gets a prompt, a session's turns come in order, and a death is noticed."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from promptdock.store.tables import MessageRow, SessionRow, TurnRow
from tests.support.site import Site, is_valid_thread, marks_of, newest_user_text, site_at
from tests.support.upstream import Received, Reply, Upstream, text, tool_calls

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180), pytest.mark.xdist_group("durability")]


def said(mark: str, key: str) -> dict[str, Any]:
    return {"session_key": key, "messages": [{"role": "user", "content": f"{mark} please"}]}


async def prompt(site: Site, origin: str, mark: str, key: str) -> httpx.Response:
    """One prompt on a connection of its own, so that any worker may get it."""
    async with httpx.AsyncClient(base_url=origin, headers=site.headers, timeout=30) as caller:
        return await caller.post(site.path, json=said(mark, key))


async def check_order(site: Site, upstream: Upstream, key: str) -> Sequence[TurnRow]:
    """Turns are numbered without gaps, and each was asked with all that was said before it."""
    (session,) = await site.rows(SessionRow, SessionRow.key == key)
    turns = sorted(await site.rows(TurnRow, TurnRow.session_id == session.id), key=lambda turn: turn.number)
    assert [turn.number for turn in turns] == list(range(1, len(turns) + 1))
    assert {turn.state for turn in turns} == {"finished"}
    marks = [turn.text.split()[0] for turn in turns]
    last_call = {marks_of(call)[-1]: call for call in upstream.calls}
    for number, mark in enumerate(marks, 1):
        assert marks_of(last_call[mark]) == marks[:number]
        assert is_valid_thread(last_call[mark].body["messages"])
    messages = await site.rows(MessageRow, MessageRow.session_id == session.id)
    assert sorted(message.position for message in messages) == list(range(session.messages))
    assert session.turns == len(turns)
    return turns


def answer(request: Received) -> Reply:
    """Every third prompt uses a tool first."""
    mark = newest_user_text(request).split()[0]
    if int(mark[1:]) % 3 == 0 and request.body["messages"][-1]["role"] != "tool":
        return tool_calls([("add", {"left": 1, "right": 2})])
    return text(f"{mark} is answered")


@pytest.mark.anyio
async def test_four_workers_serve_one_session_in_order(database_url: str, tmp_path: Path, upstream: Upstream) -> None:
    upstream.script(answer)
    key = secrets.token_hex(32)
    async with site_at(tmp_path, database_url, upstream) as site:
        with site.serving("--workers", "4") as server:
            for number in range(4):
                assert (await prompt(site, server.origin, f"m{number}", key)).status_code == 200
            # the system hands connections to whichever worker is up and free: some more until several had a turn
            for first in range(4, 124, 12):
                at_once = [prompt(site, server.origin, f"m{number}", key) for number in range(first, first + 12)]
                assert [reply.status_code for reply in await asyncio.gather(*at_once)] == [200] * 12
                if len({turn.worker_id for turn in await site.rows(TurnRow)}) > 1:
                    break
        turns = await check_order(site, upstream, key)
        assert len({turn.worker_id for turn in turns}) > 1, "the prompts did not meet several workers"


@pytest.mark.anyio
async def test_a_killed_worker_is_noticed_by_the_others(database_url: str, tmp_path: Path, upstream: Upstream) -> None:
    gate = threading.Event()
    keys = {mark: secrets.token_hex(32) for mark in ("waited", "left", "other")}
    upstream.script(lambda call: text("done", gate=None if "again" in newest_user_text(call) else gate))
    async with site_at(tmp_path, database_url, upstream) as site:
        with site.serving() as dying, site.serving() as living:
            doomed = [asyncio.create_task(prompt(site, dying.origin, mark, keys[mark])) for mark in ("waited", "left")]
            untouched = asyncio.create_task(prompt(site, living.origin, "other", keys["other"]))
            await upstream.until(lambda: len(upstream.calls) == 3, 20)
            dying.kill()
            for gone in await asyncio.gather(*doomed, return_exceptions=True):
                assert isinstance(gone, httpx.TransportError)

            # whoever waits for such a session looks at once; well before it would be refused as busy
            again = await prompt(site, living.origin, "again", keys["waited"])
            assert again.status_code == 200, again.text
            assert again.json()["data"]["promptdock"]["turn"]["number"] == 2

            async def states() -> dict[str, str] | None:
                found = {turn.text.split()[0]: turn.state for turn in await site.rows(TurnRow)}
                return found if found["left"] != "running" else None

            assert await site.until(states) == {
                "waited": "interrupted",
                "again": "finished",
                "left": "interrupted",
                "other": "running",
            }
            gate.set()
            assert (await untouched).status_code == 200
