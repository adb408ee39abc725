from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from pydantic import SecretStr

from promptdock import Settings
from promptdock.web import create_app
from promptdock.web.envelope import error_class
from tests.core.web.things import things_app
from tests.support.server import live_server


@pytest.fixture(scope="module")
def url(settings: Settings) -> Iterator[str]:
    with live_server(things_app(settings)) as url:
        yield url


NOBODY = "01a220e3-8e1e-76fc-be53-e14ab56e0bb2"
"""An id that nothing has."""


@pytest.mark.parametrize(
    ("method", "path", "status", "kind", "command", "thing"),
    [
        ("GET", "/api", 404, "NotFound", "get", None),
        ("GET", "/api/v1/nope", 404, "NotFound", "get", None),
        ("PUT", "/api/v1/llm-clients/x/y/z", 404, "NotFound", "update", "LLMClient"),
        ("DELETE", "/api/v2/sessions", 404, "NotFound", "delete", None),
        ("POST", "/api/v1/plugins", 405, "MethodNotAllowed", "create", "Plugin"),
        ("BREW", "/api/v1/tools", 405, "MethodNotAllowed", "brew", "Tool"),
        ("GET", f"/api/v1/things/{NOBODY}", 404, "NotFound", "get", "Thing"),
        ("GET", "/api/v1/things/no-id", 404, "NotFound", "get", None),
        ("GET", "/api/v1/things?limit=x", 400, "BadRequest", "list", "Thing"),
        ("POST", "/api/v1/things", 400, "BadRequest", "create", "Thing"),
        ("GET", "/api/v1/whoami", 401, "Unauthorized", "get", "User"),
        ("GET", "//api/v1/nope", 404, "NotFound", "get", None),
    ],
)
def test_t60_errors_under_api_have_one_layout(
    client: httpx.Client, method: str, path: str, status: int, kind: str, command: str, thing: str | None
) -> None:
    # absolute, since a path that begins with two slashes would be read as a host
    reply = client.request(method, f"{client.base_url}{path}", headers={"X-Request-ID": "look-for-me"})

    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/json"
    body = reply.json()
    assert list(body) == ["error", "api", "metadata"]
    error = body["error"]
    assert list(error) == ["class", "code", "description", "status", "request_id", "param"]
    assert (error["class"], error["status"], error["request_id"]) == (kind, status, "look-for-me")
    assert error["description"]
    assert error["param"] == ("limit" if "limit" in path else None)
    assert body["api"] == "promptdock/v1"
    assert body["metadata"] == {"command": command, "thing": thing, "path": path.partition("?")[0]}
    assert "Traceback" not in reply.text


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (402, "BudgetExceeded"),
        (418, "BadRequest"),
        (500, "InternalError"),
        (504, "UpstreamTimeout"),
        (507, "InternalError"),
    ],
)
def test_every_status_has_a_class(status: int, kind: str) -> None:
    assert error_class(status) == kind


def test_what_is_made_is_where_location_says_and_is_gone_once_deleted(client: httpx.Client) -> None:
    made = client.post("/api/v1/things/", json={"name": "lamp"})

    assert made.status_code == 201
    assert made.json()["metadata"] == {"command": "create", "thing": "Thing"}
    there = made.headers["location"]
    assert there == f"/api/v1/things/{made.json()['data']['id']}"
    found = client.get(there).json()
    assert found == {
        "data": made.json()["data"],
        "api": "promptdock/v1",
        "metadata": {"command": "get", "thing": "Thing"},
    }
    gone = client.delete(there)
    assert (gone.status_code, gone.content) == (204, b"")
    assert client.get(there).status_code == client.delete(there).status_code == 404


def test_location_and_links_are_below_the_servers_root_path(settings: Settings) -> None:
    app = things_app(settings)

    async def behind_a_proxy(scope: dict[str, object], receive: object, send: object) -> None:
        inner = {**scope, "root_path": "/dock", "path": f"/dock{scope['path']}"} if scope["type"] == "http" else scope
        await app(inner, receive, send)  # type: ignore[arg-type]

    with live_server(behind_a_proxy) as url:
        ids = [httpx.post(f"{url}/api/v1/things", json={"name": "x"}).headers["location"] for _ in range(2)]
        link = httpx.get(f"{url}/api/v1/things?limit=1").headers["link"]

    assert all(place.startswith("/dock/api/v1/things/") for place in ids)
    assert link.startswith("</dock/api/v1/things?limit=1&after=")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/v1/plugins", {"GET", "OPTIONS"}),
        ("/api/v1/things", {"GET", "POST", "OPTIONS"}),
        (f"/api/v1/things/{NOBODY}", {"GET", "PATCH", "DELETE", "OPTIONS"}),
        ("/v1/chat/completions", {"POST", "OPTIONS"}),
        ("/v1/models/a/b", {"GET", "OPTIONS"}),
    ],
)
def test_t57_and_t58_methods_that_are_not_there_are_refused_with_those_that_are(
    client: httpx.Client, path: str, allowed: set[str]
) -> None:
    asked = client.options(path)
    assert asked.status_code == 204
    assert set(asked.headers["allow"].split(", ")) == allowed
    for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"} - allowed:
        refused = client.request(method, path)
        assert refused.status_code == 405, method
        assert set(refused.headers["allow"].split(", ")) == allowed
    assert client.options("/api/v1/nope").status_code == 404


def test_t58_asking_for_methods_needs_no_key(settings: Settings) -> None:
    with live_server(create_app(settings.model_copy(update={"api_key": SecretStr("sk")}))) as url:
        assert httpx.options(f"{url}/api/v1/plugins").status_code == 204
        assert httpx.get(f"{url}/api/v1/plugins").status_code == 401


def test_the_document_describes_bodies_pages_and_what_is_made(client: httpx.Client) -> None:
    things = client.get("/schema/openapi.json").json()["paths"]["/api/v1/things"]

    body = things["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"]["parts"]["items"]["properties"]["weight"]["type"] == "number"
    assert body["additionalProperties"] is False
    assert {"Location", "X-Request-ID"} <= set(things["post"]["responses"]["201"]["headers"])
    assert {parameter["name"] for parameter in things["get"]["parameters"]} == {"limit", "after"}
    assert "Link" in things["get"]["responses"]["200"]["headers"]
