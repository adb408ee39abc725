"""The raw passthrough through both transports: what prevents a reply, cuts it off, or is nobody's failure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import openai
import pytest
from aiohttp import web

from promptdock import CompletionCall, OpenAICompatibleProvider
from promptdock.error_table import describe
from promptdock.providers.relay import RelayReply, RelayRequest
from tests.support.loopback import closed_port, serving
from tests.support.relays import KEY, MODELS, TRANSPORTS, asking, raw_server
from tests.support.upstream import Upstream, raw, text

HEAD = b"HTTP/1.1 200 OK\r\n"
CHAT = RelayRequest(method="POST", path="/chat/completions", body=b'{"model": "m", "stream": true}')


async def read(asked: OpenAICompatibleProvider, request: RelayRequest = MODELS) -> bytes:
    async with asked.relay(request) as reply:
        return b"".join([piece async for piece in reply.body])


async def collect(reply: RelayReply, pieces: list[bytes]) -> None:
    async for piece in reply.body:
        pieces.append(piece)  # noqa: PERF401  (what came before a failure counts)


@TRANSPORTS
@pytest.mark.anyio
async def test_a_port_where_nobody_listens(transport: str) -> None:
    async with asking(transport, f"http://127.0.0.1:{closed_port()}/v1") as asked:
        with pytest.raises(openai.APIConnectionError) as failure:
            await read(asked)
    assert describe(failure.value).status == 502
    assert failure.value.request.url.path == "/v1/models"
    assert KEY not in f"{failure.value!r} {failure.value.__dict__} {failure.value.__cause__!r}"


@TRANSPORTS
@pytest.mark.anyio
@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200", b"no HTTP\r\n\r\n", HEAD + b"a: " + b"b" * 200_000 + b"\r\n\r\n"]
)
@pytest.mark.parametrize("request_", [CHAT, MODELS], ids=["POST", "GET"])
async def test_an_answer_that_is_none_is_asked_for_once(transport: str, request_: RelayRequest, answer: bytes) -> None:
    requests: list[bytes] = []
    async with raw_server(answer, requests) as base_url, asking(transport, base_url) as asked:
        with pytest.raises(openai.APIConnectionError) as failure:
            await read(asked, request_)
    assert not isinstance(failure.value, openai.APITimeoutError)
    assert len(requests) == 1


@TRANSPORTS
@pytest.mark.anyio
async def test_silence_before_the_headers_times_out_once(transport: str) -> None:
    requests: list[bytes] = []
    async with (
        raw_server(b"", requests, hang=True) as base_url,
        asking(transport, base_url, timeout=0.2) as asked,
    ):
        with pytest.raises(openai.APITimeoutError):
            await read(asked)
    assert len(requests) == 1


CUT = {
    "length": HEAD + b"Content-Length: 100\r\n\r\n" + b"abc",
    "chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    "inside a chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n10\r\nabc",
    "error page": b"HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\nabc",
}


@TRANSPORTS
@pytest.mark.anyio
@pytest.mark.parametrize("hang", [False, True], ids=["cut", "silence"])
@pytest.mark.parametrize("name", CUT)
async def test_a_body_that_breaks_off_gives_what_came_and_raises(transport: str, name: str, hang: bool) -> None:
    pieces: list[bytes] = []
    requests: list[bytes] = []
    async with (
        raw_server(CUT[name], requests, hang=hang) as base_url,
        asking(transport, base_url, timeout=0.3 if hang else 20) as asked,
        asked.relay(MODELS) as reply,
    ):
        with pytest.raises(openai.APITimeoutError if hang else openai.APIConnectionError) as failure:
            await collect(reply, pieces)
    assert reply.status == (500 if name == "error page" else 200)
    assert b"".join(pieces) == b"abc"
    assert isinstance(failure.value, openai.APITimeoutError) is hang
    assert len(requests) == 1


async def read_and_raise(asked: OpenAICompatibleProvider, failure: Exception) -> None:
    async with asked.relay(CHAT) as reply:
        async for _ in reply.body:
            raise failure


@TRANSPORTS
@pytest.mark.anyio
@pytest.mark.parametrize("failure", [ValueError("mine"), RuntimeError("mine"), OSError("mine"), TimeoutError("mine")])
async def test_what_the_caller_raises_is_not_translated(upstream: Upstream, transport: str, failure: Exception) -> None:
    async with asking(transport, upstream.base_url) as asked:
        with pytest.raises(type(failure)) as seen:
            await read_and_raise(asked, failure)
    assert seen.value is failure


@TRANSPORTS
@pytest.mark.anyio
async def test_leaving_a_body_closes_the_upstream_connection(upstream: Upstream, transport: str) -> None:
    upstream.script(text("a long answer that nobody reads to its end", hang_after=3))
    async with asking(transport, upstream.base_url) as asked:
        async with asked.relay(CHAT) as reply:
            assert (await anext(reply.body)).startswith(b"data: ")
            assert not upstream.calls[0].disconnected
        await upstream.until(lambda: upstream.calls[0].disconnected)
        assert [piece async for piece in reply.body] == []


@TRANSPORTS
@pytest.mark.anyio
@pytest.mark.parametrize("reading", [False, True], ids=["before the reply", "in its body"])
async def test_cancelling_disconnects_upstream(upstream: Upstream, transport: str, reading: bool) -> None:
    upstream.script(text("Hi there", hang_after=1) if reading else text("Hi", delay=60))
    async with asking(transport, upstream.base_url) as asked:
        task = asyncio.ensure_future(read(asked, CHAT))
        await upstream.until(lambda: upstream.calls)
        await asyncio.sleep(0.05)
        assert not upstream.calls[0].disconnected
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await upstream.until(lambda: upstream.calls[0].disconnected)


@TRANSPORTS
@pytest.mark.anyio
async def test_closing_the_provider_breaks_off_what_is_being_read(upstream: Upstream, transport: str) -> None:
    upstream.script(text("Hi there", hang_after=1))
    async with asking(transport, upstream.base_url) as asked, asyncio.timeout(20), asked.relay(CHAT) as reply:
        assert await anext(reply.body)
        await asked.aclose()
        with pytest.raises(openai.APIConnectionError):
            await anext(reply.body)


@TRANSPORTS
@pytest.mark.anyio
async def test_closing_the_provider_breaks_off_a_stream_of_chunks_too(upstream: Upstream, transport: str) -> None:
    upstream.script(text("Hi there", hang_after=1))
    async with (
        asking(transport, upstream.base_url) as asked,
        asyncio.timeout(20),
        aclosing(asked.stream(CompletionCall(model="m", messages=()))) as chunks,
    ):
        assert (await anext(chunks))["choices"]
        await asked.aclose()
        with pytest.raises(openai.APIConnectionError):
            await anext(chunks)


@TRANSPORTS
@pytest.mark.anyio
async def test_a_key_that_upstream_repeats_comes_back_with_the_rest(upstream: Upstream, transport: str) -> None:
    """Bytes are not looked into: who relays to strangers has to."""
    upstream.script(raw(f'{{"error": "{KEY}"}}', status=401))
    async with asking(transport, upstream.base_url) as asked:
        assert KEY.encode() in await read(asked, CHAT)


@pytest.mark.anyio
async def test_a_plugin_writes_its_own_passthrough() -> None:
    class Loud(OpenAICompatibleProvider):
        @asynccontextmanager
        async def relay(self, request: RelayRequest) -> AsyncIterator[RelayReply]:
            async with super().relay(request) as reply:
                yield RelayReply(status=reply.status, headers=reply.headers, body=_louder(reply.body))

    async def handler(_: web.BaseRequest) -> web.Response:
        return web.Response(text="hi")

    async with serving(handler) as origin:
        asked = Loud(name="loud", base_url=origin)
        assert await read(asked) == b"HI"
        await asked.aclose()


async def _louder(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for piece in body:
        yield piece.upper()
