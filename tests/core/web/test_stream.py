from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from promptdock.jsontext import loads
from tests.core.web.scripted import ScriptedProvider, chunk

PATH = "/v1/chat/completions"
ASK: dict[str, Any] = {"model": "scripted/scripted-1", "messages": [{"role": "user", "content": "Hello"}]}


@pytest.fixture
def sdk(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=30) as sdk:
        yield sdk


def frames(reply: httpx.Response) -> list[str]:
    return [line.removeprefix("data: ") for line in reply.text.split("\n\n") if line.startswith("data: ")]


def answer(client: httpx.Client, **members: Any) -> httpx.Response:
    return client.post(PATH, json={**ASK, "stream": True, **members})


def test_a_stream_is_chunks_with_one_id_and_a_role_first(client: httpx.Client, provider: ScriptedProvider) -> None:
    provider.steps = [chunk("Hel"), chunk("lo", logprobs=None), chunk(finish_reason="stop")]

    reply = answer(client)

    assert reply.headers["content-type"].startswith("text/event-stream")
    assert reply.headers["cache-control"] == "no-cache"
    assert reply.headers["x-accel-buffering"] == "no"
    assert "\r" not in reply.text
    *chunks, done = frames(reply)
    assert done == "[DONE]"
    read = [loads(text) for text in chunks]
    assert {item["object"] for item in read} == {"chat.completion.chunk"}
    assert len({(item["id"], item["created"], item["model"]) for item in read}) == 1
    deltas = [item["choices"][0]["delta"] for item in read]
    assert deltas[0]["role"] == "assistant"
    assert all("role" not in delta for delta in deltas[1:])
    assert "".join(delta.get("content") or "" for delta in deltas) == "Hello"
    assert [item["choices"][0]["finish_reason"] for item in read][-1] == "stop"
    assert read[-1]["promptdock"]["rounds"] == 1
    assert all("usage" not in item for item in read)


def test_usage_comes_last_and_only_when_asked_for(client: httpx.Client, provider: ScriptedProvider) -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    provider.steps = [chunk("Hi", finish_reason="stop"), {**chunk(), "choices": [], "usage": usage}]

    *before, last = [loads(text) for text in frames(answer(client, stream_options={"include_usage": True}))[:-1]]

    assert all(item["usage"] is None for item in before)
    assert last["choices"] == []
    assert last["usage"]["total_tokens"] == 5
    assert last["id"] == before[0]["id"]


def test_pieces_reach_the_caller_while_the_model_goes_on(client: httpx.Client, provider: ScriptedProvider) -> None:
    go_on = threading.Event()
    provider.steps = [chunk("first"), go_on, chunk("second", finish_reason="stop")]

    with client.stream("POST", PATH, json={**ASK, "stream": True}) as reply:
        lines = reply.iter_lines()
        assert any("first" in line for line in lines)
        go_on.set()
        assert any("second" in line for line in lines)


def test_a_failure_before_the_first_piece_has_a_status_of_its_own(
    client: httpx.Client, provider: ScriptedProvider
) -> None:
    provider.steps = [rate_limited()]

    for stream in (False, True):
        reply = answer(client, stream=stream)
        assert reply.status_code == 429
        assert reply.headers["retry-after"] == "7"
        assert reply.json()["error"]["code"] == "rate_limit_exceeded"


def test_a_failure_in_the_middle_ends_the_stream_with_an_error(
    sdk: openai.OpenAI, client: httpx.Client, provider: ScriptedProvider
) -> None:
    provider.steps = [chunk("Hel"), rate_limited()]

    reply = answer(client)
    pieces = iter(sdk.chat.completions.create(**ASK, stream=True))
    first = next(pieces).choices[0].delta.content
    with pytest.raises(openai.APIError) as caught:
        list(pieces)

    assert loads(frames(reply)[-1])["error"]["code"] == "rate_limit_exceeded"
    assert "[DONE]" not in reply.text
    assert first == "Hel"
    assert caught.value.code == "rate_limit_exceeded"


def test_a_failure_nobody_foresaw_is_logged_and_told_neutrally(
    client: httpx.Client, provider: ScriptedProvider, caplog: pytest.LogCaptureFixture
) -> None:
    provider.steps = [RuntimeError("the secret is sk-123")]

    with caplog.at_level(logging.WARNING):
        reply = client.post(PATH, json=ASK, headers={"X-Request-ID": "look-for-me"})

    assert reply.status_code == 500
    assert "sk-123" not in reply.text
    assert "Traceback" not in reply.text
    logged = [record for record in caplog.records if "look-for-me" in record.getMessage()]
    assert len(logged) == 1
    assert logged[0].exc_info is not None


@pytest.mark.parametrize("stream", [True, False])
def test_hanging_up_cancels_the_call(url: str, provider: ScriptedProvider, stream: bool) -> None:
    provider.cancelled.clear()
    asked = threading.Event()
    provider.steps = [chunk("first"), asked.set, threading.Event()]

    with httpx.Client(base_url=url, timeout=30) as client:
        if stream:
            with client.stream("POST", PATH, json={**ASK, "stream": True}) as reply:
                next(reply.iter_lines())
        else:
            with pytest.raises(httpx.ReadTimeout):
                client.post(PATH, json=ASK, timeout=1)

    assert asked.wait(10)
    assert provider.cancelled.wait(10)


def test_hanging_up_before_the_first_piece_cancels_the_call(url: str, provider: ScriptedProvider) -> None:
    provider.cancelled.clear()
    provider.steps = [threading.Event()]

    with pytest.raises(httpx.ReadTimeout):
        httpx.post(url + PATH, json={**ASK, "stream": True}, timeout=1)

    assert provider.cancelled.wait(10)


def test_the_official_client_gets_an_answer_whole_and_streamed(sdk: openai.OpenAI) -> None:
    asked: Any = {"model": "offline", "messages": [{"role": "user", "content": "What is 17 + 4?"}]}

    whole = sdk.chat.completions.create(**asked)
    streamed = "".join(
        piece.choices[0].delta.content or "" for piece in sdk.chat.completions.create(**asked, stream=True)
    )

    assert "21" in (whole.choices[0].message.content or "")
    assert streamed == whole.choices[0].message.content
    assert whole._request_id


def test_the_official_clients_own_tools_are_handed_back(sdk: openai.OpenAI) -> None:
    weather: Any = {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Get the weather in a city",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
    reply = sdk.chat.completions.create(
        model="offline",
        messages=[{"role": "user", "content": "What is the weather in Paris?"}],
        tools=[weather],
        tool_choice="required",
    )

    assert reply.choices[0].finish_reason == "tool_calls"
    calls = reply.choices[0].message.tool_calls or []
    assert len(calls) == 1
    call = calls[0]
    assert call.type == "function"
    assert loads(call.function.arguments)["city"] == "Paris"


def test_the_official_client_raises_the_right_errors(sdk: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        sdk.models.retrieve("no-such-model")
    with pytest.raises(openai.BadRequestError):
        sdk.chat.completions.create(model="offline", messages=[])


def rate_limited() -> openai.RateLimitError:
    import httpx2

    request = httpx2.Request("POST", "http://upstream.invalid")
    reply = httpx2.Response(429, headers={"retry-after": "7"}, request=request)
    return openai.RateLimitError("slow down", response=reply, body=None)
