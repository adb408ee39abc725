"""Every way in which a request of a tool can fail, and the words that the model reads of it."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest
from aiohttp import web

from promptdock import ToolError
from tests.support.loopback import closed_port, echo, opened, serving, without_proxies


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    without_proxies(monkeypatch)


@pytest.mark.anyio
async def test_a_value_that_json_cannot_hold_is_a_tool_error() -> None:
    async with opened() as client:
        with pytest.raises(ToolError, match="body cannot be written as JSON"):
            await client.request("POST", "http://127.0.0.1:9/", json=object())


@pytest.mark.anyio
async def test_a_slow_server_is_given_up_after_the_timeout() -> None:
    async def dawdle(request: web.BaseRequest) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    async with serving(dawdle) as url, opened() as client:
        with pytest.raises(ToolError, match=r"^127\.0\.0\.1:\d+ did not answer within 0\.2 s\.$"):
            await client.request("GET", url, timeout=0.2)


@pytest.mark.anyio
async def test_no_time_left_is_not_taken_for_all_the_time_in_the_world() -> None:
    async def dawdle(request: web.BaseRequest) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    async with serving(dawdle) as url, opened() as client:
        with pytest.raises(ToolError, match="did not answer within 0 s"):
            await client.request("GET", url, timeout=0)


@pytest.mark.anyio
async def test_a_server_that_dawdles_within_its_body_is_given_up_too() -> None:
    async def trickle(request: web.BaseRequest) -> web.StreamResponse:
        reply = web.StreamResponse()
        await reply.prepare(request)
        await reply.write(b"a")
        await asyncio.sleep(30)
        return reply

    async with serving(trickle) as url, opened() as client:
        with pytest.raises(ToolError, match=r"did not answer within 0\.2 s"):
            await client.request("GET", url, timeout=0.2)


@pytest.mark.anyio
async def test_a_refused_port_is_named_without_the_query() -> None:
    """The query can hold a key, so no error shows it."""
    port = closed_port()
    async with opened() as client:
        with pytest.raises(ToolError) as caught:
            await client.request("GET", f"http://127.0.0.1:{port}/v1?key=hush", params={"token": "hush"})
    assert str(caught.value) == f"127.0.0.1:{port} cannot be reached: it refuses connections."
    assert caught.value.__suppress_context__


@pytest.mark.anyio
async def test_an_unknown_name_is_a_tool_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    async with opened() as client:
        with pytest.raises(ToolError, match=r"^weather\.example cannot be reached: its name is not known"):
            await client.request("GET", "http://weather.example/?key=hush")


def test_a_name_service_that_hangs_holds_up_neither_the_request_nor_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop is closed while the lookup still hangs; a thread of the loop's own pool would be waited for."""
    over = threading.Event()

    async def ask() -> None:
        async with opened() as client:
            with pytest.raises(ToolError, match=r"^weather\.example did not answer within 0\.2 s\.$"):
                await client.request("GET", "http://weather.example/", timeout=0.2)

    def hang(*_: object) -> list[object]:
        over.wait()
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    try:
        asyncio.run(ask())
    finally:
        over.set()


@pytest.mark.anyio
async def test_an_http_server_behind_https_is_a_tls_error() -> None:
    async with serving(echo) as url, opened() as client:
        with pytest.raises(ToolError, match=r"^127\.0\.0\.1 cannot be reached: there is no TLS connection with it\.$"):
            await client.request("GET", url.replace("http://", "https://"))


@pytest.mark.anyio
@pytest.mark.parametrize("announced", [True, False])
async def test_a_reply_over_the_limit_is_refused(announced: bool) -> None:
    async def flood(request: web.BaseRequest) -> web.StreamResponse:
        if announced:
            return web.Response(body=b"x" * 300_000)
        reply = web.StreamResponse()
        reply.enable_chunked_encoding()
        await reply.prepare(request)
        for _ in range(30):
            await reply.write(b"x" * 10_000)
        return reply

    async with serving(flood) as url, opened(size_limit=100_000) as client:
        with pytest.raises(ToolError, match=r"sent more than 100,000 bytes"):
            await client.request("GET", url)


