"""The wire against the openai package's own client: the same answers, chunks and exceptions, faults included."""

from __future__ import annotations

import openai
import pytest

from tests.support.parity import KEY, both
from tests.support.upstream import Reply, Upstream, completion, events, raw, text, tool_calls

ANSWERS = {
    "text": text("Grüße aus Zürich: 你好 👋"),
    "empty text": text(""),
    "two tools": tool_calls([("calculator", {"expression": "2+2"}), ("weather", '{"city": "Zürich"}')]),
    "tool with text": tool_calls([("calculator", "")], content="Let me see."),
    "no usage": text("Hi", usage=None),
    "explicit nulls": raw({**completion({"content": None, "refusal": None, "tool_calls": None}), "system": None}),
    "unknown members": raw({**completion({"content": "x", "reasoning": "…"}), "x_vendor": {"a": [1, None, 2.5]}}),
    "two choices": raw({**completion({"content": "x"}), "choices": completion({"content": "x"})["choices"] * 2}),
    "no id": raw({"choices": [{"index": 0, "message": {"content": "x"}, "finish_reason": "stop"}]}),
    "content filter": text("", finish_reason="content_filter"),
    "length": text("cut of", finish_reason="length"),
    "pings and CR LF": text("Hi there", pings=True, crlf=True),
    "odd pieces": text("Zürich 你好 👋" * 3, split=3),
    "one byte at a time": text("Zürich", split=1, crlf=True),
    "without DONE": text("Hi", done=False),
    "usage unasked": text("Hi", usage_always=True),
    "other content type": text("Hi", headers={"content-type": "text/plain; charset=utf-8"}),
    "slow": text("Hi there", delay=0.05, gap=0.01),
}


@pytest.mark.anyio
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("name", ANSWERS)
async def test_answers_come_out_the_same(upstream: Upstream, name: str, stream: bool) -> None:
    seen = await both(upstream, ANSWERS[name], stream=stream)
    assert seen.kind is None
    assert seen.chunks if stream else seen.answer["choices"]
    assert len(seen.sent) == 1
    assert "name" not in seen.sent[0]["messages"][0]


STREAMS = {
    "data without a space": events(b'data:{"choices":[]}\n\n'),
    "several data lines": events(b'data: {"choices":\ndata: []}\n\n'),
    "carriage returns": events(b'data: {"choices":[]}\r\rdata: {"choices":[]}\r\r'),
    "named event": events(b'event: chunk\ndata: {"choices":[]}\n\n'),
    "comment in an event": events(b'data: {"choices":\n: ping\ndata: []}\n\n'),
    "cut off at the end": events(b'data: {"choices":[]}\n\ndata: {"choices":[', done=False),
    "last event not closed": events(b'data: {"choices":[]}\n\ndata: {"choices":[]}\n', done=False),
    "more after DONE": events({"choices": []}, b"data: [DONE]\n\n", {"choices": [1]}),
}


@pytest.mark.anyio
@pytest.mark.parametrize("name", STREAMS)
async def test_framing_is_read_the_same(upstream: Upstream, name: str) -> None:
    seen = await both(upstream, STREAMS[name], stream=True)
    assert seen.kind is None
    assert seen.chunks
    assert all(chunk == {"choices": []} for chunk in seen.chunks)


BROKEN_STREAMS: dict[str, tuple[Reply, type[openai.OpenAIError]]] = {
    "error event": (events({"choices": []}, {"error": {"message": "overloaded", "code": 7}}), openai.APIError),
    "error text": (events({"error": "overloaded"}), openai.APIError),
    "error that repeats the key": (events({"error": {"message": f"bad {KEY}"}}), openai.APIError),
    "malformed JSON": (events({"choices": []}, b"data: {nope\n\n"), openai.APIResponseValidationError),
    "not UTF-8": (events({"choices": []}, b'data: {"a": "\xff"}\n\n'), openai.APIResponseValidationError),
    "not an object": (events(b"data: [1]\n\n"), openai.APIResponseValidationError),
    "nothing but DONE": (events(), openai.APIResponseValidationError),
    "nothing at all": (events(done=False), openai.APIResponseValidationError),
    "not a stream": (raw("<html>hello</html>"), openai.APIResponseValidationError),
    "broken off": (text("Hi there, how are you?", abort="mid_body", abort_after=2), openai.APIConnectionError),
    "broken off in an event": (events({"choices": []}, b"data: {", abort="mid_body", abort_after=2),
                               openai.APIConnectionError),
}  # fmt: skip


@pytest.mark.anyio
@pytest.mark.parametrize("name", BROKEN_STREAMS)
async def test_broken_streams_fail_the_same_and_are_not_tried_again(upstream: Upstream, name: str) -> None:
    reply, kind = BROKEN_STREAMS[name]
    seen = await both(upstream, reply, stream=True)
    assert seen.kind is kind
    assert len(seen.sent) == 1


BROKEN_ANSWERS: dict[str, tuple[Reply, type[openai.OpenAIError]]] = {
    "malformed JSON": (raw('{"choices": ['), openai.APIResponseValidationError),
    "a page": (raw("<html>", headers={"content-type": "text/html"}), openai.APIResponseValidationError),
    "empty": (raw(b""), openai.APIResponseValidationError),
    "null": (raw("null"), openai.APIResponseValidationError),
    "a list": (raw("[]"), openai.APIResponseValidationError),
    "no choices": (raw({"id": "x"}), openai.APIResponseValidationError),
    "error with status 200": (raw({"error": {"message": "no credit", "code": "x"}}), openai.APIError),
}


@pytest.mark.anyio
@pytest.mark.parametrize("name", BROKEN_ANSWERS)
async def test_broken_answers_fail_the_same(upstream: Upstream, name: str) -> None:
    reply, kind = BROKEN_ANSWERS[name]
    seen = await both(upstream, reply, stream=False)
    assert seen.kind is kind
    assert len(seen.sent) == 1
