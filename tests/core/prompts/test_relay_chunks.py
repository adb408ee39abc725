"""Plain chunks are read by their members, and say what a look at everything in them says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptdock.jsontext import JsonError, dumps, loads
from promptdock.prompts.relay_chunks import chunk_texts
from promptdock.prompts.relay_texts import answer_text

FRAME = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "m"}


def chunk(*deltas: Any, **further: Any) -> dict[str, Any]:
    choices = [{"index": place, "delta": delta, "finish_reason": None} for place, delta in enumerate(deltas)]
    return {**FRAME, "choices": choices, **further}


def test_what_a_model_says_thinks_and_refuses_is_text_and_the_rest_is_none() -> None:
    said = [
        chunk({"role": "assistant", "content": ""}, service_tier="default", system_fingerprint="fp", usage=None),
        chunk({"content": "Zürich "}, {"content": "東京", "refusal": None}),
        chunk({"reasoning_content": "hm"}, obfuscation="xyz"),
        chunk({"refusal": "No."}),
        {**FRAME, "choices": [{"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}]},
    ]
    texts = chunk_texts(dumps(said), len(said))
    assert texts is not None
    assert sorted("".join(texts)) == sorted("Zürich 東京hmNo.")
    assert sorted("".join(texts)) == sorted(answer_text(said))


@pytest.mark.parametrize(
    "odd",
    [
        chunk({"content": "a", "tool_calls": [{"index": 0, "function": {"name": "f", "arguments": "{}"}}]}),
        chunk({"content": ["a", "b"]}),
        chunk({"content": "a", "annotation": "b"}),
        chunk({"content": "a"}, note="b"),
        chunk({"content": "a"}, type="response.output_text.delta"),
        chunk({"content": "a"}, usage={"prompt_tokens": 1}),
        chunk({"content": "a"}, created="today"),
        chunk("a"),
        {**FRAME, "choices": [{"index": 0, "text": "a"}]},
        {**FRAME},
        ["a"],
        7,
    ],
)
def test_a_chunk_with_anything_else_in_it_is_left_to_others(odd: Any) -> None:
    plain = chunk({"content": "a"})
    assert chunk_texts(dumps([plain, odd]), 2) is None


@pytest.mark.parametrize("text", [b"[", b"[{}", b"{}", b"", b'[{"choices":[],"id":"\xff"}]', b'[{"id":"\\ud800"}]'])
def test_what_is_no_list_of_json_is_left_to_others(text: bytes) -> None:
    assert chunk_texts(text, 1) is None


def test_events_that_are_chunks_only_when_they_are_joined_are_left_to_others() -> None:
    halves = (b'{"choices":[', b"]}")
    assert chunk_texts(b"[%b]" % b",".join(halves), 2) is None
    assert chunk_texts(b"[%b]" % dumps({"choices": []}), 2) is None


MEMBERS = (*chunk({}), "obfuscation", "usage", "content", "refusal", "reasoning", "role", "delta", "index", "foo")
TEXTS = st.sampled_from(["a", "", "é", "\\", "🙂"])
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=2),
    max_leaves=4,
)
SAID = st.none() | TEXTS
DELTAS = st.fixed_dictionaries({}, optional={"role": SAID, "content": SAID, "refusal": SAID, "reasoning": SAID})


@given(
    deltas=st.lists(DELTAS, max_size=3),
    further=st.dictionaries(st.sampled_from(MEMBERS), ANYTHING, max_size=1),
    garbled=st.none()
    | st.tuples(st.integers(0, 400), st.sampled_from([b"\\ud800", b"\xff", b",", b"]", b"1e999", b"{"])),
)
def test_whatever_comes_is_read_as_a_look_at_everything_reads_it(
    deltas: list[dict[str, Any]], further: dict[str, Any], garbled: tuple[int, bytes] | None
) -> None:
    text = dumps([chunk(*deltas), {**chunk(*deltas), **further}, chunk({**dict(*deltas[:1]), **further})])
    if garbled is not None:
        text = text[: garbled[0]] + garbled[1] + text[garbled[0] :]
    texts = chunk_texts(text, 3)
    if texts is None:
        return  # then the others read it
    try:
        everything = answer_text(loads(text))
    except JsonError:
        pytest.fail("it is no JSON")
    assert sorted("".join(texts)) == sorted(everything)