@pytest.mark.anyio
async def test_the_limit_counts_what_a_compressed_reply_unfolds_to() -> None:
    async def bomb(request: web.BaseRequest) -> web.Response:
        reply = web.Response(body=b"x" * 300_000)
        reply.enable_compression(web.ContentCoding.gzip)
        return reply

    async with serving(bomb) as url, opened(size_limit=100_000) as client:
        with pytest.raises(ToolError, match="too large"):
            await client.request("GET", url)


@pytest.mark.anyio
async def test_a_reply_that_breaks_off_is_a_tool_error() -> None:
    async def stop(request: web.BaseRequest) -> web.StreamResponse:
        reply = web.StreamResponse(headers={"Content-Length": "1000"})
        await reply.prepare(request)
        await reply.write(b"only this")
        assert request.transport is not None
        request.transport.close()
        return reply

    async with serving(stop) as url, opened() as client:
        with pytest.raises(ToolError, match="broke off its reply"):
            await client.request("GET", url)


@pytest.mark.anyio
async def test_a_connection_closed_without_a_reply_is_a_tool_error() -> None:
    async def hang_up(request: web.BaseRequest) -> web.Response:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async with serving(hang_up) as url, opened() as client:
        with pytest.raises(ToolError, match="closed the connection before its reply"):
            await client.request("GET", url)


@pytest.mark.anyio
async def test_something_that_is_not_http_is_a_tool_error() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"220 mail.example ESMTP\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server, opened() as client:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ToolError, match="not HTTP as it should be"):
            await client.request("GET", f"http://127.0.0.1:{port}/?key=hush")


@pytest.mark.anyio
async def test_a_redirect_to_another_scheme_is_not_followed() -> None:
    async def away(request: web.BaseRequest) -> web.Response:
        raise web.HTTPFound("file:///etc/passwd")

    async with serving(away) as url, opened() as client:
        with pytest.raises(ToolError, match="redirects to an address that cannot be used"):
            await client.request("GET", url)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://example.org/?key=hush", "the scheme 'ftp'"),
        ("file:///etc/passwd", "the scheme 'file'"),
        ("/v1/search", "no scheme"),
        ("", "no scheme"),
        ("http://", "URL"),
        ("http://[::1/?key=hush", "cannot be read"),
        ("http://host:notaport/?key=hush", "cannot be read"),
    ],
)
async def test_a_url_that_cannot_be_asked_is_a_tool_error(url: str, reason: str) -> None:
    async with opened() as client:
        with pytest.raises(ToolError) as caught:
            await client.request("GET", url)
    assert reason in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.anyio
async def test_a_header_with_a_line_break_is_a_tool_error() -> None:
    async with serving(echo) as url, opened() as client:
        with pytest.raises(ToolError, match="headers are not valid"):
            await client.request("GET", url, headers={"X-Token": "a\r\nX-Evil: b"})


@pytest.mark.anyio
async def test_a_proxy_that_refuses_a_tunnel_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(request: web.BaseRequest) -> web.Response:
        return web.Response(status=407)

    async with serving(refuse) as proxy, opened() as client:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        with pytest.raises(ToolError, match=r"^weather\.example cannot be reached: the proxy answered 407\.$"):
            await client.request("GET", "https://weather.example/")


@pytest.mark.anyio
async def test_a_proxy_that_is_down_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    port = closed_port()
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
    async with opened() as client:
        with pytest.raises(ToolError, match=rf"the proxy 127\.0\.0\.1:{port} takes no connection"):
            await client.request("GET", "http://weather.example/")


@pytest.mark.anyio
async def test_a_proxy_setting_that_is_no_url_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "127.0.0.1:3128")
    async with opened() as client:
        with pytest.raises(ToolError, match=r"^weather\.example cannot be reached: HTTP_PROXY or HTTPS_PROXY is not"):
            await client.request("GET", "http://weather.example/")
