"""The provider for every server that speaks the OpenAI protocol, against the fake one."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any

import openai
import pytest
from pydantic import SecretStr

from promptdock import (
    CompletionCall,
    ConfigurationError,
    OpenAICompatibleProvider,
    PromptdockError,
    ProviderSettings,
)
from promptdock.error_table import describe
from promptdock.providers.quirks import Quirks
from tests.support.upstream import Upstream, error, raw, text

KEY = "sk-test-0123456789"
CALL = CompletionCall(model="m", messages=({"role": "user", "content": "Hi"},))
TRANSPORTS = pytest.mark.parametrize("transport", ["wire", "sdk"])


def settings(**fields: Any) -> ProviderSettings:
    return ProviderSettings.model_validate(fields)


def provider(upstream: Upstream, transport: str = "wire", **fields: Any) -> OpenAICompatibleProvider:
    return OpenAICompatibleProvider(
        name="fake", base_url=upstream.base_url, api_key=KEY, settings=settings(transport=transport, **fields)
    )


async def chunks_of(asked: OpenAICompatibleProvider, call: CompletionCall = CALL) -> list[Any]:
    async with aclosing(asked.stream(call)) as chunks:
        return [chunk async for chunk in chunks]


@pytest.mark.anyio
async def test_a_provider_of_a_third_party_in_three_lines(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_API_KEY", " sk-acme \n")
    acme = OpenAICompatibleProvider(name="acme", base_url=upstream.base_url, key_variables=["ACME_API_KEY"])
    answer = await acme.complete(CALL)
    await acme.aclose()
    assert answer["choices"][0]["message"]["content"] == "Hello from the fake upstream."
    assert upstream.calls[0].key == "sk-acme"
    assert upstream.calls[0].headers["user-agent"].startswith("promptdock/")


@TRANSPORTS
@pytest.mark.anyio
async def test_the_slash_at_the_end_of_the_base_url_does_not_matter(upstream: Upstream, transport: str) -> None:
    for end in ("", "/", "//"):
        asked = OpenAICompatibleProvider(
            name="fake", base_url=upstream.base_url + end, settings=settings(transport=transport)
        )
        await asked.complete(CALL)
        await asked.models()
        await asked.aclose()
    assert {request.path for request in upstream.requests} == {"/v1/chat/completions", "/v1/models"}


@TRANSPORTS
@pytest.mark.anyio
async def test_without_a_key_none_is_sent_though_openais_variables_are_set(
    upstream: Upstream, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(variable, "not-for-others")
    asked = OpenAICompatibleProvider(name="local", base_url=upstream.base_url, settings=settings(transport=transport))
    await asked.complete(CALL)
    await asked.aclose()
    assert "not-for-others" not in str(upstream.calls[0].headers)
    assert upstream.calls[0].key is None


def test_what_the_operator_says_wins(upstream: Upstream) -> None:
    asked = OpenAICompatibleProvider(
        name="acme",
        base_url="https://api.acme.example/v1",
        api_key="sk-theirs",
        default_model="theirs",
        default_temperature=0.5,
        settings=settings(base_url=upstream.base_url, default_model="ours", default_temperature=0.0),
    )
    assert (asked.base_url, asked.default_model, asked.default_temperature) == (upstream.base_url, "ours", 0.0)


def test_the_key_is_in_no_representation() -> None:
    for key in (KEY, SecretStr(KEY)):
        asked = OpenAICompatibleProvider(name="fake", base_url=f"https://u:{KEY}@api.example/v1/", api_key=key)
        assert KEY not in f"{asked!r} {asked} {asked.base_url} {asked.__dict__['_endpoint'].api_key!r}"
        assert asked.base_url == "https://api.example/v1"


@pytest.mark.parametrize("name", ["", "Open AI", "openai/x", "-x", "ä", "OpenAI"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="no name for a provider"):
        OpenAICompatibleProvider(name=name, base_url="http://127.0.0.1/v1")


@pytest.mark.parametrize("url", [None, "", "api.example/v1", "ftp://x/v1", "http://", "http://x:port/", "http://[::1"])
def test_a_base_url_that_cannot_be_used_is_refused(url: str | None) -> None:
    with pytest.raises(ConfigurationError, match="PROMPTDOCK_PROVIDERS__ACME__BASE_URL"):
        OpenAICompatibleProvider(name="acme", base_url=url)


@TRANSPORTS
@pytest.mark.anyio
async def test_without_its_key_a_vendor_says_what_to_set_and_sends_nothing(
    upstream: Upstream, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ACME_API_KEY", raising=False)
    asked = OpenAICompatibleProvider(
        name="acme",
        base_url=upstream.base_url,
        key_variables=["ACME_API_KEY"],
        settings=settings(transport=transport),
    )
    assert not asked.configured
    for attempt in (asked.complete(CALL), chunks_of(asked), asked.models()):
        with pytest.raises(
            PromptdockError,
            match=r"^acme has no API key: set ACME_API_KEY or PROMPTDOCK_PROVIDERS__ACME__API_KEY",
        ) as caught:
            await attempt
        assert (caught.value.info.status, caught.value.info.code) == (400, "provider_not_configured")
    assert upstream.requests == []


def test_a_gateway_in_the_vendors_place_needs_no_key(upstream: Upstream) -> None:
    asked = OpenAICompatibleProvider(
        name="acme",
        base_url="https://api.acme.example",
        key_variables=["ACME_API_KEY"],
        settings=settings(base_url=upstream.base_url),
    )
    assert asked.configured


@TRANSPORTS
@pytest.mark.anyio
async def test_t13_usage_may_be_missing(upstream: Upstream, transport: str) -> None:
    upstream.script(text("Hi", usage=None))
    asked = provider(upstream, transport)
    assert (await asked.complete(CALL))["usage"] is None
    assert all("usage" not in chunk for chunk in await chunks_of(asked))
    await asked.aclose()


@TRANSPORTS
@pytest.mark.anyio
async def test_t14_no_null_goes_upstream_at_any_depth(upstream: Upstream, transport: str) -> None:
    asked = provider(upstream, transport)
    call = CompletionCall(
        model="m",
        messages=(
            {"role": "user", "content": [{"type": "text", "text": "x", "cache": None}], "name": None},
            {"role": "assistant", "content": None, "tool_calls": [{"id": "a", "function": {"name": "f", "x": None}}]},
        ),
        tools=({"type": "function", "function": {"name": "f", "strict": None, "parameters": {"enum": [None]}}},),
        options={"stop": None, "seed": 0, "logit_bias": {}, "response_format": {"type": "text", "schema": None}},
    )
    await asked.complete(call)
    await chunks_of(asked, call)
    await asked.aclose()
    for request in upstream.calls:
        assert request.raw.count(b"null") == 1  # the one that belongs to a JSON schema
        assert request.body["seed"] == 0


@TRANSPORTS
@pytest.mark.anyio
async def test_streams_ask_for_usage_and_whole_answers_do_not(upstream: Upstream, transport: str) -> None:
    asked = provider(upstream, transport)
    call = CompletionCall(
        model="m", messages=CALL.messages, options={"stream": True, "stream_options": {"include_usage": False}}
    )
    chunks = await chunks_of(asked, call)
    await asked.complete(call)
    await asked.aclose()
    assert chunks[-1]["usage"]["total_tokens"] == 12
    assert upstream.calls[0].body["stream_options"] == {"include_usage": True}
    assert "stream" not in upstream.calls[1].body
    assert "stream_options" not in upstream.calls[1].body


@TRANSPORTS
@pytest.mark.anyio
async def test_t51_a_key_that_the_vendor_repeats_is_hidden(upstream: Upstream, transport: str) -> None:
    key = "a-key-in-no-known-form"
    asked = OpenAICompatibleProvider(
        name="fake", base_url=upstream.base_url, api_key=key, settings=settings(transport=transport)
    )
    for status in (400, 401, 404, 422):
        upstream.script(error(status, f"The key {key} will not do."))
        with pytest.raises(openai.APIStatusError) as caught:
            await asked.complete(CALL)
        assert key not in f"{caught.value} {caught.value.body} {caught.value.response.text}"
        assert key not in describe(caught.value).message
    await asked.aclose()


@TRANSPORTS
@pytest.mark.anyio
async def test_headers_of_the_provider_may_hold_another_form_of_key(upstream: Upstream, transport: str) -> None:
    asked = OpenAICompatibleProvider(
        name="odd",
        base_url=upstream.base_url,
        headers={"Authorization": "Token abc"},
        settings=settings(transport=transport),
    )
    await asked.complete(CALL)
    await asked.aclose()
    assert upstream.calls[0].headers["authorization"] == "Token abc"


@TRANSPORTS
@pytest.mark.anyio
async def test_models_are_listed_in_any_known_shape(upstream: Upstream, transport: str) -> None:
    asked = provider(upstream, transport)
    assert [model.id for model in await asked.models()] == upstream.models
    upstream.models_reply = raw(
        '[{"id": "a/b", "created": "x"}, {"name": "c"}, {"id": "models/d", "owned_by": "g"}, 7]'
    )
    assert [(m.id, m.owned_by, m.created) for m in await asked.models()] == [("a/b", "fake", 0), ("d", "g", 0)]
    for empty in ("null", "{}", '{"data": null}'):
        upstream.models_reply = raw(empty)
        assert await asked.models() == []
    upstream.models_reply = raw("<html>")
    with pytest.raises(openai.APIResponseValidationError):
        await asked.models()
    upstream.models_reply = error(404, "no such route")
    with pytest.raises(openai.NotFoundError):
        await asked.models()
    await asked.aclose()


@TRANSPORTS
@pytest.mark.anyio
async def test_a_call_that_is_no_json_is_refused_before_the_network(upstream: Upstream, transport: str) -> None:
    asked = provider(upstream, transport)
    with pytest.raises(PromptdockError, match="cannot be written as JSON"):
        await asked.complete(CompletionCall(model="m", messages=({"role": "user", "content": "\ud800"},)))
    await asked.aclose()
    assert upstream.calls == []


@pytest.mark.anyio
async def test_a_third_party_says_where_its_server_differs(upstream: Upstream) -> None:
    asked = OpenAICompatibleProvider(
        name="acme",
        base_url=upstream.base_url,
        quirks=Quirks(limit="max_completion_tokens", stream_options=False, tools=False),
        headers={"X-Title": "promptdock"},
    )
    assert not asked.capabilities("m").tools
    await chunks_of(asked, CompletionCall(model="m", messages=CALL.messages, max_completion_tokens=5))
    await asked.aclose()
    assert upstream.calls[0].body["max_completion_tokens"] == 5
    assert "stream_options" not in upstream.calls[0].body
    assert upstream.calls[0].headers["x-title"] == "promptdock"


@TRANSPORTS
@pytest.mark.anyio
@pytest.mark.parametrize("key", ["sk-\u00e4", "sk-a\nb", "sk a", "sk-\x7f"])
async def test_a_key_that_no_request_can_carry_is_told_and_not_shown(
    upstream: Upstream, transport: str, key: str
) -> None:
    asked = OpenAICompatibleProvider(
        name="acme", base_url=upstream.base_url, api_key=key, settings=settings(transport=transport)
    )
    with pytest.raises(PromptdockError, match="characters that no request can carry") as caught:
        await asked.complete(CALL)
    assert caught.value.info.code == "provider_not_configured"
    assert key not in str(caught.value)
    assert not upstream.requests
    await asked.aclose()


@TRANSPORTS
@pytest.mark.anyio
async def test_a_user_in_the_url_is_sent_instead_of_the_key(upstream: Upstream, transport: str) -> None:
    url = upstream.base_url.replace("http://", "http://ann:secret@")
    asked = OpenAICompatibleProvider(name="acme", base_url=url, api_key="k", settings=settings(transport=transport))
    await asked.complete(CALL)
    await asked.aclose()
    assert upstream.calls[0].headers["authorization"].startswith("Basic ")


@TRANSPORTS
@pytest.mark.anyio
async def test_a_large_request_is_sent_without_a_warning(upstream: Upstream, transport: str) -> None:
    """Pictures in a prompt are megabytes."""
    asked = provider(upstream, transport)
    large = CompletionCall(model="m", messages=({"role": "user", "content": "x" * 3_000_000},))
    await asked.complete(large)
    await chunks_of(asked, large)
    await asked.aclose()
    assert [len(request.body["messages"][0]["content"]) for request in upstream.calls] == [3_000_000] * 2


@TRANSPORTS
@pytest.mark.anyio
async def test_a_list_of_models_is_asked_for_once(upstream: Upstream, transport: str) -> None:
    """Whoever lists models waits for all providers; one that is down must not hold the others up."""
    upstream.models_reply = error(503)
    asked = provider(upstream, transport)
    with pytest.raises(openai.InternalServerError):
        await asked.models()
    await asked.aclose()
    assert len(upstream.requests) == 1
