from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from litestar import Request, get, post
from litestar.response import Stream

from promptdock import Settings
from promptdock.redaction import is_secret_name
from promptdock.web import PromptdockPlugin, create_app
from promptdock.web.journal import JournalEntry, journaled
from promptdock.web.journal_view import MEMBERS, View
from tests.core.web.things import ADA, StoredKeys, things_app
from tests.support.server import live_server

PROMPT = {"model": "offline", "messages": [{"role": "user", "content": "my secret plan"}], "temperature": 0.5}


class Rows:
    """A sink that keeps what it is given, and fails when told to."""

    def __init__(self) -> None:
        self._rows: list[JournalEntry] = []
        self._changed = threading.Condition()
        self.broken = False

    async def __call__(self, entry: JournalEntry) -> None:
        if self.broken:
            raise OSError("the disk is full")
        await asyncio.sleep(0)
        with self._changed:
            self._rows.append(entry)
            self._changed.notify_all()

    def take(self) -> list[JournalEntry]:
        with self._changed:
            rows, self._rows = self._rows, []
        return rows

    def wait(self) -> list[JournalEntry]:
        """What there is, once there is something."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._rows, 20), "nothing was written"
        return self.take()


@get("/slow-stream")
async def slow_stream() -> Stream:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"first"
        await asyncio.sleep(120)

    return Stream(pieces())


@get("/stream")
async def stream() -> Stream:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"first"
        yield b"last"

    return Stream(pieces())


@get("/breaking-stream")
async def breaking_stream() -> Stream:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"first"
        raise RuntimeError("no luck")

    return Stream(pieces())


@get("/broken")
async def broken() -> None:
    raise RuntimeError("no luck")


@post("/own-row", status_code=200)
async def own_row(request: Request[Any, Any, Any]) -> dict[str, str]:
    journaled(request.scope)
    return {}


@pytest.fixture(scope="module")
def rows() -> Rows:
    return Rows()


@pytest.fixture(scope="module")
def url(settings: Settings, rows: Rows) -> Iterator[str]:
    further = (stream, slow_stream, breaking_stream, broken, own_row)
    with live_server(things_app(settings, keys=StoredKeys(), journal=rows, further=further)) as url:
        yield url


@pytest.fixture(autouse=True)
def empty(rows: Rows) -> None:
    rows.take()
    rows.broken = False


def test_a_reply_has_its_row_before_it_has_ended(client: httpx.Client, rows: Rows) -> None:
    before = datetime.now(UTC)
    headers = {"Authorization": "Bearer pd-ada", "Cookie": "session=1", "X-Request-ID": "look-for-me"}
    made = client.post("/api/v1/things?token=secret", json={"name": "lamp", "count": 5}, headers=headers)

    (row,) = rows.take()
    assert (row.method, row.path, row.template) == ("POST", "/api/v1/things", "/api/v1/things")
    assert (row.command, row.thing, row.status) == ("create", "Thing", 201)
    assert row.request_id == made.headers["x-request-id"] == "look-for-me"
    assert row.principal is ADA
    assert before <= row.started_at <= datetime.now(UTC)
    assert 0 < row.ms < 20_000
    assert row.response_bytes == len(made.content)
    assert row.request_bytes == len(made.request.content)


def test_rows_hold_neither_keys_nor_cookies_nor_prompts(client: httpx.Client, rows: Rows) -> None:
    headers = {"Authorization": "Bearer pd-ada", "Cookie": "session=biscuit", "User-Agent": "tester"}
    assert client.post("/api/v1/things", json=PROMPT, headers=headers).status_code == 422

    (row,) = rows.take()
    assert row.headers["user-agent"] == "tester"
    assert row.body["temperature"] == 0.5
    assert row.body["messages"] == "[hidden]"
    for secret in ("pd-ada", "biscuit", "secret plan"):
        assert secret not in repr(row)


@pytest.mark.parametrize(
    ("method", "path", "status", "template", "thing"),
    [
        ("GET", "/api/v1/nope", 404, None, None),
        ("DELETE", "/api/v1/plugins", 405, None, "Plugin"),
        ("GET", "/api/v1/whoami", 401, "/api/v1/whoami", "User"),
        ("GET", "/api/v1/things?limit=0", 400, "/api/v1/things", "Thing"),
        ("GET", "/api/v1/broken", 500, "/api/v1/broken", None),
        ("OPTIONS", "/api/v1/things", 204, "/api/v1/things", "Thing"),
        ("GET", "/v1/models/offline", 200, "/v1/models/{model}", "Model"),
        ("POST", "/v1/chat/completions", 400, "/v1/chat/completions", "ChatCompletion"),
        ("GET", "//api//v1/tools/", 200, "/api/v1/tools", "Tool"),
        ("GET", "/v1/nope", 404, None, None),
    ],
)
def test_every_reply_has_a_row_whoever_made_it(
    client: httpx.Client, rows: Rows, method: str, path: str, status: int, template: str | None, thing: str | None
) -> None:
    reply = client.request(method, f"{client.base_url}{path}")

    assert reply.status_code == status
    (row,) = rows.take()
    assert (row.method, row.status, row.template) == (method, status, template)
    assert row.path == path.partition("?")[0]
    if method != "OPTIONS":
        assert row.thing == thing
    assert row.principal.is_anonymous
    assert row.response_bytes == len(reply.content)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/schema/openapi.json", "/schema", "/nope", "/apiary", "/"])
def test_what_is_no_api_has_no_row(client: httpx.Client, rows: Rows, path: str) -> None:
    client.get(path)

    assert rows.take() == []


def test_a_stream_has_its_row_before_its_end(client: httpx.Client, rows: Rows) -> None:
    reply = client.get("/api/v1/stream")

    assert reply.text == "firstlast"
    (row,) = rows.take()
    assert row.status == 200
    assert row.response_bytes == len(reply.content)


def test_a_caller_who_hangs_up_is_a_499(url: str, rows: Rows) -> None:
    with httpx.stream("GET", f"{url}/api/v1/slow-stream", timeout=30) as reply:
        assert next(reply.iter_raw()) == b"first"
    (row,) = rows.wait()

    assert (row.status, row.response_bytes) == (499, len(b"first"))


def test_a_reply_that_breaks_off_is_a_500(url: str, rows: Rows) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{url}/api/v1/breaking-stream", timeout=30)
    (row,) = rows.wait()

    assert (row.status, row.response_bytes) == (500, len(b"first"))


def test_replies_that_end_with_their_headers_have_their_rows_before(client: httpx.Client, rows: Rows) -> None:
    there = client.post("/api/v1/things", json={"name": "lamp"}).headers["location"]
    rows.take()
    for method, path, status in (("OPTIONS", there, 204), ("HEAD", there, 405), ("DELETE", there, 204)):
        for _ in range(20 if method != "DELETE" else 1):
            assert client.request(method, path).status_code == status
            (row,) = rows.take()
            assert (row.method, row.status) == (method, status)


def test_who_wrote_the_row_by_itself_gets_no_second_one(client: httpx.Client, rows: Rows) -> None:
    assert client.post("/api/v1/own-row").status_code == 200

    assert rows.take() == []


@pytest.mark.parametrize(("path", "text"), [("stream", "firstlast"), ("tools", "calculator")])
def test_a_journal_that_fails_is_logged_and_changes_no_reply(
    client: httpx.Client, rows: Rows, caplog: pytest.LogCaptureFixture, path: str, text: str
) -> None:
    rows.broken = True
    with caplog.at_level(logging.ERROR):
        reply = client.get(f"/api/v1/{path}", headers={"X-Request-ID": "look-for-me"})

    assert reply.status_code == 200
    assert text in reply.text
    (record,) = [record for record in caplog.records if record.exc_info]
    assert record.name == "promptdock.web"
    assert "look-for-me" in record.getMessage()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b'"my secret plan"',
        b'["my secret plan"]',
        b'{"name": "' + b"my secret plan" * 5_000 + b'"}',
        b"[" * 60_000,
        b'{"my secret plan": ' + b'{"a":' * 900 + b"1" + b"}" * 901,
    ],
)
def test_bodies_that_cannot_be_shown_have_rows_without_them(client: httpx.Client, rows: Rows, content: bytes) -> None:
    client.post("/api/v1/things", content=content)

    (row,) = rows.take()
    assert row.request_bytes == len(content)
    assert row.body is None or row.body == {"my secret plan": "[hidden]"}


def test_the_journal_can_be_switched_off(settings: Settings, rows: Rows) -> None:
    with live_server(things_app(settings.model_copy(update={"journal": False}), journal=rows)) as url:
        assert httpx.get(f"{url}/api/v1/things").status_code == 200

    assert rows.take() == []


def test_an_app_without_a_store_has_no_journal(settings: Settings) -> None:
    with live_server(create_app(settings)) as url:
        assert httpx.get(f"{url}/api/v1/tools").status_code == 200


def test_an_app_that_is_started_twice_is_watched_once(settings: Settings, rows: Rows) -> None:
    app = things_app(settings, journal=rows)
    untouched = app.asgi_handler
    for _ in range(2):
        with live_server(app) as url:
            httpx.get(f"{url}/api/v1/things")
        assert app.asgi_handler is untouched

    assert len(rows.take()) == 2


def test_a_hosts_own_api_is_not_journaled(settings: Settings, rows: Rows) -> None:
    from litestar import Litestar

    from promptdock.web.state import provide

    @get("/api/host")
    async def hosts() -> str:
        return "mine"

    def connect(app: Litestar) -> None:
        provide(app.state, journal=rows)

    app = Litestar([hosts], plugins=[PromptdockPlugin(settings)], on_startup=[connect], logging_config=None)
    with live_server(app) as url:
        assert httpx.get(f"{url}/api/host").text == "mine"
        assert httpx.get(f"{url}/api/v1/tools").status_code == 200

    assert [row.path for row in rows.take()] == ["/api/v1/tools"]


@pytest.mark.parametrize("key", ["pd_" + "Ab3-" * 10 + "xyz", "0123456789abcdef" * 4])
def test_a_key_in_the_wrong_place_is_not_kept(client: httpx.Client, rows: Rows, key: str) -> None:
    reply = client.get(f"/api/v1/things/{key}", headers={"X-Request-ID": key})

    (row,) = rows.wait()
    assert key not in row.path
    assert row.path.startswith("/api/v1/things/****")
    assert row.request_id == reply.headers["x-request-id"] != key


def test_no_member_whose_value_is_shown_is_called_like_a_secret() -> None:
    assert not [name for name in MEMBERS if is_secret_name(name)]


def test_what_looks_like_a_key_is_shown_nowhere_in_a_body() -> None:
    """Not as a name, a value, or inside one; asked twice, as what was shown before is remembered."""
    body = b'{"sk-abcdef123456": 1, "model": "sk-abcdef123456", "tools": [{"name": "sk-abcdef123456", "x": 1}], "n": 2}'
    view = View()

    for _ in range(2):
        assert view.body(body) == {
            "[hidden]": "[hidden]",
            "model": "[hidden]",
            "tools": [{"name": "[hidden]", "x": "[hidden]"}],
            "n": 2,
        }
