"""Completions and chunks, turned into each other."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from promptdock.providers.call_ids import CallIds
from promptdock.providers.chunks import ChunkFold, completion_as_chunk, completion_as_chunks

TEXTS = st.text(max_size=20)
CALLS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.uuids().map(str),
            "type": st.just("function"),
            "function": st.fixed_dictionaries({"name": st.text(min_size=1, max_size=5), "arguments": TEXTS}),
        }
    ),
    min_size=1,
    max_size=3,
)
MESSAGES = st.fixed_dictionaries(
    {
        "role": st.just("assistant"),
        "content": st.none() | TEXTS.filter(bool),
        "refusal": st.none() | TEXTS.filter(bool),
    },
    optional={"tool_calls": CALLS, "reasoning_content": TEXTS.filter(bool)},
)
LOGPROBS = st.none() | st.fixed_dictionaries(
    {"content": st.lists(st.fixed_dictionaries({"token": TEXTS})), "refusal": st.none()}
)
CHOICES = st.lists(
    st.tuples(MESSAGES, LOGPROBS, st.sampled_from(["stop", "length", "tool_calls"])), min_size=1, max_size=3
).map(
    lambda items: [
        {"index": index, "message": message, "logprobs": logprobs, "finish_reason": finish}
        for index, (message, logprobs, finish) in enumerate(items)
    ]
)
COMPLETIONS = st.fixed_dictionaries(
    {
        "id": st.just("x"),
        "object": st.just("chat.completion"),
        "created": st.just(5),
        "model": st.just("m"),
        "choices": CHOICES,
    },
    optional={
        "usage": st.just({"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}),
        "system_fingerprint": st.just("fp"),
        "service_tier": st.just("default"),
    },
)


def fold(chunks: Any) -> dict[str, Any]:
    """The completion that chunks make."""
    folded = ChunkFold()
    for chunk in chunks:
        folded.add(chunk)
    return folded.completion()


@given(COMPLETIONS)
@settings(deadline=None, max_examples=100)
def test_a_completion_survives_being_streamed(completion: dict[str, Any]) -> None:
    """Whatever it holds."""
    assert fold(completion_as_chunks(completion)) == completion
    assert fold([completion_as_chunk(completion)]) == completion


def test_a_text_may_be_replaced_and_begin_again() -> None:
    """Odd vendors do so; nulls change nothing."""
    deltas: list[dict[str, Any]] = [
        {"content": "a", "audio": "x"},
        {"content": None},
        {"content": "b", "audio": {"id": "1", "data": "c"}},
        {"audio": {"id": "1", "data": "d"}, "role": "assistant"},
    ]
    completion = fold({"choices": [{"delta": delta}]} for delta in deltas)
    assert completion["choices"][0]["message"] == {
        "role": "assistant",
        "content": "ab",
        "refusal": None,
        "audio": {"id": "1", "data": "cd"},
    }


def test_what_is_folded_is_not_changed_later() -> None:
    """Neither the chunks that came, nor by what comes: lists grow in the fold alone."""
    first = {"choices": [{"delta": {}, "logprobs": {"content": [{"token": "a"}]}}]}
    second = {"choices": [{"delta": {}, "logprobs": {"content": [{"token": "b"}], "refusal": None}}]}
    completion = fold([first, second])
    assert completion["choices"][0]["logprobs"] == {"content": [{"token": "a"}, {"token": "b"}], "refusal": None}
    assert first["choices"][0]["logprobs"] == {"content": [{"token": "a"}]}


def test_pieces_are_joined() -> None:
    """Texts and arguments grow; ids and names come once; the usage comes last."""
    chunks: list[dict[str, Any]] = [
        {
            "id": "x",
            "created": 1,
            "model": "m",
            "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hel"}}],
        },
        {"choices": [{"index": 0, "delta": {"content": "lo"}}]},
        {
            "choices": [
                {
                    "index": 0,
                    "delta": {
                        "tool_calls": [
                            {"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{"}}
                        ]
                    },
                }
            ]
        },
        {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": "}"}}]}}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
        {"choices": [], "usage": {"total_tokens": 3}},
    ]
    completion = fold(chunks)
    (choice,) = completion["choices"]
    assert choice["message"]["content"] == "Hello"
    assert choice["message"]["tool_calls"] == [
        {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    ]
    assert choice["finish_reason"] == "tool_calls"
    assert completion["usage"] == {"total_tokens": 3}


def streamed(*calls: dict[str, Any]) -> dict[str, Any]:
    """One chunk with fragments of calls."""
    return {"choices": [{"index": 0, "delta": {"tool_calls": list(calls)}}]}


def filled(ids: CallIds, *calls: dict[str, Any]) -> list[dict[str, Any]]:
    """The fragments after filling in."""
    given_calls: list[dict[str, Any]] = ids.fill(streamed(*calls))["choices"][0]["delta"]["tool_calls"]
    return given_calls


def test_calls_get_an_index_and_an_id_of_their_own() -> None:
    """Where a vendor leaves them out, or gives one twice."""
    ids = CallIds()
    first, second = filled(ids, {"function": {"name": "a"}, "id": "same"}, {"function": {"name": "b"}, "id": "same"})
    assert (first["index"], first["id"], first["type"]) == (0, "same", "function")
    assert second["index"] == 1
    assert second["id"].startswith("call_")
    (third,) = filled(ids, {"function": {"arguments": "{}"}})
    assert third["index"] == 1
    assert "id" not in third


def test_a_complete_chunk_is_left_as_it_is() -> None:
    """The same object: most chunks have nothing to fill in."""
    chunk = {"choices": [{"index": 0, "delta": {"content": "x"}}]}
    assert CallIds().fill(chunk) is chunk
