"""What a provider reports may be absurd; the turn ends, and is charged, all the same."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from promptdock.store.tables import Charge, TurnRow
from promptdock.web import create_app
from tests.support.server import live_server
from tests.support.site import site_at
from tests.support.upstream import Upstream, text


@pytest.mark.anyio
@pytest.mark.parametrize("tokens", [2**31, 10**30])
@pytest.mark.parametrize("streamed", [False, True])
async def test_an_absurd_report_loses_no_turn(
    database_url: str, tmp_path: Path, upstream: Upstream, tokens: int, streamed: bool
) -> None:
    upstream.script(text("Hello", usage=(tokens, tokens)))
    body = {"messages": [{"role": "user", "content": "Hi"}], "stream": streamed}
    async with site_at(tmp_path, database_url, upstream) as site:
        with live_server(create_app(site.settings)) as url:
            async with httpx.AsyncClient() as client:
                reply = await client.post(f"{url}{site.path}", json=body, headers=site.headers, timeout=20)

        assert reply.status_code == 200
        [turn] = await site.rows(TurnRow)
        [charge] = await site.rows(Charge)
        assert (turn.state, turn.prompt_tokens) == ("finished", 2**31 - 1)
        assert (charge.prompt_tokens, charge.completion_tokens, charge.is_estimated) == (2**31 - 1, 2**31 - 1, True)
