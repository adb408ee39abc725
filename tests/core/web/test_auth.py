from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from pydantic import SecretStr

from promptdock import ConfigurationError, Settings
from promptdock.web import create_app
from tests.support.server import live_server

KEY = "sk-the-key"
PROMPT = {"model": "offline", "messages": [{"role": "user", "content": "Hello"}]}


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
    assert elsewhere.headers["content-type"] == "application/problem+json"
    assert KEY not in under_v1.text + elsewhere.text


def test_the_document_names_the_scheme_only_when_there_is_a_key(guarded: str, client: httpx.Client) -> None:
    document = httpx.get(f"{guarded}/schema/openapi.json").json()

    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert document["paths"]["/v1/models"]["get"]["security"] == [{"key": []}]
    assert document["paths"]["/healthz"]["get"]["security"] == [{}]
    assert "security" not in client.get("/schema/openapi.json").json()["paths"]["/v1/models"]["get"]


def test_an_empty_key_is_no_key_and_no_open_door(settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match="PROMPTDOCK_API_KEY"):
        create_app(settings.model_copy(update={"api_key": SecretStr(" ")}))
