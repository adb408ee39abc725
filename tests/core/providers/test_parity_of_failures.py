"""The wire against the openai package's own client: the same statuses, retries and timeouts."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

import openai
import pytest

from tests.support.parity import KEY, both, outcome, provider
from tests.support.upstream import Received, Reply, Upstream, drop, error, raw, text

NOW = {"retry-after-ms": "1"}
"""Lets the next attempt come at once."""

RETRIED = {408, 409, 429, 500, 501, 502, 503, 504, 529}
STATUSES = [400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 413, 415, 418, 422, 424, 429, 451, *range(500, 505), 529]


@pytest.mark.anyio
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("status", STATUSES)
async def test_every_error_status(upstream: Upstream, status: int, stream: bool) -> None:
    reply = error(status, "Something is wrong.", code="some_code", param="messages", headers=NOW)
    seen = await both(upstream, reply, stream=stream, retries=2)
    assert seen.status == status
    assert len(seen.sent) == (3 if status in RETRIED else 1)
    assert seen.body == {
        "message": "Something is wrong.", "type": "fake_error", "param": "messages", "code": "some_code"
    }  # fmt: skip


BODIES = {
    "a text": error(400, {"error": "no such model"}),
    "a bare message": error(422, {"object": "error", "message": "wrong", "param": "top_p", "code": 3}),
    "a list": raw('[{"error": {"code": 400, "message": "wrong"}}]', status=400),
    "a page": raw("<html>Bad gateway</html>", status=400),
    "nothing": raw(b"", status=403),
    "not UTF-8": raw(b"\xff\xfe", status=404),
    "the key": error(400, f"Incorrect API key provided: {KEY}. Look elsewhere."),
    "the key deep inside": error(401, {"error": {"message": "no", "seen": [{"authorization": f"Bearer {KEY}"}]}}),
    "a redirect without a place": raw(b"", status=304),
}


@pytest.mark.anyio
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("name", BODIES)
async def test_every_shape_of_an_error_body(upstream: Upstream, name: str, stream: bool) -> None:
    seen = await both(upstream, BODIES[name], stream=stream)
    assert seen.kind is not None
    assert issubclass(seen.kind, openai.APIStatusError)
    assert len(seen.sent) == 1


RETRY_HEADERS: dict[str, tuple[dict[str, str], int]] = {
    "seconds": ({"retry-after": "0.01"}, 2),
    "milliseconds": ({"retry-after-ms": "5", "retry-after": "60"}, 2),
    "more than two minutes": ({"retry-after": "121"}, 1),
    "far date": ({"retry-after": "Fri, 31 Dec 2100 23:59:59 GMT"}, 1),
    "told not to": ({"x-should-retry": "false", **NOW}, 1),
}


@pytest.mark.anyio
@pytest.mark.parametrize("name", RETRY_HEADERS)
async def test_t50_rate_limits_and_what_the_server_asks_for(upstream: Upstream, name: str) -> None:
    headers, attempts = RETRY_HEADERS[name]
    seen = await both(upstream, error(429, headers=headers), stream=True)
    assert seen.kind is openai.RateLimitError
    assert len(seen.sent) == attempts


@pytest.mark.anyio
@pytest.mark.parametrize("value", ["é", "\u4f60\u597d", "\udce9"], ids=["latin", "chinese", "not UTF-8"])
async def test_headers_that_are_not_ascii(value: str) -> None:
    """They do not hide the error, nor the headers beside them."""
    async with _raw_upstream(
        b"HTTP/1.1 429 Too Many\r\nx-note: " + value.encode("utf-8", "surrogateescape") + b"\r\nretry-after: 500\r\n"
        b"x-request-id: req_1\r\ncontent-length: 0\r\n\r\n"
    ) as base_url:
        seen = [
            await outcome(provider(transport, base_url, retries=0, timeout=20), stream=False)
            for transport in ("sdk", "wire")
        ]
    assert seen[0] == seen[1]
    assert seen[0].kind is openai.RateLimitError
    assert seen[0].info is not None
    assert seen[0].info.retry_after == 500


@asynccontextmanager
async def _raw_upstream(answer: bytes) -> AsyncIterator[str]:
    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(reply, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


@pytest.mark.anyio
async def test_a_status_that_is_not_tried_again_is_when_the_server_says_so(upstream: Upstream) -> None:
    seen = await both(upstream, [error(400, headers={"x-should-retry": "true", **NOW}), text("Hi")], stream=False)
    assert seen.kind is None
    assert len(seen.sent) == 2


@pytest.mark.anyio
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_a_dropped_connection_is_tried_again(upstream: Upstream, stream: bool) -> None:
    seen = await both(upstream, [drop(), text("Hi")], stream=stream)
    assert seen.kind is None
    assert len(seen.sent) == 2
    seen = await both(upstream, drop(), stream=stream)
    assert seen.kind is openai.APIConnectionError
    assert len(seen.sent) == 2


@pytest.mark.anyio
async def test_a_whole_answer_that_breaks_off_is_tried_again(upstream: Upstream) -> None:
    seen = await both(upstream, [text("Hi", abort="mid_body"), text("Hi")], stream=False)
    assert seen.kind is None
    assert len(seen.sent) == 2


@pytest.mark.anyio
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_an_error_page_that_breaks_off(upstream: Upstream, stream: bool) -> None:
    seen = await both(upstream, error(400, "x" * 100, abort="mid_body"), stream=stream, retries=0)
    assert seen.kind is openai.APIConnectionError


@pytest.mark.anyio
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_t53_silence_before_the_headers_times_out_and_is_tried_again(upstream: Upstream, stream: bool) -> None:
    seen = await both(upstream, text("Hi", delay=60), stream=stream, timeout=0.2)
    assert seen.kind is openai.APITimeoutError
    assert seen.info is not None
    assert seen.info.status == 504
    assert len(seen.sent) == 2


@pytest.mark.anyio
async def test_t53_silence_inside_a_stream_times_out_after_what_came(upstream: Upstream) -> None:
    seen = await both(upstream, text("Hi there, how are you?", hang_after=3), stream=True, timeout=0.3)
    assert seen.kind is openai.APITimeoutError
    assert len(seen.chunks) == 3
    assert len(seen.sent) == 1


@pytest.mark.anyio
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_t53_a_port_where_nobody_listens(stream: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    seen = [
        await outcome(provider(transport, f"http://127.0.0.1:{port}/v1", retries=0, timeout=5), stream=stream)
        for transport in ("sdk", "wire")
    ]
    assert seen[0] == seen[1]
    assert seen[0].kind is openai.APIConnectionError
    assert seen[0].info is not None
    assert seen[0].info.status == 502


@pytest.mark.anyio
async def test_t53_a_port_that_does_not_answer() -> None:
    """A listener whose queue is full: the next connection waits for an answer that does not come."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as callers:
        port = full.getsockname()[1]
        for _ in range(8):
            caller = callers.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(("127.0.0.1", port))
        seen = [
            await outcome(
                provider(transport, f"http://127.0.0.1:{port}/v1", retries=0, timeout=60, connect=0.3), stream=False
            )
            for transport in ("sdk", "wire")
        ]
    assert seen[0] == seen[1]
    assert seen[0].kind is openai.APITimeoutError


@pytest.mark.anyio
async def test_redirects_are_followed(upstream: Upstream) -> None:
    target = f"{upstream.base_url}/elsewhere/chat/completions"

    def script(request: Received) -> Reply:
        if "elsewhere" in request.path:
            return text("Hi")
        return raw(b"", status=307, headers={"location": target})

    seen = await both(upstream, script, stream=False)
    assert seen.kind is None
    assert len(seen.sent) == 2
