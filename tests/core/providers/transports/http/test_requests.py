"""What is written: addresses, heads, and the way through proxies."""

from __future__ import annotations

import asyncio

import pytest

from promptdock.providers.transports.http import (
    Address,
    ConnectionBroken,
    InvalidRequest,
    Origin,
    Proxies,
    header_block,
)
from promptdock.providers.transports.http.heads import request_head
from tests.support.raw_http import asking, one_by_one, serving_raw

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"


@pytest.mark.parametrize(
    ("url", "greeting", "target", "authorization"),
    [
        ("http://Example.com", "example.com", "/", None),
        ("https://example.com.:443/v1", "example.com", "/v1", None),
        ("http://[::1]:8000/a%2Fb?c=d e", "[::1]:8000", "/a%2Fb?c=d%20e", None),
        ("http://bücher.example/ä", "xn--bcher-kva.example", "/%C3%A4", None),
        ("https://me:se%63ret@example.com:8443/", "example.com:8443", "/", "Basic bWU6c2VjcmV0"),
    ],
)
def test_addresses(url: str, greeting: str, target: str, authorization: str | None) -> None:
    address = Address.of(url)
    assert (address.origin.greeting, address.target, address.authorization) == (greeting, target, authorization)


@pytest.mark.parametrize("url", ["ftp://x/", "//x/", "http://", "http://a b/", "http://x:99999/", "http://[::1"])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Address.of(url)


@pytest.mark.parametrize(
    "header", [("a b", "c"), ("a", "b\r\nc: d"), ("a", "b\nc"), ("a", "\x00"), ("", "x"), ("Content-Length", "3")]
)
def test_a_header_that_would_end_its_line_is_not_written(header: tuple[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        header_block([header])


@pytest.mark.parametrize("target", ["/a b", "/a\r\nb", "/a\n", "", "/\xe4", "/\x7f"])
def test_a_target_that_would_end_its_line_is_not_written(target: str) -> None:
    with pytest.raises(InvalidRequest):
        request_head("GET", target, b"", None)


def test_only_requests_that_have_a_body_say_its_length() -> None:
    assert request_head("GET", "/", b"", None) == b"GET / HTTP/1.1\r\n\r\n"
    assert request_head("POST", "/", b"A: b\r\n", None) == b"POST / HTTP/1.1\r\nA: b\r\nContent-Length: 0\r\n\r\n"
    assert request_head("GET", "/", b"", b"abc").endswith(b"Content-Length: 3\r\n\r\n")


@pytest.mark.anyio
async def test_a_proxy_is_asked_by_the_whole_address() -> None:
    heads: list[bytes] = []
    async with serving_raw(one_by_one([OK], heads)) as proxy:
        proxies = Proxies({"all": proxy.replace("://", "://me:secret@")})
        async with asking("http://far.invalid:81/", proxies=proxies) as asked:
            assert await asked.whole() == b"abc"
    assert b"".join(heads) == (
        b"GET http://far.invalid:81/ HTTP/1.1\r\nHost: far.invalid:81\r\n"
        b"Proxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n"
    )


@pytest.mark.anyio
async def test_a_proxy_that_opens_no_way() -> None:
    heads: list[bytes] = []
    async with (
        serving_raw(one_by_one([b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n"], heads)) as proxy,
        asking("https://far.invalid/", proxies=Proxies({"https": proxy})) as asked,
    ):
        with pytest.raises(ConnectionBroken, match="407"):
            await asked.whole()
    assert heads == [b"CONNECT far.invalid:443 HTTP/1.1\r\nHost: far.invalid:443\r\n\r\n"]


@pytest.mark.anyio
@pytest.mark.parametrize("host", ["a..b", "a" * 64 + ".x"])
async def test_a_name_that_tls_does_not_take_behind_a_proxy_that_takes_any(host: str) -> None:
    async with (
        serving_raw(one_by_one([b"HTTP/1.1 200 OK\r\n\r\n"])) as proxy,
        asking(f"https://{host}/", proxies=Proxies({"https": proxy})) as asked,
    ):
        with pytest.raises(ConnectionBroken, match="name"):
            await asked.whole()


def test_proxies_that_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "near.example,127.0.0.1")
    proxies = Proxies({"http": "proxy.example:3128"})
    assert proxies.of(Origin("http", "near.example", 80)) is None
    assert proxies.of(Origin("https", "far.example", 443)) is None
    used = proxies.of(Origin("http", "far.example", 80))
    assert used is not None
    assert used.origin == Origin("http", "proxy.example", 3128)
    assert Proxies({"all": "socks5://me:secret@x:1"}).of(Origin("http", "far.example", 80)) is None


@pytest.mark.anyio
async def test_cancelling_while_dialling_and_while_waiting_leaves_nothing() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving_raw(talk) as url, asking(url) as asked:
        for wait in (0, 0.001, 0.05):
            task = asyncio.ensure_future(asked.whole())
            await asyncio.sleep(wait)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert asked.client._pool._open == {}
        assert asked.client._pool._dialling == set()
