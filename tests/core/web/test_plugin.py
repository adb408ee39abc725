from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from litestar import Litestar, Request, Response, get

from promptdock import ConfigurationError, Settings
from promptdock.web import PromptdockPlugin
from tests.support.server import live_server


@get("/own")
async def own() -> dict[str, str]:
    return {"whose": "the host's"}


@get("/own/broken")
async def broken() -> None:
    raise ValueError("the host's own trouble")


def teapot(request: Request[Any, Any, Any], error: ValueError) -> Response[dict[str, str]]:
    return Response({"host": str(error)}, status_code=418)


@pytest.fixture(scope="module")
def mounted(settings: Settings) -> Iterator[str]:
    app = Litestar(
        route_handlers=[own, broken],
        plugins=[PromptdockPlugin(settings, path="/llm")],
        exception_handlers={ValueError: teapot},
        logging_config=None,
    )
    with live_server(app) as url:
        yield url


def test_prompts_are_answered_under_the_hosts_path(mounted: str) -> None:
    ask = {"model": "offline", "messages": [{"role": "user", "content": "What is 17 + 4?"}]}

    reply = httpx.post(f"{mounted}/llm/v1/chat/completions", json=ask)

    assert "21" in reply.json()["choices"][0]["message"]["content"]
    assert httpx.get(f"{mounted}/llm/readyz").json()["status"] == "ready"


def test_our_errors_have_our_formats(mounted: str) -> None:
    for path in ("v1/nope", "v1/models/nope", "v1/chat/completions"):
        reply = httpx.get(f"{mounted}/llm/{path}")
        assert set(reply.json()) == {"error"}
        assert "x-request-id" in reply.headers
    enveloped = httpx.get(f"{mounted}/llm/api/v1/nope").json()
    assert set(enveloped) == {"error", "api", "metadata"}
    assert enveloped["metadata"]["path"] == "/llm/api/v1/nope"


def test_the_hosts_routes_keep_their_own(mounted: str) -> None:
    answered = httpx.get(f"{mounted}/own")
    broken = httpx.get(f"{mounted}/own/broken")
    unknown = httpx.get(f"{mounted}/nope")

    assert answered.json() == {"whose": "the host's"}
    assert (broken.status_code, broken.json()) == (418, {"host": "the host's own trouble"})
    assert unknown.status_code == 404
    assert "request_id" not in unknown.json()
    assert all("x-request-id" not in reply.headers for reply in (answered, broken, unknown))


def test_the_hosts_document_has_our_routes(mounted: str) -> None:
    paths = httpx.get(f"{mounted}/schema/openapi.json").json()["paths"]

    assert {"/own", "/llm/v1/chat/completions"} <= set(paths)


def test_an_app_with_a_path_of_its_own_has_ours_below_it(settings: Settings) -> None:
    """Errors keep OpenAI's shape, and replies carry the request id."""
    app = Litestar(path="/api", plugins=[PromptdockPlugin(settings, path="/llm")])
    with live_server(app) as url:
        bad = httpx.post(f"{url}/api/llm/v1/chat/completions", content=b"{")
        unknown = httpx.get(f"{url}/api/llm/v1/nope")
    assert (bad.status_code, unknown.status_code) == (400, 404)
    assert "error" in bad.json()
    assert "error" in unknown.json()
    assert bad.headers["x-request-id"]


def test_one_app_takes_one_plugin_and_a_fixed_path(settings: Settings) -> None:
    """Two would answer each other's callers; a parameter in the path would hide ours."""
    with pytest.raises(ConfigurationError, match="one PromptdockPlugin"):
        Litestar(plugins=[PromptdockPlugin(settings, path="/a"), PromptdockPlugin(settings, path="/b")])
    with pytest.raises(ConfigurationError, match="has a parameter"):
        PromptdockPlugin(settings, path="/{tenant:str}")


def _before(request: Request[Any, Any, Any]) -> Response[str] | None:
    return Response("the host is closed", status_code=403) if "x-late" in request.headers else None


async def _after(request: Request[Any, Any, Any]) -> None:
    request.app.state.answered.append(request.url.path)


class _Marking:
    """A middleware of the host's: marks replies."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def marked(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-host", b"mine")]
            await send(message)

        await self._app(scope, receive, marked)


class _OwnRequest(Request[Any, Any, Any]):
    """A host's own kind of request."""

    def tenant(self) -> str:
        return str(self.path_params.get("tenant", "none"))


def test_the_hosts_own_requests_and_paths_reach_its_guards(settings: Settings) -> None:
    tenants: list[str] = []

    def guard(connection: Any, _: Any) -> None:
        tenants.append(connection.tenant())

    ask = {"model": "offline", "messages": [{"role": "user", "content": "hi"}]}
    for path, tenant in (("/", "none"), ("/{tenant:str}", "here")):
        own = Litestar(
            path=path,
            plugins=[PromptdockPlugin(settings)],
            guards=[guard],
            request_class=_OwnRequest,
            logging_config=None,
        )
        with live_server(own) as url:
            at = path.replace("{tenant:str}", tenant).rstrip("/")
            assert httpx.post(f"{url}{at}/v1/chat/completions", json=ask).status_code == 200
    assert tenants == ["none", "here"]


@pytest.mark.parametrize(
    "around", [{"before_request": _before}, {"after_response": _after}, {"middleware": [_Marking]}, {}]
)
def test_what_the_host_has_done_around_its_routes_is_done_around_ours(settings: Settings, around: Any) -> None:
    ask = {"model": "offline", "messages": [{"role": "user", "content": "What is 17 + 4?"}]}
    app = Litestar(plugins=[PromptdockPlugin(settings)], logging_config=None, **around)
    app.state.answered = []
    with live_server(app) as url:
        chat = f"{url}/v1/chat/completions"
        good = httpx.post(chat, json=ask)
        bad = httpx.post(chat, content=b"{")
        late = httpx.post(chat, json=ask, headers={"x-late": "yes"})

    assert (good.status_code, bad.status_code) == (200, 400)
    assert "error" in bad.json()
    assert late.status_code == (403 if "before_request" in around else 200)
    assert ("/v1/chat/completions" in app.state.answered) == ("after_response" in around)
    assert ({"x-host"} <= set(good.headers)) == ({"x-host"} <= set(bad.headers)) == ("middleware" in around)
