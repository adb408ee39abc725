from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from pydantic import SecretStr

from promptdock import ConfigurationError, Settings
from promptdock.errors import Unauthorized
from promptdock.identity import OPERATOR, Principal
from promptdock.web import create_app
from promptdock.web.auth import Access, authenticate
from promptdock.web.state import provide
from tests.support.server import live_server

KEY = "sk-the-key"
PROMPT = {"model": "offline", "messages": [{"role": "user", "content": "Hello"}]}


async def send(key: str, header: bytes) -> Principal:
    """Say who sends this ``Authorization`` header to an app whose operator has this key."""
    app = SimpleNamespace(state=State())
    provide(app.state, access=Access.of(Settings(api_key=SecretStr(key))))
    scope: Any = {"type": "http", "headers": [(b"authorization", header)], "state": {}, "litestar_app": app}
    return await authenticate(ASGIConnection(scope))


@pytest.fixture(scope="module")
def guarded(settings: Settings) -> Iterator[str]:
    app = create_app(settings.model_copy(update={"api_key": SecretStr(KEY)}))
    with live_server(app) as url:
        yield url


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/schema", "/schema/openapi.json"])
def test_health_and_documentation_are_open(guarded: str, path: str) -> None:
    assert httpx.get(guarded + path).status_code == 200


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Token", "Bearer "])
def test_the_key_opens_the_rest(guarded: str, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {KEY}"}

    assert httpx.get(f"{guarded}/v1/models", headers=headers).status_code == 200
    assert httpx.get(f"{guarded}/api/v1/plugins", headers=headers).status_code == 200
    assert httpx.post(f"{guarded}/v1/chat/completions", headers=headers, json=PROMPT).status_code == 200


@pytest.mark.parametrize(
    "header", [None, b"", b"Bearer", b"Bearer wrong", b"Basic c2s6", KEY.encode(), b"Bearer \xff", b"Bearer sk-the-ke"]
)
def test_anything_else_is_refused(guarded: str, header: bytes | None) -> None:
    headers = [] if header is None else [(b"Authorization", header)]

    under_v1 = httpx.post(f"{guarded}/v1/chat/completions", headers=headers, json=PROMPT)
    elsewhere = httpx.get(f"{guarded}/api/v1/tools", headers=headers)

    assert under_v1.status_code == elsewhere.status_code == 401
    assert under_v1.headers["www-authenticate"].startswith("Bearer")
    assert under_v1.json()["error"]["type"] == "authentication_error"
    assert elsewhere.json()["error"]["class"] == "Unauthorized"
    code = "missing_api_key" if header is None else "invalid_api_key"
    assert under_v1.json()["error"]["code"] == elsewhere.json()["error"]["code"] == code
    assert KEY not in under_v1.text + elsewhere.text


@pytest.mark.anyio
@pytest.mark.parametrize(
    "header", [b"Bearer\xa0%s", b"Bearer\x85%s", b"Bearer %s\xa0", b"Bearer %s\x85", b"\xa0Bearer %s"]
)
async def test_only_ascii_blanks_part_the_scheme_from_the_key(header: bytes) -> None:
    with pytest.raises(Unauthorized):
        await send(KEY, header % KEY.encode())


@pytest.mark.anyio
@pytest.mark.parametrize("key", ["clé-à", "ключ-Р", "鍵🔑", "\u00c5"])
@pytest.mark.parametrize("header", ["Bearer {}", "bearer   {}", "Token {} ", "Bearer\t{}\t"])
async def test_a_key_beyond_ascii_opens_when_it_is_sent_as_utf_8(key: str, header: str) -> None:
    """Its bytes may look like blanks of another encoding: "à" ends in A0, "Å" in 85."""
    assert await send(key, header.format(key).encode()) is OPERATOR


def test_a_key_beyond_ascii_opens_a_live_server(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"api_key": SecretStr("clé-à")}))
    with live_server(app) as url:
        right = httpx.get(f"{url}/v1/models", headers=[(b"Authorization", "Bearer clé-à".encode())])
        wrong = httpx.get(f"{url}/v1/models", headers=[(b"Authorization", "Bearer clé-".encode())])

    assert (right.status_code, wrong.status_code) == (200, 401)


@pytest.mark.anyio
@pytest.mark.parametrize("configured", ["secret\n", " secret", "secret\r\n", "\tsecret "])
async def test_blanks_around_the_configured_key_do_not_count(configured: str) -> None:
    """A key that was read from a file often ends in a newline."""
    assert await send(configured, b"Bearer secret") is OPERATOR


@pytest.mark.anyio
async def test_a_key_may_hold_blanks() -> None:
    """Clients send them, and some do."""
    assert await send("My API Key", b"Bearer My API Key") is OPERATOR
    with pytest.raises(Unauthorized):
        await send("My API Key", b"Bearer My")


@pytest.mark.parametrize("configured", ["my\nsecret", "a\x00b", "a\x7f", "\x85key", "\udcff"])
def test_a_key_that_no_caller_could_send_is_refused_at_the_start(settings: Settings, configured: str) -> None:
    with pytest.raises(ConfigurationError, match="PROMPTDOCK_API_KEY holds control characters") as refused:
        create_app(settings.model_copy(update={"api_key": SecretStr(configured)}))

    assert configured not in str(refused.value)


def test_the_document_names_the_scheme_and_says_where_a_key_is_needed(guarded: str, client: httpx.Client) -> None:
    closed = httpx.get(f"{guarded}/schema/openapi.json").json()
    open_to_all = client.get("/schema/openapi.json").json()

    key: dict[str, list[str]] = {"key": []}
    for document, needed in ((closed, [key]), (open_to_all, [{}, key])):
        assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
        assert document["paths"]["/v1/models"]["get"]["security"] == needed
        assert document["paths"]["/api/v1/tools"]["get"]["security"] == needed
        assert document["paths"]["/healthz"]["get"]["security"] == [{}]


@pytest.mark.parametrize("nothing", ["", " ", "\n"])
def test_an_empty_key_is_no_key_and_no_open_door(settings: Settings, nothing: str) -> None:
    with pytest.raises(ConfigurationError, match="PROMPTDOCK_API_KEY"):
        create_app(settings.model_copy(update={"api_key": SecretStr(nothing)}))
