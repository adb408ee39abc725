"""What a server may say, and what it may not."""

from __future__ import annotations

import asyncio
import gzip
import zlib

import pytest

from promptdock.providers.transports.http import Body, ConnectionBroken, HttpError, InvalidReply, SilentTooLong
from tests.support.raw_http import asking, one_by_one, serving_raw

OK = b"HTTP/1.1 200 OK\r\n"
EMPTY = OK + b"Content-Length: 0\r\n\r\n"
UNASKED = OK + b"Content-Length: 7\r\nX-Of: another\r\n\r\nunasked"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("method", "answer", "body", "kept"),
    [
        ("GET", OK + b"Content-Length: 3\r\n\r\nabc", b"abc", True),
        ("GET", OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n2;x=y\r\nbc\r\n0\r\nX-Sum: 1\r\n\r\n", b"abc", True),
        ("GET", OK.replace(b"\r\n", b"\n") + b"Content-Length: 3\n\nabc", b"abc", True),
        ("GET", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK + b"Content-Length: 3\r\n\r\nabc", b"abc", True),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", b"", True),
        ("HEAD", OK + b"Content-Length: 9\r\n\r\n", b"", True),
        ("GET", OK + b"Connection: close\r\nContent-Length: 3\r\n\r\nabc", b"abc", False),
        ("GET", b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", b"abc", False),
        ("GET", b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc", b"abc", True),
        ("GET", OK + b"Content-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\n", b"abc", False),
        ("HEAD", OK + b"Content-Length: 3\r\n\r\nabc", b"", False),
        # a second reply that nobody asked for, in the same read: nothing of it is taken for the first one's
        ("GET", OK + b"Content-Length: 3\r\n\r\nabc" + UNASKED, b"abc", False),
        ("GET", OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" + UNASKED, b"abc", False),
        ("GET", OK + b"Content-Length: 3\r\n\r\nabcHTTP/1.1 103 Early Hints\r\n\r\n" + UNASKED, b"abc", False),
        ("GET", EMPTY + UNASKED, b"", False),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n" + UNASKED, b"", False),
        ("HEAD", EMPTY + UNASKED, b"", False),
    ],
)
async def test_bodies_end_where_http_says_and_connections_are_kept_where_it_allows(
    method: str, answer: bytes, body: bytes, kept: bool
) -> None:
    async with serving_raw(one_by_one([answer, EMPTY])) as url, asking(url) as asked:
        reply = await asked.ask(method)
        assert await reply.read(1000) == body
        assert (b"X-Of", b"another") not in reply.headers
        assert (asked.client._pool.kept(asked.to) is not None) is kept


@pytest.mark.anyio
async def test_a_body_without_a_length_ends_with_the_connection() -> None:
    async with serving_raw(one_by_one([OK + b"\r\nabc"], close=True)) as url, asking(url) as asked:
        assert await asked.whole() == b"abc"


@pytest.mark.anyio
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        OK[:10],
        OK + b"Content-Length: 3\r\n\r\nab",
        OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ],
)
async def test_what_breaks_off_is_an_error(answer: bytes) -> None:
    async with serving_raw(one_by_one([answer], close=True)) as url, asking(url) as asked:
        with pytest.raises(ConnectionBroken) as failure:
            await asked.whole()
    assert not failure.value.stale


@pytest.mark.anyio
@pytest.mark.parametrize(
    "answer",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        OK + b"X: a\rSet-Cookie: b\r\n\r\n",
        OK + b"X: a\x00\r\n\r\n",
        OK + b"Transfer-Encoding: gzip\r\n\r\nabc",
        OK + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        OK + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        OK + b"X: y\r\n" * 300 + b"\r\n",
        OK + b"X: " + b"y" * 400_000,
        OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"y" * 1_000_000,
        b"HTTP/1.1 103 Early\r\nX: y\r\n\r\n" * 30_000,
    ],
)
async def test_what_is_no_reply_is_refused(answer: bytes) -> None:
    async with serving_raw(one_by_one([answer])) as url, asking(url) as asked:
        with pytest.raises(InvalidReply) as failure:
            await asked.whole()
        assert asked.client._pool._open == {}
    assert "y" * 10 not in str(failure.value)


@pytest.mark.anyio
async def test_headers_are_as_they_came() -> None:
    answer = OK + b"X-B: 1\r\nx-a:\r\nx-b: \xe9\r\nContent-Length: 0\r\n\r\n"
    async with serving_raw(one_by_one([answer])) as url, asking(url) as asked:
        reply = await asked.ask()
    assert reply.headers == [(b"X-B", b"1"), (b"x-a", b""), (b"x-b", b"\xe9"), (b"Content-Length", b"0")]


