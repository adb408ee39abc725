"""What a raw passthrough may be asked, and what it says when there is none."""

from __future__ import annotations

from typing import Any

import pytest

from promptdock import OpenAICompatibleProvider, PromptdockError, Provider
from promptdock.errors import BadRequest
from promptdock.providers.relay import RelayRequest
from tests.support.upstream import Upstream

PATHS = [
    "/chat/completions",
    "/",
    "/files/",
    "/models/ft:gpt-4o:acme::7p4lURel",
    "/models/accounts%2Ffireworks%2Fmodels%2Fllama",
    "/models/gpt-4.1",
    "/files/f%20%C3%A4.txt",
    "/a/..b/.c/d../...x",
    "/a;v=1/@me/(x)*!$&'+,=~",
]


@pytest.mark.parametrize("path", PATHS)
def test_paths_that_are_passed_on(path: str) -> None:
    assert RelayRequest(method="GET", path=path).target == path


CLIMBING = [
    "",
    "models",
    "http://elsewhere/",
    "@elsewhere/",
    ".elsewhere",
    "//elsewhere",
    "/%2felsewhere",
    "/%2F/elsewhere",
    "/a//b",
    "/..",
    "/../admin",
    "/a/../../admin",
    "/a/..",
    "/./a",
    "/a/.",
    "/%2e%2e/admin",
    "/%2E./admin",
    "/a/.%2e",
    "/a%2f..%2f..%2fadmin",
    "/..;/admin",
    "/..;x=1/admin",
    "/.. /admin",
    "/..%20/admin",
    "/.../admin",
    "/;x/admin",
    "/..\\admin",
    "/%5c..%5cadmin",
    "/%252e%252e/admin",
    "/%c0%ae%c0%ae/admin",
    "/a?b=1",
    "/a%3fb=1",
    "/a#b",
    "/a%23b",
    "/a b",
    "/a\r\nHost: elsewhere",
    "/a\n",
    "/a%0d%0aHost:%20elsewhere",
    "/a%00",
    "/a%7f",
    "/a%",
    "/a%zz",
    "/ä",
    "/\uff0e\uff0e/admin",
    "/a\ud800",
]


@pytest.mark.parametrize("path", CLIMBING)
def test_paths_that_lead_out_of_the_base_url_or_could_be_read_so(path: str) -> None:
    with pytest.raises(BadRequest, match="path") as refused:
        RelayRequest(method="GET", path=path)
    assert refused.value.param == "path"


@pytest.mark.parametrize("path", ["", "models", "chat/completions"])
def test_a_path_without_its_first_slash_is_told_what_it_lacks(path: str) -> None:
    with pytest.raises(BadRequest, match="must begin with a slash, as /embeddings does"):
        RelayRequest(method="GET", path=path)


@pytest.mark.parametrize("query", ["a=1&b=%20", "include[]=x&include%5B%5D=y", "q=a/b?c", "{x}|'"])
def test_queries_that_are_passed_on(query: str) -> None:
    assert RelayRequest(method="GET", path="/files", query=query).target == f"/files?{query}"


@pytest.mark.parametrize("query", ["a b", "a#b", "a\r\nb", "a=%", "a=%g0", "ä=1", "a=<x>", 'a="', "a\x7f"])
def test_queries_that_are_not_encoded(query: str) -> None:
    with pytest.raises(BadRequest, match="query"):
        RelayRequest(method="GET", path="/files", query=query)


@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "OPTIONS", "get", "", "GET / HTTP/1.1\r\n\r\n"])
def test_methods_that_are_not_passed_on(method: str) -> None:
    with pytest.raises(BadRequest, match="method"):
        RelayRequest(method=method, path="/models")


@pytest.mark.parametrize("value", ["a\r\nX-Api-Key: b", "a\nb", "a\x00", "ä", "\x7f"])
def test_a_header_to_pass_on_is_plain_ascii(value: str) -> None:
    with pytest.raises(BadRequest, match="content-type"):
        RelayRequest(method="GET", path="/models", headers=(("Content-Type", value),))
    assert RelayRequest(method="GET", path="/models", headers=(("X-Note", value),)).passed_headers == ()


def test_the_text_of_a_request_holds_neither_keys_nor_the_body() -> None:
    request = RelayRequest(method="POST", path="/embeddings", headers=(("Authorization", "sk-secret"),), body=b"secret")
    assert "secret" not in repr(request)


@pytest.mark.anyio
async def test_a_provider_without_a_passthrough_says_so_when_it_is_entered() -> None:
    class Plain(Provider):
        name = "plain"

        async def complete(self, call: Any) -> dict[str, Any]:
            raise NotImplementedError

    relay = Plain().relay(RelayRequest(method="GET", path="/models"))
    with pytest.raises(BadRequest, match="The provider plain has no raw passthrough") as refused:
        async with relay:
            pass
    assert refused.value.code == "relay_unsupported"


@pytest.mark.anyio
async def test_a_provider_without_its_key_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACME_API_KEY", raising=False)
    with Upstream() as upstream:
        asked = OpenAICompatibleProvider(name="acme", base_url=upstream.base_url, key_variables=["ACME_API_KEY"])
        with pytest.raises(BadRequest, match="set ACME_API_KEY"):
            async with asked.relay(RelayRequest(method="GET", path="/models")):
                pass
        await asked.aclose()
        with pytest.raises(PromptdockError, match="shutting down"):
            async with asked.relay(RelayRequest(method="GET", path="/models")):
                pass
        assert upstream.requests == []
