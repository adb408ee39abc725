"""Following a server that says to ask elsewhere."""

from __future__ import annotations

import pytest

from promptdock.providers.transports.http import Asked, HttpError, follow
from tests.support.raw_http import Asking, asking, one_by_one, serving_raw

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"


def moved(status: int, place: str) -> bytes:
    return f"HTTP/1.1 {status} Moved\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode()


async def followed(asked: Asking, url: str) -> bytes:
    request = Asked(
        url=url + "/v1/a",
        to=asked.to,
        method="POST",
        target="/v1/a",
        headers=b"X-Key: secret\r\n",
        public_headers=b"X-Open: 1\r\n",
        body=b"body",
    )
    first = await asked.client.send(request.to, request.method, request.target, request.headers, request.body)
    reply = await follow(asked.client, request, first)
    try:
        return await reply.read(100)
    finally:
        reply.close()


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("status", "line"), [(301, b"GET /v1/b?c "), (302, b"GET"), (303, b"GET"), (307, b"POST"), (308, b"POST")]
)
async def test_the_same_server_gets_the_key_again(status: int, line: bytes) -> None:
    heads: list[bytes] = []
    async with serving_raw(one_by_one([moved(status, "b?c"), OK], heads)) as url, asking(url) as asked:
        assert await followed(asked, url) == b"abc"
    assert heads[1].startswith(b"body" + line)  # what comes first is the body of the request before
    assert b"X-Key: secret" in heads[1]


@pytest.mark.anyio
async def test_another_server_gets_no_key() -> None:
    heads: list[bytes] = []
    async with (
        serving_raw(one_by_one([OK], heads)) as other,
        serving_raw(one_by_one([moved(307, other + "/b")], close=True)) as url,
        asking(url) as asked,
    ):
        assert await followed(asked, url) == b"abc"
    assert b"X-Open: 1" in heads[0]
    assert b"secret" not in heads[0]


@pytest.mark.anyio
@pytest.mark.parametrize(
    "place",
    ["ftp://x/", "http://x:99999/", "http://a b/", "http://[::1", "//[x", f"//{'a' * 64}.x/", "//a..b/"],
)
async def test_a_place_that_is_none(place: str) -> None:
    async with serving_raw(one_by_one([moved(307, place)])) as url, asking(url) as asked:
        with pytest.raises((HttpError, OSError)):
            await followed(asked, url)


@pytest.mark.anyio
async def test_a_circle_ends() -> None:
    async with serving_raw(one_by_one([moved(302, "/v1/a")] * 50)) as url, asking(url) as asked:
        with pytest.raises(HttpError, match="too many"):
            await followed(asked, url)
