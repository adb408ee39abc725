"""The fake upstream itself, as the official client sees it."""

from __future__ import annotations

import openai
import pytest

from tests.support.upstream import Upstream, drop, error, text, tool_calls


def client(upstream: Upstream) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=upstream.base_url, api_key="sk-test", max_retries=0)


@pytest.mark.anyio
async def test_a_script_is_answered_reply_by_reply_and_recorded(upstream: Upstream) -> None:
    upstream.script([tool_calls([("calculator", {"expression": "2+2"})]), text("4", usage=(7, 1))])
    async with client(upstream) as official:
        first = await official.chat.completions.create(model="m", messages=[{"role": "user", "content": "2+2?"}])
        second = await official.chat.completions.create(model="m", messages=[{"role": "user", "content": "2+2?"}])
        with pytest.raises(openai.APIStatusError, match="only 2 replies"):
            await official.chat.completions.create(model="m", messages=[])
    assert first.choices[0].finish_reason == "tool_calls"
    assert second.choices[0].message.content == "4"
    assert second.usage is not None
    assert second.usage.total_tokens == 8
    assert [call.key for call in upstream.calls] == ["sk-test"] * 3
    assert upstream.calls[0].body["messages"] == [{"role": "user", "content": "2+2?"}]


@pytest.mark.anyio
async def test_the_same_reply_serves_a_stream(upstream: Upstream) -> None:
    upstream.script(tool_calls([("a", {"x": 1}), ("b", {})], content="Let me see …", crlf=True, pings=True, split=5))
    async with client(upstream) as official:
        stream = await official.chat.completions.create(
            model="m", messages=[], stream=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]
    deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
    assert "".join(delta.content or "" for delta in deltas) == "Let me see …"
    names = [call.function.name for delta in deltas for call in delta.tool_calls or () if call.function]
    assert [name for name in names if name] == ["a", "b"]
    assert chunks[-1].usage is not None


@pytest.mark.anyio
async def test_models_errors_faults_and_disconnects(upstream: Upstream) -> None:
    async with client(upstream) as official:
        assert [model.id async for model in official.models.list()] == upstream.models
        upstream.script([error(429, "slow down", headers={"Retry-After": "3"}), drop()])
        with pytest.raises(openai.RateLimitError, match="slow down"):
            await official.chat.completions.create(model="m", messages=[])
        with pytest.raises(openai.APIConnectionError):
            await official.chat.completions.create(model="m", messages=[])
        upstream.script(text("never complete", hang_after=2))
        stream = await official.chat.completions.create(model="m", messages=[], stream=True)
        await anext(aiter(stream))
        await stream.close()
        await upstream.until(lambda: upstream.calls[-1].disconnected)
