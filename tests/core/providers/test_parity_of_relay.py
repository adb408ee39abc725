"""The raw passthrough through both transports: the same bytes, statuses, headers and failures."""

from __future__ import annotations

import asyncio
import gzip
import random

import pytest
from aiohttp import web

from promptdock import CompletionCall
from promptdock.providers.relay import RelayRequest
from tests.support.loopback import serving
from tests.support.relays import KEY, MODELS, TRANSPORTS, asking, raw_server, relayed
from tests.support.upstream import completion

NOISE = random.Random(7).randbytes(3_000_000)


@TRANSPORTS
@pytest.mark.anyio
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_body_goes_up_and_comes_back_byte_for_byte(transport: str, method: str) -> None:
    seen: list[tuple[str, str, bytes]] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        seen.append((request.method, request.raw_path, await request.content.read()))
        return web.Response(body=NOISE[::-1], content_type="audio/mpeg")

    asked = RelayRequest(method=method, path="/audio/%7Espeech%20x/a%2Fb", query="b=%61+1&a[]='&b", body=NOISE)
    status, headers, body = await relayed(transport, handler, asked)
    assert seen == [(method, "/v1/audio/%7Espeech%20x/a%2Fb?b=%61+1&a[]='&b", NOISE)]
    assert (status, body) == (200, NOISE[::-1])
    assert headers == [("Content-Type", "audio/mpeg"), ("Content-Length", "3000000")]


@TRANSPORTS
@pytest.mark.anyio
@pytest.mark.parametrize("packed", [gzip.compress(b"Hello"), b"no gzip at all"], ids=["gzip", "false gzip"])
async def test_an_encoded_body_is_not_decoded(transport: str, packed: bytes) -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        assert await request.content.read() == packed
        assert request.headers["Content-Encoding"] == "x-packed"
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    given = (("Content-Encoding", "x-packed"), ("Accept-Encoding", "gzip"))
    request = RelayRequest(method="POST", path="/files", headers=given, body=packed)
    status, headers, body = await relayed(transport, handler, request)
    assert (status, body) == (200, packed)
    assert dict(headers)["Content-Encoding"] == "gzip"


THEIRS = (
    ("Authorization", "Bearer theirs"),
    ("X-Api-Key", "theirs"),
    ("Cookie", "theirs=1"),
    ("Host", "theirs"),
    ("Idempotency-Key", "theirs"),
    ("OpenAI-Organization", "theirs"),
    ("OpenAI-Project", "theirs"),
    ("User-Agent", "theirs"),
    ("X-Forwarded-For", "theirs"),
    ("Transfer-Encoding", "theirs"),
    ("Content-Length", "99"),
)


@TRANSPORTS
@pytest.mark.anyio
@pytest.mark.parametrize(
    ("theirs", "operators", "passed"),
    [
        (THEIRS, {}, {"accept": "*/*", "accept-encoding": "identity"}),
        (
            (("ACCEPT", "audio/*"), ("Accept-Encoding", "br"), ("content-type", "a/b; c=d"), ("OpenAI-Beta", "x=v2")),
            {},
            {"accept": "audio/*", "accept-encoding": "br", "content-type": "a/b; c=d", "openai-beta": "x=v2"},
        ),
        (
            (("OpenAI-Beta", "theirs"), *THEIRS),
            {"OpenAI-Beta": "ours", "OpenAI-Project": "ours"},
            {"accept": "*/*", "accept-encoding": "identity", "openai-beta": "ours", "openai-project": "ours"},
        ),
    ],
    ids=["nothing", "what a body needs", "the operator's win"],
)
async def test_headers_that_reach_upstream(
    transport: str, theirs: tuple[tuple[str, str], ...], operators: dict[str, str], passed: dict[str, str]
) -> None:
    seen: dict[str, str] = {}

    async def handler(request: web.BaseRequest) -> web.Response:
        assert len(request.headers) == len({name.lower() for name in request.headers})
        seen.update({name.lower(): value for name, value in request.headers.items()})
        return web.Response()

    request = RelayRequest(method="POST", path="/files", headers=theirs, body=b"abc")
    await relayed(transport, handler, request, headers=operators)
    assert seen.pop("host").startswith("127.0.0.1:")
    assert seen.pop("user-agent").startswith("promptdock/")
    assert seen.pop("authorization") == f"Bearer {KEY}"
    assert seen.pop("content-length") == "3"
    assert seen.pop("connection", "keep-alive") == "keep-alive"
    assert seen == passed


@TRANSPORTS
@pytest.mark.anyio
@pytest.mark.parametrize(("user", "sent"), [("me:secret@", "Basic bWU6c2VjcmV0"), (":x@", "Basic Ong=")])
async def test_a_user_in_the_base_url_goes_as_basic(transport: str, user: str, sent: str) -> None:
    """Also one without a name; and the key stays here."""
    seen: list[str] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        seen.extend(request.headers.getall("Authorization"))
        return web.Response()

    async with serving(handler) as origin:
        base_url = origin.replace("://", f"://{user}")
        async with asking(transport, base_url) as asked, asked.relay(MODELS) as reply:
            assert reply.status == 200
    assert seen == [sent]


