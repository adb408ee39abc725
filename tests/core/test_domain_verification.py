"""Custom domains are verified by a token in DNS or on the domain's web server; both are real here, on loopback."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from promptdock.domain_verification import NotVerified, Verified, new_token, txt_content, verify_domain
from promptdock.public_addresses import is_public
from tests.support.dns import LeadsTo, name_server
from tests.support.loopback import Handler, closed_port, serving

pytestmark = pytest.mark.anyio

DOMAIN = "chat.example.org"
TOKEN = "0123456789abcdef" * 2


async def _verify(
    records: Mapping[str, Sequence[str]], http: LeadsTo | None = None, *, allow_private: bool = True
) -> Verified | NotVerified:
    http = http if http is not None else LeadsTo("127.0.0.1", closed_port())
    async with name_server(records) as resolver:
        return await verify_domain(DOMAIN, TOKEN, resolver=resolver, http=http, allow_private=allow_private)


@asynccontextmanager
async def _web(handler: Handler) -> AsyncIterator[LeadsTo]:
    async with serving(handler) as url:
        yield LeadsTo("127.0.0.1", int(url.rpartition(":")[2]))


async def _token(request: web.BaseRequest) -> web.Response:
    found = request.host == DOMAIN and request.path == "/.well-known/promptdock-verification"
    return web.Response(text=f"{TOKEN}\n") if found else web.Response(status=404)


async def test_a_token_is_32_hex_characters() -> None:
    assert re.fullmatch("[0-9a-f]{32}", new_token())
    assert new_token() != new_token()


async def test_a_txt_record_verifies_a_domain() -> None:
    """Among others, and also when it comes in pieces."""
    content = txt_content(TOKEN)
    assert content == f"promptdock-verification={TOKEN}"
    records = {f"_promptdock.{DOMAIN}": ["unrelated", f'"{content[:20]}" "{content[20:]}"']}
    assert await _verify(records) == Verified("dns")


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        ({}, "There is no TXT record at _promptdock.chat.example.org."),
        ({f"_promptdock.{DOMAIN}": []}, "There is no TXT record at _promptdock.chat.example.org."),
        ({f"_promptdock.{DOMAIN}": [f"{txt_content(TOKEN)}0"]}, "has another content."),
        ({f"_promptdock.{DOMAIN}": [TOKEN]}, "has another content."),
        ({DOMAIN: [txt_content(TOKEN)]}, "There is no TXT record at"),
    ],
)
async def test_without_the_token_a_domain_is_not_verified(records: Mapping[str, Sequence[str]], reason: str) -> None:
    """The reason says what is there instead, in every place."""
    result = await _verify(records)
    assert isinstance(result, NotVerified)
    assert reason in result.reason
    assert "http://chat.example.org/.well-known/promptdock-verification cannot be reached." in result.reason
    assert "https://chat.example.org/.well-known/promptdock-verification cannot be reached." in result.reason
    assert TOKEN not in result.reason


async def test_a_well_known_file_verifies_a_domain() -> None:
    """The server is asked by the domain's name; the newline at a file's end does not count."""
    async with _web(_token) as http:
        assert await _verify({}, http) == Verified("http")


async def test_redirects_are_not_followed() -> None:
    """They could lead anywhere."""

    async def elsewhere(request: web.BaseRequest) -> web.Response:
        if request.path == "/moved":
            return web.Response(text=TOKEN)
        return web.Response(status=302, headers={"Location": "/moved"})

    async with _web(elsewhere) as http:
        result = await _verify({}, http)
    assert isinstance(result, NotVerified)
    assert "promptdock-verification answers 302." in result.reason


@pytest.mark.parametrize("body", [TOKEN[:-1], f"{TOKEN}x", f" {TOKEN}", f"<p>{TOKEN}</p>", "", TOKEN * 1000])
async def test_the_body_is_the_token_and_nothing_else(body: str) -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        return web.Response(text=body)

    async with _web(answer) as http:
        result = await _verify({}, http)
    assert isinstance(result, NotVerified)
    assert "http://chat.example.org/.well-known/promptdock-verification has another content." in result.reason


async def test_an_endless_body_is_not_read() -> None:
    """Nor waited for."""
    hung_up = asyncio.Event()

    async def endless(request: web.BaseRequest) -> web.StreamResponse:
        reply = web.StreamResponse()
        await reply.prepare(request)
        try:
            while True:
                await reply.write(b"x" * 1024)
        finally:
            hung_up.set()

    async with _web(endless) as http:
        result = await _verify({}, http)
        await asyncio.wait_for(hung_up.wait(), 10)
    assert isinstance(result, NotVerified)
    assert "has another content" in result.reason


async def test_a_slow_server_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """So is a name server that says nothing."""
    monkeypatch.setattr("promptdock.domain_verification._TIMEOUT", 0.2)
    released = asyncio.Event()

    async def slow(request: web.BaseRequest) -> web.Response:
        await released.wait()
        return web.Response(text=TOKEN)

    async with _web(slow) as http, name_server({}, silent=True) as resolver:
        result = await verify_domain(DOMAIN, TOKEN, resolver=resolver, http=http, allow_private=True)
        released.set()
    assert isinstance(result, NotVerified)
    assert "The name servers did not say within 0.2 s" in result.reason
    assert "did not answer within 0.2 s" in result.reason


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254"])
async def test_addresses_of_the_servers_own_network_are_not_asked(address: str) -> None:
    """A caller's domain must not open doors inside; the reason does not tell what there is."""
    asked: list[str] = []

    async def inside(request: web.BaseRequest) -> web.Response:
        asked.append(request.path)
        return web.Response(text=TOKEN)

    async with _web(inside) as http:
        port = http._port
        result = await _verify({}, LeadsTo(address, port), allow_private=False)
    assert isinstance(result, NotVerified)
    assert result.reason.count("cannot be reached.") == 2
    assert asked == []


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
     "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
     "2002:7f00:1::", "nonsense"],
)  # fmt: skip
async def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"])
async def test_addresses_that_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("domain", ["localhost", "10.0.0.1", "no", "a b.example.org"])
async def test_what_is_no_domain_is_not_asked(domain: str) -> None:
    result = await verify_domain(domain, TOKEN)
    assert isinstance(result, NotVerified)
    assert "no domain name" in result.reason


async def test_without_dnspython_only_the_web_server_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the reason says what is missing."""
    monkeypatch.setitem(sys.modules, "dns.asyncresolver", None)
    async with _web(_token) as http:
        assert await verify_domain(DOMAIN, TOKEN, http=http, allow_private=True) == Verified("http")
    result = await verify_domain(DOMAIN, TOKEN, http=LeadsTo("127.0.0.1", closed_port()), allow_private=True)
    assert isinstance(result, NotVerified)
    assert "pip install 'promptdock[dns]'" in result.reason
