from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from pydantic import SecretStr

from promptdock import Settings
from promptdock.web import create_app
from tests.core.web.things import StoredKeys, things_app
from tests.support.server import live_server

WHO = "/api/v1/whoami"
PROMPT = {"model": "offline", "messages": [{"role": "user", "content": "Hello"}]}


@pytest.fixture
def keys() -> StoredKeys:
    return StoredKeys()


@pytest.fixture
def url(settings: Settings, keys: StoredKeys) -> Iterator[str]:
    with live_server(things_app(settings.model_copy(update={"api_key": SecretStr("sk-op")}), keys=keys)) as url:
        yield url


def bearer(key: str, scheme: str = "Bearer") -> dict[str, str]:
    return {"Authorization": f"{scheme} {key}"}


def test_a_stored_key_says_who_asks(client: httpx.Client, keys: StoredKeys) -> None:
    asked = client.get(WHO, headers=bearer("pd-ada", "Token"))

    assert asked.json()["data"] == {"name": "ada@1234-5678-9012"}
    assert keys.asked == ["pd-ada"]


def test_the_operators_key_is_never_looked_up(client: httpx.Client, keys: StoredKeys) -> None:
    assert client.get(WHO, headers=bearer("sk-op")).json()["data"] == {"name": "operator"}
    assert keys.asked == []


@pytest.mark.parametrize(
    ("key", "code"),
    [("pd-off", "inactive_api_key"), ("pd-old", "expired_api_key"), ("pd-nobody", "invalid_api_key")],
)
@pytest.mark.parametrize("path", [WHO, "/api/v1/tools", "/v1/models"])
def test_a_key_that_is_not_valid_is_told_why(client: httpx.Client, path: str, key: str, code: str) -> None:
    refused = client.get(path, headers=bearer(key))

    assert refused.status_code == 401
    assert refused.json()["error"]["code"] == code
    assert refused.headers["www-authenticate"].startswith("Bearer")
    assert key not in refused.text


@pytest.mark.parametrize("path", [WHO, "/api/v1/tools", "/v1/models", "/api/v1/things"])
def test_without_a_key_nothing_is_shown(client: httpx.Client, path: str) -> None:
    refused = client.get(path)

    assert refused.status_code == 401
    assert refused.json()["error"]["code"] == "missing_api_key"


@pytest.mark.parametrize("header", [b"Bearer \xff\xfe", b"Bearer \xc3", b"Bearer"])
def test_a_key_that_is_no_text_is_nobodys(client: httpx.Client, keys: StoredKeys, header: bytes) -> None:
    refused = client.get(WHO, headers=[(b"Authorization", header)])

    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_api_key")
    assert keys.asked == []


@pytest.mark.parametrize(
    ("api_key", "allow", "status"),
    [(None, None, 200), (None, False, 401), ("sk-op", None, 401), ("sk-op", True, 200), (None, True, 200)],
)
def test_the_settings_say_whether_the_openai_endpoint_needs_a_key(
    settings: Settings, api_key: str | None, allow: bool | None, status: int
) -> None:
    secret = None if api_key is None else SecretStr(api_key)
    changed = settings.model_copy(update={"api_key": secret, "allow_anonymous": allow})
    with live_server(things_app(changed, keys=StoredKeys())) as url, httpx.Client(base_url=url, timeout=30) as client:
        for path in ("/v1/models", "/api/v1/plugins"):
            assert client.get(path).status_code == status
            assert client.get(path, headers=bearer("pd-ada")).status_code == 200
            # whoever sends a key means it: a wrong one is never taken for none
            assert client.get(path, headers=bearer("wrong")).status_code == 401
        assert client.post("/v1/chat/completions", json=PROMPT).status_code == status
        assert client.get(WHO).status_code == 401
        document = client.get("/schema/openapi.json").json()
        optional = {} in document["paths"]["/v1/models"]["get"]["security"]
        assert optional is (status == 200)


@pytest.mark.parametrize("word", ["none", "unused"])
def test_openai_clients_that_need_some_key_may_say_that_they_have_none(client: httpx.Client, word: str) -> None:
    refused = client.get("/v1/models", headers=bearer(word))

    assert refused.json()["error"]["code"] == "missing_api_key"


def test_where_nothing_is_stored_every_other_key_is_wrong(settings: Settings) -> None:
    with live_server(create_app(settings)) as url:
        assert httpx.get(f"{url}/v1/models").status_code == 200
        assert httpx.get(f"{url}/v1/models", headers=bearer("none")).status_code == 200
        refused = httpx.get(f"{url}/v1/models", headers=bearer("pd-ada"))

    assert refused.json()["error"]["code"] == "invalid_api_key"
