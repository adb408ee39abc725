"""What ``GET /readyz`` says when something is not well."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from promptdock import Settings, hookimpl
from promptdock.errors import ErrorInfo
from promptdock.telemetry.outcomes import outcome_of
from promptdock.telemetry.provider_health import ProviderRecord
from promptdock.web import create_app
from promptdock.web.farewell import STOPPING
from tests.support.server import live_server
from tests.support.services import settings_at
from tests.support.upstream import Upstream, error, text

ASK = {"model": "fake/m1", "messages": [{"role": "user", "content": "go"}]}


class Broken:
    """A plugin that is put into quarantine."""

    @hookimpl
    def register_tools(self) -> list[Any]:
        raise RuntimeError("never")


def parts(reply: httpx.Response) -> dict[str, dict[str, Any]]:
    return {part["name"]: part for part in reply.json()["parts"]}


def test_all_is_well(client: httpx.Client) -> None:
    reply = client.get("/readyz")

    assert reply.status_code == 200
    assert reply.json()["status"] == "ready"
    assert {name: part["state"] for name, part in parts(reply).items()} == dict.fromkeys(
        ("server", "store", "plugins", "loop", "provider:offline"), "ok"
    )


def test_a_database_that_cannot_be_read_keeps_the_server_from_serving(settings: Settings, home: Path) -> None:
    with (
        closing(sqlite3.connect(home / "promptdock.db", isolation_level=None)) as database,
        live_server(create_app(settings)) as url,
    ):
        assert httpx.get(f"{url}/readyz").status_code == 200
        database.execute("ALTER TABLE accounts RENAME TO somewhere_else")
        sick = httpx.get(f"{url}/readyz")
        alive = httpx.get(f"{url}/healthz")
        database.execute("ALTER TABLE somewhere_else RENAME TO accounts")
        well = httpx.get(f"{url}/readyz")

    assert sick.status_code == 503
    assert sick.headers["retry-after"] == "1"
    assert sick.json()["status"] == "not_ready"
    assert parts(sick)["store"]["state"] == "failed"
    assert "the log says why" in parts(sick)["store"]["detail"]
    assert parts(sick)["plugins"]["state"] == "ok"
    assert alive.status_code == 200
    assert well.status_code == 200


def test_a_plugin_in_quarantine_is_named_and_keeps_nobody_from_serving(settings: Settings) -> None:
    everybody = settings.model_copy(update={"plugins_allow": None})
    with live_server(create_app(everybody, extra={"broken": Broken()})) as url:
        reply = httpx.get(f"{url}/readyz")

    assert reply.status_code == 200
    assert parts(reply)["plugins"] == {"name": "plugins", "state": "degraded", "detail": "In quarantine: broken."}
    (broken,) = reply.json()["quarantined"]
    assert broken["name"] == "broken"
    assert "RuntimeError" in broken["reason"]


def test_reasons_are_for_who_may_look_inside(settings: Settings) -> None:
    guarded = settings.model_copy(update={"api_key": SecretStr("sk-operator-0123"), "plugins_allow": None})
    with live_server(create_app(guarded, extra={"broken": Broken()})) as url:
        of_everybody = httpx.get(f"{url}/readyz")
        of_operator = httpx.get(f"{url}/readyz", headers={"Authorization": "Bearer sk-operator-0123"})

    assert of_everybody.status_code == of_operator.status_code == 200
    assert {part["detail"] for part in of_everybody.json()["parts"]} == {None}
    assert of_everybody.json()["quarantined"] == [{"name": "broken", "reason": None, "remedy": None}]
    assert parts(of_operator)["plugins"]["detail"] == "In quarantine: broken."


def test_a_provider_that_fails_is_named_until_it_answers_again(upstream: Upstream, home: Path) -> None:
    upstream.script([*[error(500)] * 3, error(400), text("well again")])
    with live_server(create_app(settings_at(upstream, home=home))) as url, httpx.Client(base_url=url) as client:
        assert parts(client.get("/readyz"))["provider:fake"]["detail"] == "It was not asked lately."
        for _ in range(4):
            client.post("/v1/chat/completions", json=ASK)
        sick = client.get("/readyz")
        client.post("/v1/chat/completions", json=ASK)
        well = client.get("/readyz")

    assert sick.status_code == 200
    assert parts(sick)["provider:fake"]["state"] == "degraded"
    assert "3 of the latest 3 calls failed (failed); none has been answered." in parts(sick)["provider:fake"]["detail"]
    assert parts(well)["provider:fake"] == {"name": "provider:fake", "state": "ok", "detail": None}


def test_a_server_that_was_told_to_stop_is_not_ready(settings: Settings) -> None:
    inner = create_app(settings)

    async def stopping(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope.setdefault("state", {})[STOPPING] = True
        await inner(scope, receive, send)

    with live_server(stopping) as url:
        reply = httpx.get(f"{url}/readyz")

    assert reply.status_code == 503
    assert parts(reply)["server"] == {"name": "server", "state": "failed", "detail": "It is shutting down."}


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (429, "rate_limit_exceeded", "rate_limited"),
        (499, "cancelled", "cancelled"),
        (503, "cancelled", "cancelled"),
        (404, "model_not_found", "refused"),
        (504, "upstream_timeout", "timeout"),
        (502, "whatever_a_vendor_says", "failed"),
    ],
)
def test_outcomes_are_few(status: int, code: str, outcome: str) -> None:
    assert outcome_of(ErrorInfo(status=status, code=code, type="x", message="x")) == outcome


def test_what_a_caller_spoilt_says_nothing_of_a_provider() -> None:
    record = ProviderRecord()
    for outcome in ("refused", "cancelled", "refused", "failed", "failed"):
        record.note(outcome)

    assert record.counts == (2, 2)
    assert not record.is_sick
    record.note("timeout")
    assert record.is_sick