@pytest.mark.anyio
@pytest.mark.parametrize("answer", [b"", OK, OK + b"Content-Length: 3\r\n\r\na"])
async def test_silence_is_an_error(answer: bytes) -> None:
    async with serving_raw(one_by_one([answer])) as url, asking(url, timeout=0.1) as asked:
        with pytest.raises(SilentTooLong):
            await asked.whole()


@pytest.mark.anyio
async def test_slow_but_steady_is_none() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for byte in OK + b"Content-Length: 3\r\n\r\nabc":
            writer.write(bytes([byte]))
            await asyncio.sleep(0.01)

    async with serving_raw(talk) as url, asking(url, timeout=0.2) as asked:
        assert await asked.whole() == b"abc"


@pytest.mark.anyio
async def test_a_reader_that_is_slow_slows_the_server_down_and_loses_nothing() -> None:
    body = bytes(range(256)) * 80_000
    written = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK + b"Content-Length: %d\r\n\r\n" % len(body))
        for start in range(0, len(body), 65_536):
            writer.write(body[start : start + 65_536])
            await writer.drain()
            written = start
        await reader.read()

    async with serving_raw(talk) as url, asking(url, timeout=0.2) as asked:
        reply = await asked.ask()
        await asyncio.sleep(0.5)  # longer than the silence that is borne: nobody waits
        assert written < len(body) * 0.9
        assert reply._buffered < 1_000_000
        assert await reply.read(len(body)) == body
        assert asked.client._pool.kept(asked.to) is not None


@pytest.mark.anyio
@pytest.mark.parametrize("status", [b"413 Too Large", b"200 OK"])
async def test_a_reply_before_the_request_was_read(status: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 %b\r\nContent-Length: 3\r\n\r\nabc" % status)
        await asyncio.sleep(10)

    async with serving_raw(talk) as url, asking(url) as asked:
        reply = await asked.ask("POST", b"x" * 20_000_000)
        assert await reply.read(10) == b"abc"
        assert asked.client._pool._open == {}


@pytest.mark.anyio
async def test_a_large_request_arrives_whole_though_the_server_reads_slowly() -> None:
    body = bytes(range(256)) * 40_000

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.1)
        assert await reader.readexactly(len(body)) == body
        writer.write(OK + b"Content-Length: 4\r\n\r\nfine")
        await reader.read()

    async with serving_raw(talk) as url, asking(url) as asked:
        assert await asked.whole("POST", body) == b"fine"


@pytest.mark.anyio
async def test_a_server_that_does_not_read_is_given_up() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(20)

    async with serving_raw(talk) as url, asking(url, timeout=0.2) as asked:
        with pytest.raises(SilentTooLong):
            await asked.whole("POST", b"x" * 50_000_000)


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        (b"gzip", gzip.compress(b"abc" * 500_000)),
        (b"GZIP", gzip.compress(b"abc" * 100_000) + gzip.compress(b"abc" * 400_000)),
        (b"deflate", zlib.compress(b"abc" * 500_000)),
        (b"deflate", raw_deflate(b"abc" * 500_000)),
        (b"identity", b"abc" * 500_000),
    ],
)
async def test_a_compressed_body_is_decoded(coding: bytes, packed: bytes) -> None:
    answer = OK + b"Content-Encoding: %b\r\nContent-Length: %d\r\n\r\n" % (coding, len(packed)) + packed
    async with serving_raw(one_by_one([answer])) as url, asking(url) as asked:
        assert await Body(await asked.ask()).read(1_500_000) == b"abc" * 500_000


@pytest.mark.anyio
async def test_others_have_their_turn_while_much_is_decoded() -> None:
    packed = gzip.compress(b"a" * 20_000_000)
    answer = OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with serving_raw(one_by_one([answer])) as url, asking(url) as asked:
        body = Body(await asked.ask())
        await body.piece()  # all of it has come
        busy = asyncio.ensure_future(others())
        await body.read(20_000_000)
        busy.cancel()
    assert turns > 20


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        (b"gzip", gzip.compress(b"a" * 50_000_000)),
        (b"gzip", gzip.compress(b"abc" * 1000)[:-9]),
        (b"gzip", b"abc"),
        (b"br", b"abc"),
    ],
    ids=["a bomb", "cut", "false", "unknown"],
)
async def test_a_compressed_body_that_is_none(coding: bytes, packed: bytes) -> None:
    answer = OK + b"Content-Encoding: %b\r\nContent-Length: %d\r\n\r\n" % (coding, len(packed)) + packed
    async with serving_raw(one_by_one([answer])) as url, asking(url) as asked:
        reply = await asked.ask()
        with pytest.raises(HttpError):
            await Body(reply).read(1_000_000)
        reply.close()
