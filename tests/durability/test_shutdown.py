"""A server that is told to stop: prompts end in time, say so, and are stored."""

from __future__ import annotations

import asyncio
import signal
import threading
from pathlib import Path

import httpx
import pytest

from promptdock.jsontext import loads
from promptdock.store.tables import TurnRow
from tests.support.site import Site, site_at
from tests.support.upstream import Upstream, text

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180), pytest.mark.xdist_group("durability")]

BODY = {"messages": [{"role": "user", "content": "Hello"}]}


async def streamed(site: Site, origin: str, begun: asyncio.Event) -> str:
    """A streamed prompt, heard to its end; says when something has come."""
    heard = ""
    async with (
        httpx.AsyncClient(base_url=origin, headers=site.headers, timeout=60) as caller,
        caller.stream("POST", site.path, json={**BODY, "stream": True}) as reply,
    ):
        async for piece in reply.aiter_text():
            heard += piece
            begun.set()
    return heard


@pytest.mark.anyio
async def test_prompts_under_way_end_in_time_and_say_so(database_url: str, tmp_path: Path, upstream: Upstream) -> None:
    never = threading.Event()
    upstream.script(
        lambda call: text("word " * 200, gap=0.2) if call.body.get("stream") else text("too late", gate=never)
    )
    begun = asyncio.Event()
    async with site_at(tmp_path, database_url, upstream) as site:
        with site.serving("--grace", "0.3") as server:
            stream = asyncio.create_task(streamed(site, server.origin, begun))
            async with httpx.AsyncClient(base_url=server.origin, headers=site.headers, timeout=60) as caller:
                whole = asyncio.create_task(caller.post(site.path, json=BODY))
                await asyncio.wait_for(begun.wait(), 30)
                await upstream.until(lambda: len(upstream.calls) == 2, 30)
                server.process.send_signal(signal.SIGTERM)
                refused, heard = await whole, await stream
            assert await asyncio.to_thread(server.process.wait, 40) == 0

        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "server_shutdown")
        *_, end = heard.removesuffix("\n\n").split("\n\n")
        kind, data = end.split("\n")  # without an id: it is the server's word, and not the store's
        assert kind == "event: turn.interrupted"
        assert loads(data.removeprefix("data: "))["error"]["code"] == "server_shutdown"
        assert {turn.state for turn in await site.rows(TurnRow)} == {"cancelled"}
