"""A restart keeps everything."""

from __future__ import annotations

import secrets
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from promptdock.store.tables import Budget, BudgetPeriod
from tests.support.site import Site, marks_of, site_at
from tests.support.upstream import Upstream, text, tool_calls

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180), pytest.mark.xdist_group("durability")]


def ask(site: Site, origin: str, words: str, key: str) -> httpx.Response:
    body = {"session_key": key, "messages": [{"role": "user", "content": words}]}
    return httpx.post(origin + site.path, json=body, headers=site.headers, timeout=30)


async def set_budget(site: Site, limit: int) -> None:
    async def work(session: Any) -> None:
        account = site.client.account_id
        session.add(
            Budget(account_id=account, name="b", scope="account", metric="tokens", period="total", limit_units=limit)
        )

    await site.database.write(work)


@pytest.mark.anyio
async def test_t70_a_restart_keeps_history_keys_clients_and_budgets(
    database_url: str, tmp_path: Path, upstream: Upstream
) -> None:
    key = secrets.token_hex(32)
    upstream.script(
        [
            tool_calls([("add", {"left": 2, "right": 3})], usage=(100, 10)),
            text("5", usage=(200, 5)),
            text("still 5", usage=(6_000, 5)),
        ]
    )
    async with site_at(tmp_path, database_url, upstream) as site:
        await set_budget(site, 5_000)
        with site.serving() as server:
            first = ask(site, server.origin, "add 2 and 3", key)
            assert first.status_code == 200, first.text
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(30) == 0
        with site.serving() as server:
            second = ask(site, server.origin, "again, please", key)
            assert second.status_code == 200, second.text
            assert second.json()["data"]["promptdock"]["turn"]["number"] == 2
            assert marks_of(upstream.calls[-1]) == ["add", "again,"]
            roles = [message["role"] for message in upstream.calls[-1].body["messages"]]
            assert roles == ["system", "user", "assistant", "tool", "assistant", "user"]
            assert upstream.calls[-1].body["messages"][0]["content"].endswith("Be brief.")

            # what was used before the restart counts: together it is more than the budget has
            declined = ask(site, server.origin, "and again", key)
            assert declined.status_code == 402, declined.text
            assert len(upstream.calls) == 3
        (period,) = await site.rows(BudgetPeriod)
        assert (period.used_units, period.reserved_units) == (315 + 6_005, 0)
