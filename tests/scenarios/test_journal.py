"""T-102: one row of the journal for each request, and no secret of anybody's in the database."""

from __future__ import annotations

from collections.abc import Iterator
from secrets import token_hex
from typing import Any

import httpx
import pytest
from sqlalchemy import text as sql
from sqlmodel.ext.asyncio.session import AsyncSession

from promptdock.store.tables import JournalRow
from promptdock.store.tables.base import Table
from tests.scenarios.stage import API_DOMAIN, OPERATOR_KEY, PROVIDER_KEY, Scene
from tests.support.tenants import SECRET
from tests.support.upstream import error, text, tool_calls

pytestmark = pytest.mark.xdist_group("scenarios-journal")

SAID = "the words of a prompt"


def row_of(scene: Scene, reply: httpx.Response) -> JournalRow:
    """The row of a request, of which there is one."""
    [row] = scene.rows(JournalRow, JournalRow.request_id == reply.headers["x-request-id"])
    return row


def requests(scene: Scene, **headers: str) -> Iterator[tuple[httpx.Response, str, str | None]]:
    """Requests of all kinds, with the command and the thing that their rows are to have."""
    helper, ask = scene.helper, {"messages": [{"role": "user", "content": SAID}]}
    at_host = {"host": scene.host(), **headers}
    yield scene.prompt(SAID, headers=headers), "prompt", "LLMClient"
    yield scene.prompt(SAID, stream=True, headers=headers), "prompt", "LLMClient"
    yield scene.prompt(SAID, at_host=True, anonymous=True, headers=headers), "prompt", "LLMClient"
    yield scene.post(scene.path() + "config/", headers=headers), "config", "ChatConfig"
    yield scene.post("/config/", headers=at_host, anonymous=True), "config", "ChatConfig"
    yield scene.post("/v1/chat/completions", {"model": helper.name, **ask}, headers=headers), "prompt", "ChatCompletion"
    yield scene.prompt([], headers=headers), "prompt", "LLMClient"
    yield scene.prompt(SAID, session_key="abc", headers=headers), "prompt", "LLMClient"
    yield scene.prompt(SAID, anonymous=True, headers=headers), "prompt", "LLMClient"
    yield scene.prompt(SAID, by=scene.eve, headers=headers), "prompt", "LLMClient"
    yield scene.stage.http.get(scene.url + scene.path(), headers=scene.ada.headers | headers), "get", "LLMClient"
    yield scene.post("/prompt/", ask, headers={**headers, "host": f"nobody.{API_DOMAIN}"}), "prompt", "LLMClient"


def test_t102_each_request_has_a_row_with_its_status(scene: Scene) -> None:
    for reply, command, thing in requests(scene):
        row = row_of(scene, reply)
        assert (row.status, row.command) == (reply.status_code, command), reply.text
        if thing != "ChatCompletion":
            assert row.thing == thing
        assert row.ms > 0
        assert row.created_at.tzinfo is not None
        assert row.path == reply.url.path
        assert row.method == reply.request.method


def test_t102_the_replys_key_is_the_rows_id(scene: Scene) -> None:
    reply = scene.prompt(SAID)
    body = reply.json()
    row = row_of(scene, reply)
    assert body["metadata"] == {"command": "prompt", "thing": "LLMClient", "key": str(row.id)}
    assert str(row.turn_id) == body["data"]["promptdock"]["turn"]["id"]
    assert row.llm_client_id == scene.helper.id
    assert row.caller == scene.ada.principal.name
    assert (row.account_id, row.profile_id, row.api_key_id) == (
        scene.account.id,
        scene.ada.principal.profile_id,
        scene.ada.principal.api_key_id,
    )
    configured = scene.post(scene.path() + "config/")
    assert configured.json()["metadata"]["key"] == str(row_of(scene, configured).id)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_t102_a_failed_turn_has_one_row_with_its_status(scene: Scene, stream: bool) -> None:
    scene.upstream.script(error(429, "Slow down."))
    assert row_of(scene, scene.prompt(SAID, stream=stream)).status == 429
    scene.upstream.script([tool_calls([("look_up", {"word": "dock"})]), error(500, "No.")])
    reply = scene.prompt(f"{SAID}, word by word", stream=stream)
    row = row_of(scene, reply)
    assert row.status == reply.status_code == (200 if stream else 502)
    assert row.turn_id is not None
    scene.budget(0)
    declined = row_of(scene, scene.prompt(SAID, stream=stream))
    assert (declined.status, declined.turn_id) == (402, None)


def test_t102_bodies_and_headers_are_shown_by_allow_list(scene: Scene) -> None:
    reply = scene.prompt(SAID, temperature=0.25, headers={"x-mine": "a header of mine", "user-agent": "a test"})
    row = row_of(scene, reply)
    assert row.headers["user-agent"] == "a test"
    assert row.body["temperature"] == 0.25
    assert SAID not in str(row)
    assert "a header of mine" not in str(row)


async def everything(session: AsyncSession) -> dict[str, list[str]]:
    """All values of all columns of all tables, as text."""
    found: dict[str, list[str]] = {}
    for table in Table.metadata.sorted_tables:
        for row in (await session.exec(sql(f'SELECT * FROM "{table.name}"'))).all():  # type: ignore[call-overload]
            found.setdefault(table.name, []).extend(str(value) for value in row)
    return found


def test_t102_no_secret_is_anywhere_in_the_database(scene: Scene) -> None:
    cookie, token, query = (f"{name}-{token_hex(12)}" for name in ("cookie", "token", "query"))
    headers = {"cookie": f"session={cookie}", "x-api-key": token, "proxy-authorization": f"Basic {token}"}
    scene.upstream.script(text("Hi"))
    for _ in requests(scene, **headers):
        pass
    nobodys = f"pd_{token_hex(20)}"
    scene.prompt(SAID, anonymous=True, headers={"Authorization": f"Bearer {nobodys}"})
    scene.prompt(SAID, anonymous=True, headers={"Authorization": f"Bearer {OPERATOR_KEY}"})
    scene.post(f"{scene.path()}?api_key={query}", {"messages": [{"role": "user", "content": SAID}]})
    scene.upstream.script(error(401, f"Incorrect API key provided: {PROVIDER_KEY}."))
    scene.prompt(SAID, stream=True)
    secrets: dict[str, str] = {
        "Ada's key": scene.ada.key,
        "Eve's key": scene.eve.key,
        "nobody's key": nobodys,
        "the operator's key": OPERATOR_KEY,
        "the provider's key": PROVIDER_KEY,
        "the server's secret": SECRET.get_secret_value(),
        "a cookie": cookie,
        "a further key": token,
        "a key in the URL": query,
    }
    stored = scene.stage.run(scene.stage.database.read(everything))
    assert {"journal", "turns", "messages", "api_keys"} <= set(stored)
    assert any(SAID in value for value in stored["messages"])  # the search does find what is there
    leaks: list[Any] = [
        (name, table)
        for name, secret in secrets.items()
        for table, values in stored.items()
        if any(secret in value for value in values)
    ]
    assert leaks == []
