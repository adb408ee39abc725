"""The raw passthrough over HTTP: what goes up and what comes back, byte for byte, through a live server."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from aiohttp import web
from pydantic import SecretStr

from promptdock import ProviderSettings, Settings
from promptdock.prompts.dock import open_database
from promptdock.store.tables import Budget
from promptdock.web import create_app
from tests.support.databases import migrated_file
from tests.support.loopback import closed_port, serving
from tests.support.relays import raw_server
from tests.support.server import live_server
from tests.support.services import settings_at
from tests.support.tenants import SECRET, make_account, make_person
from tests.support.upstream import Upstream, completion, drop, error, raw, text

KEY = "sk-operator-0123456789"
OPERATOR = {"Authorization": f"Bearer {KEY}"}
CHAT = "/api/v1/prompts/passthrough/fake/"
ANY = "/api/v1/passthrough/fake"
ASK: dict[str, Any] = {"model": "m1", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 50}
STREAM = {**ASK, "stream": True, "stream_options": {"include_usage": True}}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "promptdock.db").write_bytes(migrated_file())
    return tmp_path


@pytest.fixture
def settings(upstream: Upstream, home: Path) -> Settings:
    made = settings_at(upstream, home=home, api_key=KEY, secret_key=SECRET, max_relay_bytes=3_000_000)
    dead = ProviderSettings(base_url=f"http://127.0.0.1:{closed_port()}/v1", api_key=SecretStr("sk-dead-1234"))
    return made.model_copy(update={"providers": {**made.providers, "dead": dead}})


@pytest.fixture
def url(settings: Settings) -> Iterator[str]:
    with live_server(create_app(settings)) as url:
        yield url


@pytest.fixture
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=30, headers=OPERATOR) as client:
        yield client


def charges(home: Path) -> list[tuple[int, int, int]]:
    """Tokens of each charge, and whether they are an estimate."""
    with closing(sqlite3.connect(home / "promptdock.db")) as database:
        return database.execute(
            "SELECT prompt_tokens, completion_tokens, is_estimated FROM charges WHERE kind = 'relay' ORDER BY id"
        ).fetchall()


def refusal(reply: httpx.Response, status: int) -> dict[str, Any]:
    assert reply.status_code == status, reply.text
    body = reply.json()
    assert set(body) == {"error", "api", "metadata"}
    assert body["error"]["request_id"] == reply.headers["x-request-id"]
    error: dict[str, Any] = body["error"]
    return error


@pytest.mark.parametrize("stream", [False, True])
def test_t90_the_providers_own_parameters_go_up_and_its_reply_comes_back(
    client: httpx.Client, upstream: Upstream, home: Path, stream: bool
) -> None:
    odd = b'{"model" : "m1",\n\t"messages":[{"role":"user","content":"Z\\u00fcrich"}],"temperature":0.10,'
    sent = (
        odd
        + b'"response_format":{"type":"json_object"},"tools":[],"x":null,"stream":%s}' % str(stream).lower().encode()
    )
    reply_body = b'{"id":"x", "metadata": {"theirs": true},"usage":{"prompt_tokens":3,"completion_tokens":1}}'
    answer = b"data: " + reply_body + b"\n\n" if stream else reply_body
    media_type = "text/event-stream" if stream else "application/json"
    upstream.script(raw(answer, headers={"content-type": media_type, "x-ratelimit-left": "7", "set-cookie": "a=1"}))

    reply = client.post(CHAT, content=sent, headers={"Content-Type": "application/json", "X-Request-ID": "mine-1"})

    assert (reply.status_code, reply.content) == (200, answer)
    assert upstream.calls[0].raw == sent
    assert upstream.calls[0].key == "sk-fake-1234"
    assert "cookie" not in upstream.calls[0].headers
    assert reply.headers["content-type"] == media_type
    assert reply.headers["x-ratelimit-left"] == "7"
    assert reply.headers.get_list("x-request-id") == ["mine-1"]
    assert reply.headers["x-upstream-request-id"] == "req_fake"
    assert "set-cookie" not in reply.headers
    assert len(reply.headers.get_list("date")) == len(reply.headers.get_list("server")) == 1
    assert charges(home) == [(3, 1, 0)]


def test_t91_an_unknown_provider_is_404_and_what_is_no_json_is_the_providers_to_refuse(
    client: httpx.Client, upstream: Upstream
) -> None:
    unknown = refusal(client.post("/api/v1/prompts/passthrough/nobody/", json=ASK), 404)
    assert unknown["code"] == "provider_not_found"
    assert "fake" in unknown["description"]
    refusal(client.get("/api/v1/passthrough/nobody/models"), 404)
    assert upstream.requests == []

    upstream.script(error(400, "not JSON"))
    assert client.post(CHAT, content=b"{nonsense").json()["error"]["message"] == "not JSON"
    assert upstream.calls[0].raw == b"{nonsense"
    assert refusal(client.post(CHAT), 400)["class"] == "BadRequest"
    assert len(upstream.calls) == 1


@pytest.mark.parametrize("allow_anonymous", [True, False])
def test_t91_a_key_is_needed_whatever_the_settings_admit(
    settings: Settings, upstream: Upstream, allow_anonymous: bool
) -> None:
    changed = settings.model_copy(update={"allow_anonymous": allow_anonymous})
    with live_server(create_app(changed)) as url, httpx.Client(base_url=url, timeout=30) as client:
        for header in ({}, {"Authorization": "Bearer none"}, {"Authorization": "Bearer sk-wrong"}):
            refusal(client.post(CHAT, json=ASK, headers=header), 401)
            refusal(client.get(f"{ANY}/models", headers=header), 401)
    assert upstream.requests == []


def test_t92_errors_of_the_provider_keep_their_status_and_their_words(
    client: httpx.Client, upstream: Upstream, home: Path
) -> None:
    upstream.script([error(429, "slow down", headers={"retry-after": "7"}), error(500, "oh"), error(401, "bad key")])

    limited = client.post(CHAT, json=ASK)
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "7")
    assert limited.json()["error"]["message"] == "slow down"
    assert client.post(CHAT, json=STREAM).status_code == 500
    assert client.post(CHAT, json=ASK).status_code == 401
    assert len(upstream.calls) == 3
    assert charges(home) == []


def test_t92_over_budget_is_402_and_nobody_is_asked(settings: Settings, upstream: Upstream, home: Path) -> None:
    person = asyncio.run(_with_budget(settings, 100))
    with live_server(create_app(settings)) as url, httpx.Client(base_url=url, headers=person, timeout=30) as client:
        upstream.script(text("Hi", usage=(9, 50)))
        assert client.post(CHAT, json=ASK).status_code == 200

        declined = refusal(client.post(CHAT, json=ASK), 402)
        assert declined["code"] == "budget_exceeded"
        assert client.get(f"{ANY}/models").status_code == 200
    assert len(upstream.calls) == 1
    assert charges(home) == [(9, 50, 0)]


async def _with_budget(settings: Settings, limit: int) -> dict[str, str]:
    async with open_database(settings) as database:
        account = await make_account(database)
        person = await make_person(database, account, "ada")
        budget = Budget(
            account_id=account.id, name="all", scope="account", metric="tokens", period="total", limit_units=limit
        )

        async def work(session: Any) -> None:
            session.add(budget)

        await database.write(work)
    return person.headers


def test_t93_a_stream_comes_as_it_is_and_is_charged_once(client: httpx.Client, upstream: Upstream, home: Path) -> None:
    upstream.script(text("a streamed answer", usage=(20, 9), split=3))

    with client.stream("POST", CHAT, json=STREAM) as reply:
        assert reply.headers["content-type"] == "text/event-stream"
        assert "content-length" not in reply.headers
        body = b"".join(reply.iter_raw())

    assert body.count(b"data: ") > 3
    assert body.endswith(b"data: [DONE]\n\n")
    assert charges(home) == [(20, 9, 0)]


def test_t93_pieces_come_at_once_and_hanging_up_ends_the_call(
    client: httpx.Client, upstream: Upstream, home: Path
) -> None:
    upstream.script(text("word " * 40, hang_after=2))

    with client.stream("POST", CHAT, json=STREAM) as reply:
        assert next(reply.iter_raw()).startswith(b"data: {")

    upstream.wait(lambda: upstream.calls[0].disconnected)
    upstream.wait(lambda: charges(home))
    ((prompt, _, estimated),) = charges(home)
    assert (prompt, estimated) == (9, 1)


def test_t93_hanging_up_before_the_reply_ends_the_call(client: httpx.Client, upstream: Upstream) -> None:
    upstream.script(text("Hi", delay=60))

    with pytest.raises(httpx.ReadTimeout):
        client.post(CHAT, json=ASK, timeout=0.5)

    upstream.wait(lambda: upstream.calls[0].disconnected)


def test_t94_names_are_read_loosely_and_none_means_the_default(client: httpx.Client, upstream: Upstream) -> None:
    for name in ("fake", "FAKE", "fa-ke", "Fa_Ke", "%20"):
        for slash in ("", "/"):
            assert client.post(f"/api/v1/prompts/passthrough/{name}{slash}", json=ASK).status_code == 200
            assert client.get(f"/api/v1/passthrough/{name}/models{slash}").status_code == 200
    assert client.post("/api/v1/prompts/passthrough", json=ASK).status_code == 200
    assert client.post("/api/v1/prompts/passthrough/", json=ASK).status_code == 200
    assert {request.path for request in upstream.requests} == {"/v1/chat/completions", "/v1/models"}
    assert (len(upstream.requests), len(upstream.calls)) == (22, 12)


def test_t94_a_provider_without_a_key_says_so(client: httpx.Client) -> None:
    told = refusal(client.post("/api/v1/prompts/passthrough/OpenAI/", json=ASK), 400)

    assert told["code"] == "provider_not_configured"


@pytest.mark.parametrize(("provider", "script"), [("dead", text("Hi")), ("fake", drop())])
def test_a_provider_that_gives_no_reply_is_502(
    client: httpx.Client, upstream: Upstream, provider: str, script: Any, home: Path
) -> None:
    upstream.script(script)

    told = refusal(client.post(f"/api/v1/prompts/passthrough/{provider}", json=ASK), 502)

    assert (told["code"], told["class"]) == ("upstream_unreachable", "UpstreamError")
    assert charges(home) == []


def test_a_provider_that_is_silent_is_504(settings: Settings, upstream: Upstream) -> None:
    upstream.script(text("Hi", delay=60))
    quick = settings.providers["fake"].model_copy(update={"timeout": 0.3})
    with live_server(create_app(settings.model_copy(update={"providers": {"fake": quick}}))) as url:
        told = refusal(httpx.post(url + CHAT, json=ASK, headers=OPERATOR), 504)
    assert told["code"] == "upstream_timeout"


@pytest.mark.parametrize("ask", [ASK, STREAM], ids=["whole", "stream"])
def test_a_reply_that_breaks_off_is_never_taken_for_whole(
    client: httpx.Client, upstream: Upstream, ask: dict[str, Any]
) -> None:
    upstream.script(text("word " * 40, abort="mid_body", abort_after=3))

    with pytest.raises(httpx.RemoteProtocolError):
        client.post(CHAT, json=ask)

    upstream.script(text("Hi"))
    assert client.post(CHAT, json=ASK).status_code == 200


def test_a_body_that_is_too_large_is_refused_before_anybody_is_asked(client: httpx.Client, upstream: Upstream) -> None:
    assert client.post(CHAT, content=b"x" * 2_900_000).status_code == 200
    assert len(upstream.calls[0].raw) == 2_900_000
    assert refusal(client.post(CHAT, content=b"x" * 3_000_001), 413)["code"] == "payload_too_large"
    assert refusal(client.put(f"{ANY}/x", content=iter([b"x" * 1_000_000] * 4)), 413)["code"] == "payload_too_large"
    assert len(upstream.requests) == 1


def test_files_are_not_passed_through(client: httpx.Client, upstream: Upstream) -> None:
    odd = ("Files", "v1/files", "vector_stores/vs_1/files", "f%69les", "files;x=1", "uploads")
    for path in ("files", "files/file-1/content", *odd):
        for method in ("GET", "POST", "DELETE"):
            assert refusal(client.request(method, f"{ANY}/{path}"), 400)["code"] == "path_not_relayed"
    assert upstream.requests == []


def test_forms_with_files_are_not_passed_through(client: httpx.Client, upstream: Upstream) -> None:
    for path in (CHAT, f"{ANY}/images/edits"):
        assert refusal(client.post(path, files={"image": b"PNG"}), 415)["code"] == "unsupported_media_type"
    for types in (("multipart/form-data; boundary=x", "application/json"), ("text/plain, multipart/form-data",)):
        repeated = [("content-type", one) for one in types]
        assert refusal(client.post(CHAT, content=b"--x", headers=repeated), 415)["code"] == "unsupported_media_type"
    assert upstream.requests == []


def test_no_path_leads_out_of_the_providers_own(url: str, upstream: Upstream) -> None:
    """Sent as it stands: clients that tidy paths up would hide what is to be refused."""
    for path in ("/../models", "/%2e%2e/admin", "/a/%2e%2e%2f%2e%2e/b", "/a%5c..%5cb", "/x%00", "/x%2f%2e%2e/y"):
        assert _raw_request(url, f"GET {ANY}{path} HTTP/1.1").startswith(b"HTTP/1.1 400 ")
    assert _raw_request(url, f"GET {ANY}%2Fx/models HTTP/1.1").startswith(b"HTTP/1.1 400 ")
    assert upstream.requests == []


def _raw_request(url: str, line: str) -> bytes:
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        head = f"{line}\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode())
        return b"".join(iter(lambda: connection.recv(65_536), b""))


@pytest.mark.anyio
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_any_path_of_the_provider_passes_with_its_query_and_any_bytes(home: Path, method: str) -> None:
    noise = bytes(range(256)) * 500
    seen: list[tuple[str, str, bytes, str | None]] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        body = await request.content.read()
        seen.append((request.method, request.raw_path, body, request.headers.get("OpenAI-Beta")))
        return web.Response(status=202, body=body[::-1], headers={"Content-Type": "audio/mpeg", "X-Note": "é"})

    async with serving(handler) as origin, _client_of(origin, home) as client:
        reply = await client.request(
            method, f"{ANY}/audio/a%2Fb%20c?b=%61+1&a[]='&b", content=noise, headers={"OpenAI-Beta": "x=v2"}
        )
    assert seen == [(method, "/v1/audio/a%2Fb%20c?b=%61+1&a[]='&b", noise, "x=v2")]
    assert (reply.status_code, reply.content, reply.headers["content-type"]) == (202, noise[::-1], "audio/mpeg")


@pytest.mark.anyio
async def test_embeddings_and_responses_are_charged(home: Path) -> None:
    usages = {
        "/v1/embeddings": {"prompt_tokens": 8, "total_tokens": 8},
        "/v1/responses": {"input_tokens": 5, "output_tokens": 4, "total_tokens": 9},
    }

    async def handler(request: web.BaseRequest) -> web.Response:
        return web.json_response({"data": [], "usage": usages[request.path]})

    async with serving(handler) as origin, _client_of(origin, home) as client:
        for path in ("embeddings", "responses"):
            assert (await client.post(f"{ANY}/{path}", json={"model": "m1", "input": "Hello"})).status_code == 200
    assert charges(home) == [(8, 0, 0), (5, 4, 0)]


@pytest.mark.anyio
async def test_a_compressed_reply_stays_compressed(home: Path) -> None:
    packed = gzip.compress(json.dumps(completion({"content": "Hi"}, usage=(7, 3))).encode())

    async def handler(request: web.BaseRequest) -> web.Response:
        assert request.headers["Accept-Encoding"] == "gzip, deflate"
        return web.Response(body=packed, content_type="application/json", headers={"Content-Encoding": "gzip"})

    async with (
        serving(handler) as origin,
        _client_of(origin, home) as client,
        client.stream("POST", CHAT, json=ASK, headers={"Accept-Encoding": "gzip, deflate"}) as reply,
    ):
        assert reply.headers["content-encoding"] == "gzip"
        assert b"".join([piece async for piece in reply.aiter_raw()]) == packed
    assert charges(home) == [(7, 3, 0)]


@pytest.mark.anyio
async def test_headers_about_the_providers_host_stay_there(home: Path) -> None:
    answer = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nServer: theirs\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
        b"Access-Control-Allow-Origin: *\r\nStrict-Transport-Security: max-age=1\r\nAlt-Svc: h3\r\nVary: Origin\r\n"
        b"Set-Cookie: a=1\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n0\r\n\r\n"
    )
    async with raw_server(answer) as base_url, _client_of(base_url.removesuffix("/v1"), home) as client:
        reply = await client.get(f"{ANY}/x")
    assert reply.content == b"abc"
    assert {name: value for name, value in reply.headers.items() if name not in {"date", "server", "x-request-id"}} == {
        "content-type": "text/plain",
        "vary": "Origin",
        "transfer-encoding": "chunked",
    }
    assert reply.headers["server"] == "uvicorn"


@pytest.mark.anyio
async def test_a_head_request_is_answered_with_the_length(home: Path) -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response(body=b"x" * 1000)

    async with serving(handler) as origin, _client_of(origin, home) as client:
        reply = await client.head(f"{ANY}/models/m1")
    assert (reply.status_code, reply.headers["content-length"], reply.content) == (200, "1000", b"")


@pytest.mark.anyio
async def test_50_at_once_each_get_their_own_answer(url: str, upstream: Upstream, home: Path) -> None:
    upstream.script(lambda received: text(received.body["messages"][0]["content"] * 3, usage=(10, 2)))

    async with httpx.AsyncClient(base_url=url, headers=OPERATOR, timeout=60) as client:

        async def once(number: int) -> None:
            asked = {**(STREAM if number % 2 else ASK), "messages": [{"role": "user", "content": f"<{number}>"}]}
            reply = await client.post(CHAT, json=asked)
            assert reply.status_code == 200
            said = reply.json()["choices"][0]["message"]["content"] if number % 2 == 0 else _said(reply.text)
            assert said == f"<{number}>" * 3

        await asyncio.gather(*(once(number) for number in range(50)))
    assert charges(home) == [(10, 2, 0)] * 50


def _said(stream: str) -> str:
    events = [json.loads(line[6:]) for line in stream.splitlines() if line.startswith("data: {")]
    return "".join(choice["delta"].get("content") or "" for event in events for choice in event["choices"])


def _client_of(origin: str, home: Path) -> _LiveClient:
    return _LiveClient(origin, home)


class _LiveClient:
    """A client of a live server whose provider is at an origin."""

    def __init__(self, origin: str, home: Path) -> None:
        provider = ProviderSettings(base_url=f"{origin}/v1", api_key=SecretStr("sk-fake-1234"), max_retries=0)
        settings = Settings(home=home, api_key=SecretStr(KEY), plugins_allow=("vendors",), providers={"fake": provider})
        self._server = live_server(create_app(settings))

    async def __aenter__(self) -> httpx.AsyncClient:
        # in a thread: the provider answers on this loop
        url = await asyncio.to_thread(self._server.__enter__)
        self._client = httpx.AsyncClient(base_url=url, timeout=30, headers=OPERATOR)
        return self._client

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()
        await asyncio.to_thread(self._server.__exit__, None, None, None)
