"""Cross-origin requests from web pages, as browsers send them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from litestar import Litestar, get
from pydantic import SecretStr

from promptdock import ConfigurationError, Settings
from promptdock.web import PromptdockPlugin, create_app
from tests.support.server import live_server

PAGE = "https://chat.example.com"
OTHER = "https://evil.example"
KEY = "operators-key"


def _settings(home: Path, *origins: str) -> Settings:
    return Settings(home=home, plugins_allow=("offline",), cors_origins=origins, api_key=SecretStr(KEY))


@pytest.fixture(scope="module")
def url(home: Path) -> Iterator[str]:
    with live_server(create_app(_settings(home, f"{PAGE}/", "http://localhost:3000"))) as url:
        yield url


@pytest.fixture
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=30) as client:
        yield client


def _preflight(client: httpx.Client, path: str, origin: str = PAGE, method: str = "POST") -> httpx.Response:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    return client.options(path, headers=asked)


def _cors(reply: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in reply.headers.items() if name.startswith("access-control-")}


def _names(value: str) -> set[str]:
    return {name.strip() for name in value.split(",")}


def test_t58_a_preflight_of_an_allowed_origin_is_told_what_the_path_has(client: httpx.Client) -> None:
    """The methods are those of the path, and no key is needed to ask."""
    reply = _preflight(client, "/v1/chat/completions")
    assert reply.status_code == 204
    assert reply.headers["access-control-allow-origin"] == PAGE
    assert _names(reply.headers["access-control-allow-methods"]) == {"OPTIONS", "POST"}
    assert _names(reply.headers["access-control-allow-methods"]) == _names(reply.headers["allow"])
    sent = _names(reply.headers["access-control-allow-headers"])
    assert sent == {"Authorization", "Content-Type", "Last-Event-ID", "X-Request-ID", "X-Session-Key"}
    assert reply.headers["access-control-max-age"] == "600"
    assert "access-control-allow-credentials" not in reply.headers
    assert _names(_preflight(client, "/v1/models").headers["access-control-allow-methods"]) == {"GET", "OPTIONS"}


def test_t58_methods_match_reality(client: httpx.Client) -> None:
    """What a preflight names works, and what it does not name is refused."""
    headers = {"Origin": PAGE, "Authorization": f"Bearer {KEY}"}
    named = _names(_preflight(client, "/v1/models").headers["access-control-allow-methods"])
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        status = client.request(method, "/v1/models", headers=headers).status_code
        assert (status != 405) == (method in named), method


def test_t58_an_unknown_origin_is_told_nothing(client: httpx.Client) -> None:
    """Neither in a preflight nor in a reply."""
    for origin in (OTHER, "null", "https://chat.example.com.evil.example", "http://chat.example.com", ""):
        assert _cors(_preflight(client, "/v1/models", origin)) == {}
        reply = client.get("/v1/models", headers={"Origin": origin, "Authorization": f"Bearer {KEY}"})
        assert reply.status_code == 200
        assert _cors(reply) == {}
        assert reply.headers["vary"] == "Origin"


def test_replies_may_be_read_by_an_allowed_page(client: httpx.Client) -> None:
    """Also errors, and the headers that a page needs."""
    for path, headers, status in (
        ("/v1/models", {"Authorization": f"Bearer {KEY}"}, 200),
        ("/v1/models", {}, 401),
        ("/nothing", {}, 404),
    ):
        reply = client.get(path, headers={"Origin": PAGE, **headers})
        assert reply.status_code == status
        assert reply.headers["access-control-allow-origin"] == PAGE
        assert {"X-Request-ID", "Retry-After", "Location", "X-RateLimit-Remaining"} <= _names(
            reply.headers["access-control-expose-headers"]
        )


def test_a_path_that_does_not_exist_has_no_methods(client: httpx.Client) -> None:
    """Its preflight fails."""
    reply = _preflight(client, "/nothing")
    assert reply.status_code == 404
    assert "access-control-allow-methods" not in reply.headers


def test_without_an_origin_nothing_is_added_but_what_caches_need(client: httpx.Client) -> None:
    reply = client.get("/healthz")
    assert _cors(reply) == {}
    assert reply.headers["vary"] == "Origin"


def test_any_origin_may_be_allowed(home: Path) -> None:
    """Then the reply is the same for all."""
    with live_server(create_app(_settings(home, "*"))) as url, httpx.Client(base_url=url, timeout=30) as client:
        reply = _preflight(client, "/v1/models", OTHER, "GET")
        assert reply.headers["access-control-allow-origin"] == "*"
        assert "vary" not in reply.headers


def test_without_origins_nobody_is_told_anything(home: Path) -> None:
    with live_server(create_app(_settings(home))) as url, httpx.Client(base_url=url, timeout=30) as client:
        assert _cors(_preflight(client, "/v1/models")) == {}
        assert "vary" not in client.get("/healthz").headers


def test_in_somebody_elses_app_cross_origin_requests_are_theirs(home: Path) -> None:
    """They have their own rules, and Litestar's own switch for them."""

    @get("/theirs", sync_to_thread=False)
    def theirs() -> str:
        return "theirs"

    app = Litestar([theirs], plugins=[PromptdockPlugin(_settings(home, PAGE))], logging_config=None)
    with live_server(app) as url, httpx.Client(base_url=url, timeout=30) as client:
        for path in ("/theirs", "/healthz"):
            reply = client.get(path, headers={"Origin": PAGE})
            assert reply.status_code == 200
            assert _cors(reply) == {}


@pytest.mark.parametrize(
    "origin",
    ["chat.example.com", "https://", "https://a.example/path", "https://*.example.com", "ftp://a.example",
     "https://a.example:x", "https://u@a.example", "null"],
)  # fmt: skip
def test_what_is_no_origin_is_found_at_start(home: Path, origin: str) -> None:
    with pytest.raises(ConfigurationError, match=r"cors_origins: .* is no origin"):
        create_app(_settings(home, origin))


def test_origins_are_compared_as_browsers_write_them(home: Path) -> None:
    """Capitals, the scheme's own port and a slash at the end do not count."""
    app = create_app(_settings(home, "HTTPS://Chat.Example.com:443/"))
    with live_server(app) as url, httpx.Client(base_url=url, timeout=30) as client:
        assert client.get("/healthz", headers={"Origin": PAGE}).headers["access-control-allow-origin"] == PAGE
