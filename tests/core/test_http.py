"""The HTTP client of tools, against live servers on loopback."""

from __future__ import annotations

import pytest
from aiohttp import web

from promptdock import ToolError, __version__
from promptdock.http import SharedHttpClient
from tests.support.loopback import echo, opened, serving, without_proxies


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    without_proxies(monkeypatch)


@pytest.mark.anyio
async def test_a_reply_comes_back_whole() -> None:
    """Status, headers by lower-case name, and the body."""
    async with serving(echo) as url, opened() as client:
        reply = await client.request("GET", f"{url}/here", headers={"X-Token": "t"})
    assert reply.status == 200
    assert reply.headers["x-reply"] == "yes"
    assert reply.json()["path"] == "/here"
    assert reply.json()["token"] == "t"
    assert reply.json()["agent"] == f"promptdock/{__version__}"


@pytest.mark.anyio
async def test_params_join_the_query_that_the_url_has() -> None:
    async with serving(echo) as url, opened() as client:
        reply = await client.request("GET", f"{url}/?a=1", params={"b": "x y&z", "c": 0, "d": 1.5})
    assert reply.json()["query"] == {"a": "1", "b": "x y&z", "c": "0", "d": "1.5"}


@pytest.mark.anyio
async def test_a_json_body_is_sent_as_json() -> None:
    async with serving(echo) as url, opened() as client:
        reply = await client.request("POST", url, json={"größe": [1, None]})
    assert reply.json()["type"] == "application/json"
    assert reply.json()["body"] == '{"größe":[1,null]}'


@pytest.mark.anyio
@pytest.mark.parametrize("status", [204, 404, 500])
async def test_any_status_is_a_reply(status: int) -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        return web.Response(status=status)

    async with serving(answer) as url, opened() as client:
        assert (await client.request("GET", url)).status == status


@pytest.mark.anyio
async def test_headers_of_one_name_are_joined() -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        reply = web.Response(text="ok")
        reply.headers.add("X-Many", "a")
        reply.headers.add("X-Many", "b")
        return reply

    async with serving(answer) as url, opened() as client:
        assert (await client.request("GET", url)).headers["x-many"] == "a, b"


@pytest.mark.anyio
async def test_cookies_are_not_kept() -> None:
    """Two tools, or two callers, must not meet in a cookie."""
    async with serving(echo) as url, opened() as client:
        await client.request("GET", url)
        assert (await client.request("GET", url)).json()["cookie"] is None


@pytest.mark.anyio
async def test_a_name_is_resolved() -> None:
    async with serving(echo) as url, opened() as client:
        reply = await client.request("GET", url.replace("127.0.0.1", "localhost"))
    assert reply.status == 200


@pytest.mark.anyio
async def test_five_redirects_are_followed_and_a_loop_is_not() -> None:
    async def hop(request: web.BaseRequest) -> web.Response:
        left = int(request.query["left"])
        if left == 0:
            return web.Response(text="arrived")
        raise web.HTTPFound(f"/?left={left - 1}")

    async with serving(hop) as url, opened() as client:
        assert (await client.request("GET", f"{url}/?left=5")).content == b"arrived"
        with pytest.raises(ToolError, match="redirects more than 5 times"):
            await client.request("GET", f"{url}/?left=6")


@pytest.mark.anyio
async def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests go to HTTP_PROXY with the whole URL, save for the hosts of NO_PROXY."""
    asked: list[str] = []

    async def relay(request: web.BaseRequest) -> web.Response:
        asked.append(request.raw_path)
        return web.Response(text="from the proxy")

    async with serving(relay) as proxy, serving(echo) as direct, opened() as client:
        monkeypatch.setenv("HTTP_PROXY", proxy)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        reply = await client.request("GET", "http://weather.example/v1", params={"q": "Rome"})
        assert reply.content == b"from the proxy"
        assert (await client.request("GET", direct)).json()["path"] == "/"
    assert asked == ["http://weather.example/v1?q=Rome"]


@pytest.mark.anyio
async def test_requests_share_one_connection() -> None:
    peers: set[object] = set()

    async def answer(request: web.BaseRequest) -> web.Response:
        assert request.transport is not None
        peers.add(request.transport.get_extra_info("peername"))
        return web.Response(text="ok")

    async with serving(answer) as url, opened() as client:
        for _ in range(3):
            await client.request("GET", url)
    assert len(peers) == 1


@pytest.mark.anyio
async def test_a_closed_client_says_so_and_closes_twice() -> None:
    client = SharedHttpClient()
    await client.aclose()
    await client.aclose()
    with pytest.raises(ToolError, match="shutting down"):
        await client.request("GET", "http://127.0.0.1:9/")
