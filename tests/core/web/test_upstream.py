"""The whole way: a caller, the live server, the OpenAI-compatible provider, and an upstream over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from promptdock import ProviderSettings, Settings
from promptdock.web import create_app
from tests.support.replies import error, text, tool_calls
from tests.support.server import live_server
from tests.support.upstream import Upstream

ASK: dict[str, Any] = {"model": "lab/fake-model", "messages": [{"role": "user", "content": "Hello"}]}
PATH = "/v1/chat/completions"


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def lab(home: Path, upstream: Upstream) -> Iterator[str]:
    provider = ProviderSettings(base_url=upstream.base_url, api_key=SecretStr("sk-upstream"), max_retries=0)
    settings = Settings(home=home, plugins_allow=("calculator", "vendors"), providers={"lab": provider})
    with live_server(create_app(settings)) as url:
        yield url


def test_t9_private_roles_and_keys_never_reach_the_provider(lab: str, upstream: Upstream) -> None:
    upstream.script(text("Hi"))
    messages = [
        {"role": "promptdock", "content": "narration"},
        {"role": "promptdock_error", "content": "trouble"},
        {"role": "user", "content": "Hello", "promptdock_is_new": True},
    ]

    reply = httpx.post(lab + PATH, json={**ASK, "messages": messages})

    assert reply.json()["choices"][0]["message"]["content"] == "Hi"
    sent = upstream.calls[-1].body["messages"]
    assert [message["role"] for message in sent] == ["system", "user"]
    assert all(not key.startswith("promptdock") for message in sent for key in message)


def test_parameters_pass_through(lab: str, upstream: Upstream) -> None:
    upstream.script(text("Hi"))
    given = {"seed": 7, "stop": ["x"], "top_p": 0.5, "user": "u", "logprobs": True, "temperature": 0, "n": 1}
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    messages = [{"role": "user", "content": [{"type": "text", "text": "What is this?"}, image]}]

    assert httpx.post(lab + PATH, json={**ASK, **given, "messages": messages}).status_code == 200

    sent = upstream.calls[-1].body
    assert {key: sent[key] for key in given} == given
    assert sent["messages"][-1]["content"][1] == image


def test_a_streamed_turn_with_a_tool_is_one_answer(lab: str, upstream: Upstream) -> None:
    upstream.script([tool_calls([("calculator", {"expression": "2+2"})]), text("It is 4.")])

    ask = {**ASK, "messages": [{"role": "user", "content": "What is 2+2?"}], "stream": True}
    reply = httpx.post(lab + PATH, json=ask)

    assert reply.text.endswith("data: [DONE]\n\n")
    assert reply.text.count('"finish_reason":"stop"') == 1
    assert "tool_calls" not in reply.text


@pytest.mark.parametrize("stream", [False, True])
def test_t50_and_t51_upstream_failures_have_their_own_status(lab: str, upstream: Upstream, stream: bool) -> None:
    upstream.script([error(429, "slow down", headers={"retry-after": "7"}), error(401, "bad key sk-upstream")])

    limited = httpx.post(lab + PATH, json={**ASK, "stream": stream})
    refused = httpx.post(lab + PATH, json={**ASK, "stream": stream})

    assert (limited.status_code, limited.headers["retry-after"]) == (429, "7")
    assert refused.status_code == 502
    assert "sk-upstream" not in refused.text


@pytest.mark.anyio
@pytest.mark.parametrize("stream", [False, True])
async def test_hanging_up_ends_the_upstream_call(lab: str, upstream: Upstream, stream: bool) -> None:
    upstream.script(text("a long answer " * 50).but(hang_after=2))
    before = len(upstream.calls)

    async with httpx.AsyncClient(base_url=lab) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.post(PATH, json={**ASK, "stream": stream}, timeout=0.7)

    await upstream.until(lambda: upstream.calls[before].disconnected)