@TRANSPORTS
@pytest.mark.anyio
async def test_the_operators_host_is_the_one_that_is_sent(transport: str) -> None:
    seen: list[str] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        seen.extend(request.headers.getall("Host"))
        return web.Response()

    await relayed(transport, handler, MODELS, headers={"Host": "internal.example"})
    assert seen == ["internal.example"]


@TRANSPORTS
@pytest.mark.anyio
@pytest.mark.parametrize(
    "status", [201, 202, 204, 206, 302, 304, 307, 308, 400, 401, 404, 408, 409, 429, 500, 503, 529]
)
async def test_every_status_is_a_reply_to_one_request(transport: str, status: int) -> None:
    sent = 0

    async def handler(request: web.BaseRequest) -> web.Response:
        nonlocal sent
        sent += 1
        return web.Response(
            status=status, body=None if status in {204, 304} else b'{"x":', headers={"Location": "/v1/elsewhere"}
        )

    request = RelayRequest(method="POST", path="/chat/completions", body=b"{")
    seen, headers, body = await relayed(transport, handler, request)
    assert (seen, body, sent) == (status, b"" if status in {204, 304} else b'{"x":', 1)
    assert dict(headers)["Location"] == "/v1/elsewhere"


@TRANSPORTS
@pytest.mark.anyio
async def test_reply_headers_come_as_they_were_sent_but_for_those_of_the_connection(transport: str) -> None:
    answer = (
        b"HTTP/1.1 200 Fine\r\nX-Request-ID: req_1\r\nset-cookie: a=1\r\nSet-Cookie: b=2\r\nX-Note: \xe9\r\n"
        b"Connection: close, X-Private\r\nX-Private: yes\r\nKeep-Alive: timeout=5\r\nTE: trailers\r\nTrailer: X\r\n"
        b"Proxy-Authenticate: Basic\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
    )
    requests: list[bytes] = []
    async with raw_server(answer, requests) as base_url, asking(transport, base_url) as asked:
        for _ in range(2):
            async with asked.relay(MODELS) as reply:
                assert b"".join([piece async for piece in reply.body]) == b"abcde"
        await asyncio.sleep(0)
    assert reply.headers == (
        ("X-Request-ID", "req_1"),
        ("set-cookie", "a=1"),
        ("Set-Cookie", "b=2"),
        ("X-Note", "\xe9"),
        ("Content-Type", "text/plain"),
    )
    assert len(requests) == 2
    assert b"cookie" not in b"".join(requests).lower()


@TRANSPORTS
@pytest.mark.anyio
async def test_cookies_of_a_reply_are_in_no_later_call(transport: str) -> None:
    cookies: list[str | None] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        cookies.append(request.headers.get("Cookie"))
        return web.json_response(completion({"content": "Hi"}), headers={"Set-Cookie": "caller=1; Path=/"})

    async with serving(handler) as origin, asking(transport, origin) as asked:
        for _ in range(2):
            async with asked.relay(MODELS) as reply:
                assert dict(reply.headers)["Set-Cookie"] == "caller=1; Path=/"
            await asked.complete(CompletionCall(model="m", messages=()))
    assert cookies == [None] * 4


@TRANSPORTS
@pytest.mark.anyio
async def test_a_head_request_has_a_length_and_no_body(transport: str) -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response(body=b"x" * 1000)

    status, headers, body = await relayed(transport, handler, RelayRequest(method="HEAD", path="/files/1"))
    assert (status, dict(headers)["Content-Length"], body) == (200, "1000", b"")


@TRANSPORTS
@pytest.mark.anyio
async def test_a_stream_comes_piece_by_piece(transport: str) -> None:
    """Each piece is only sent when the one before has been read."""
    read = asyncio.Event()
    events = [b": ping\n\n", b'data: {"a":\r\n', b"data: 1}\r\n\r\n", "data: Zürich".encode()[:-5], b"data: [DONE]\n\n"]

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for event in events:
            await response.write(event)
            await read.wait()
            read.clear()
        return response

    pieces = []
    async with (
        asyncio.timeout(20),
        serving(handler) as origin,
        asking(transport, origin) as asked,
        asked.relay(RelayRequest(method="POST", path="/responses", body=b"{}")) as reply,
    ):
        async for piece in reply.body:
            pieces.append(piece)
            read.set()
    assert pieces == events


@TRANSPORTS
@pytest.mark.anyio
async def test_a_connection_is_shared_with_calls_and_closed_when_a_body_is_left(transport: str) -> None:
    ports: list[int] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        assert request.transport is not None
        ports.append(request.transport.get_extra_info("peername")[1])
        await request.read()
        return web.json_response(completion({"content": "x" * 5_000_000 if request.path == "/big" else "Hi"}))

    async with serving(handler) as origin, asking(transport, origin) as asked:
        for path in ("/models", "/models", "/big", "/models"):
            async with asked.relay(RelayRequest(method="GET", path=path)) as reply:
                async for _ in reply.body:
                    if path == "/big":
                        break
            if path == "/models":
                await asked.complete(CompletionCall(model="m", messages=()))
    assert len(set(ports[:5])) == 1
    assert len(set(ports[5:])) == 1
    assert len(set(ports)) == 2
