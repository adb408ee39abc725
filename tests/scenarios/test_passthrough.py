"""T-96 at the routes: prompts and raw passthroughs at once, each with its own provider's key. The rest of T-90 to T-95
stands with the tests of the passthrough routes."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from promptdock.store.tables import JournalRow, TurnRow
from tests.scenarios.stage import OPERATOR_KEY, Scene, Stage, fresh, staged
from tests.support.upstream import Received, Reply, text

pytestmark = pytest.mark.xdist_group("scenarios-journal")

KEYS = {name: f"sk-{name}-0123456789" for name in ("fake", "spare")}


@pytest.fixture(scope="module")
def stage(stage_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A server with two providers at one upstream, told apart by their keys and models."""
    home: Path = tmp_path_factory.mktemp("home")
    with staged(stage_url, home) as running:
        yield running


@pytest.fixture
def scene(stage: Stage) -> Scene:
    return fresh(stage)


def echo(received: Received) -> Reply:
    """Answer with the model and the key that came."""
    return text(json.dumps([received.body["model"], received.key]), delay=0.005)


def test_t96_fifty_requests_at_once_carry_their_own_providers_key(scene: Scene) -> None:
    scene.upstream.script(echo)
    clients = {name: scene.llm_client(name, provider=name, model=f"of-{name}") for name in KEYS}
    messages, headers = [{"role": "user", "content": "Hello"}], scene.ada.headers

    def request(number: int) -> tuple[str, str, dict[str, Any]]:
        name = ("fake", "spare")[number % 2]
        body = {"messages": messages}
        if number % 3:
            return name, scene.path(clients[name]), body
        return name, f"/api/v1/prompts/passthrough/{name}/", {**body, "model": f"of-{name}"}

    async def work() -> list[tuple[str, httpx.Response]]:
        async with httpx.AsyncClient(base_url=scene.url, headers=headers, timeout=60) as http:
            asked = [request(number) for number in range(50)]
            replies = await asyncio.gather(*(http.post(path, json=body) for _, path, body in asked))
            return [(name, reply) for (name, _, _), reply in zip(asked, replies, strict=True)]

    for name, reply in scene.stage.run(work()):
        assert reply.status_code == 200, reply.text
        body = reply.json()
        content = body.get("data", body)["choices"][0]["message"]["content"]
        assert json.loads(content) == [f"of-{name}", KEYS[name]]
    charges = scene.charges()
    assert len(charges) == len(scene.upstream.calls) == 50
    assert {(one.provider, one.model) for one in charges} == {(name, f"of-{name}") for name in KEYS}
    assert {one.total_tokens for one in charges} == {12}


def test_t92_a_passthrough_is_charged_and_journaled_and_has_no_turn(scene: Scene) -> None:
    body = {"model": "m1", "messages": [{"role": "user", "content": "words of a passthrough"}], "temperature": 0.2}
    reply = scene.post("/api/v1/prompts/passthrough/fake/", body)
    assert reply.status_code == 200
    assert scene.upstream.calls[0].body == body
    [charge] = scene.charges()
    assert (charge.kind, charge.turn_id, charge.total_tokens, charge.provider) == ("relay", None, 12, "fake")
    assert scene.rows(TurnRow, TurnRow.account_id == scene.account.id) == []
    [row] = scene.rows(JournalRow, JournalRow.request_id == reply.headers["x-request-id"])
    assert (row.status, row.turn_id, row.caller) == (200, None, scene.ada.principal.name)
    assert "words of a passthrough" not in str(row)
    scene.budget(0)
    declined = scene.post("/api/v1/prompts/passthrough/fake/", body)
    assert (declined.status_code, declined.json()["error"]["code"]) == (402, "budget_exceeded")
    assert len(scene.upstream.calls) == 1


def test_t101_log_levels_are_changed_while_the_server_runs(scene: Scene) -> None:
    """By superusers, and back again."""
    root = scene.person("root", account=scene.elsewhere, is_superuser=True)
    path = f"{scene.url}/api/v1/log-levels/promptdock.prompts"

    def levels(method: str, person: Any, **members: Any) -> httpx.Response:
        return scene.stage.http.request(method, path, headers=person.headers, **members)

    assert levels("PUT", scene.ada, json={"level": "debug"}).status_code == 403
    reply = levels("PUT", root, json={"level": "debug"})
    assert reply.status_code == 200, reply.text
    assert (reply.json()["data"]["component"], reply.json()["data"]["level"]) == ("promptdock.prompts", "debug")
    listed = scene.stage.http.get(
        f"{scene.url}/api/v1/log-levels", headers={"Authorization": f"Bearer {OPERATOR_KEY}"}
    ).json()["data"]
    assert [one["level"] for one in listed if one["component"] == "promptdock.prompts"] == ["debug"]
    assert logging.getLogger("promptdock.prompts").level == logging.DEBUG
    assert levels("DELETE", root).status_code == 204
    assert logging.getLogger("promptdock.prompts").level != logging.DEBUG
