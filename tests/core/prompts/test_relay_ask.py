"""What a request says of its tokens, read off a copy of its body."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptdock import RelayRequest
from promptdock.prompts.relay_ask import RelayAsk, read_ask

WORDS = "four words of text, " * 20  # 400 characters
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 100_000}}


def ask(body: Any, path: str = "/chat/completions", **members: Any) -> RelayAsk:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_ask(RelayRequest(method="POST", path=path, body=raw, **members))


def chat(content: Any, **members: Any) -> dict[str, Any]:
    return {"model": "m1", "messages": [{"role": "user", "content": content}], **members}


@pytest.mark.parametrize(
    ("body", "tokens"),
    [
        (chat(WORDS), 107),
        (chat([{"type": "text", "text": WORDS}]), 107),
        (chat([IMAGE]), 1207),
        (chat(WORDS, metadata={"note": WORDS}, user=WORDS), 107),
        ({"model": "m1", "input": WORDS, "instructions": WORDS}, 203),
        ({"model": "m1", "input": [WORDS, WORDS]}, 203),
        ({"model": "m1", "input": [[1, 2, 3], [4, 5]]}, 8),
        ({"model": "m1", "prompt": WORDS}, 103),
        ([WORDS], 103),
        ("", 3),
    ],
)
def test_the_tokens_of_a_prompt_whatever_its_form(body: Any, tokens: int) -> None:
    assert ask(body).prompt_tokens == tokens


@pytest.mark.parametrize(
    ("members", "most"),
    [
        ({}, None),
        ({"max_tokens": 100}, 100),
        ({"max_completion_tokens": 100, "n": 3}, 300),
        ({"max_completion_tokens": 100, "max_tokens": 50}, 100),
        ({"max_output_tokens": 1}, None),
        ({"max_tokens": 1, "max_completion_tokens": 100.0}, 100),
        ({"max_tokens": 1, "max_completion_tokens": "100"}, None),
        ({"max_tokens": 1, "max_completion_tokens": None}, 1),
        ({"max_tokens": 100, "n": "8"}, None),
        ({"max_tokens": 100, "n": 2.0}, 200),
        ({"max_tokens": 0}, None),
        ({"max_tokens": -5}, None),
        ({"max_tokens": "many", "n": "x"}, None),
        ({"max_tokens": 10**12, "n": 10**12}, 2**31 - 1),
    ],
)
def test_the_most_that_is_written(members: dict[str, Any], most: int | None) -> None:
    assert ask(chat("Hello", **members)).most_completion_tokens == most


@pytest.mark.parametrize(
    ("path", "most"), [("/responses", 100), ("/chat/completions", 50), ("/completions", 50), ("/messages", 100)]
)
def test_what_bounds_an_answer_depends_on_the_path(path: str, most: int) -> None:
    assert ask(chat("Hello", max_output_tokens=100, max_tokens=50), path).most_completion_tokens == most


@pytest.mark.parametrize("path", ["/embeddings", "/moderations", "/v1/rerank"])
def test_who_only_reads_writes_nothing(path: str) -> None:
    assert ask({"input": WORDS}, path).most_completion_tokens == 0


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_looking_something_up_takes_no_tokens(method: str) -> None:
    found = read_ask(RelayRequest(method=method, path="/responses/1", body=json.dumps(chat(WORDS)).encode()))

    assert (found.is_metered, found.prompt_tokens) == (False, 0)


def test_a_compressed_body_is_read_as_well() -> None:
    packed = gzip.compress(json.dumps(chat(WORDS)).encode())

    found = ask(packed, headers=(("Content-Encoding", "gzip"),))

    assert (found.model, found.prompt_tokens) == ("m1", 107)


@pytest.mark.parametrize(
    "body",
    [
        b'\xef\xbb\xbf{"model":"m1","max_tokens":9}',
        b'{"model":"m1","max_tokens":9,"x":NaN}',
        b'{"model":"m1","max_tokens":9,"x":"\\ud800"}',
        b'{"model":"m1","max_tokens":9,"x":"\xff"}',
        '{"model":"m1","max_tokens":9}'.encode("utf-16"),
    ],
)
def test_what_some_provider_may_read_is_read_as_well(body: bytes) -> None:
    """Otherwise a caller would have a model without its price by sending a byte that its provider passes over."""
    found = ask(body)

    assert (found.model, found.most_completion_tokens) == ("m1", 9)


def test_of_a_body_that_is_no_json_only_the_size_counts() -> None:
    found = ask(b"x" * 400)

    assert (found.model, found.prompt_tokens, found.most_completion_tokens) == (None, 100, None)


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "br", ""]))
def test_no_body_makes_it_fail(body: bytes, encoding: str) -> None:
    assert ask(body, headers=(("content-encoding", encoding),)).prompt_tokens >= 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["model", "n", "messages", "role", "input", "type", "max_tokens"]), inner)
    ),
)


@given(JSON)
def test_no_json_makes_it_fail(body: Any) -> None:
    assert ask(body).prompt_tokens >= 3
