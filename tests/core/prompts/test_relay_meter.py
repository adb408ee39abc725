"""The meter hears replies in any pieces, in any form, and never fails."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptdock.jsontext import dumps
from promptdock.prompts.relay_meter import ReplyMeter
from promptdock.prompts.relay_reading import ReplyReading

JSON = (("Content-Type", "application/json; charset=utf-8"),)
EVENTS = (("content-type", "text/event-stream"),)
USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
RESPONSE_USAGE = {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18, "output_tokens_details": {"r": 3}}
ANSWER = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Zürich, 東京 🙂"}}]}


def read(headers: Iterable[tuple[str, str]], *pieces: bytes) -> ReplyReading:
    meter = ReplyMeter(headers)
    for piece in pieces:
        meter.feed(piece)
    return meter.reading()


def counts(reading: ReplyReading) -> tuple[int, int, int] | None:
    usage = reading.usage
    return None if usage is None else (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens)


def stream(*events: Any, end: str = "\n", done: bool = True) -> bytes:
    lines = "".join(f": ping{end}{end}data: {json.dumps(event, ensure_ascii=False)}{end}{end}" for event in events)
    return (lines + (f"data: [DONE]{end}{end}" if done else "")).encode()


def delta(text: str) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text}}], "usage": None}


CHAT = stream(delta("Grüezi "), delta("東京 🙂"), {"choices": [], "usage": USAGE}, end="\r\n")
RESPONSES = stream(
    {"type": "response.created", "response": {"usage": None}},
    {"type": "response.output_text.delta", "delta": "Hello"},
    {"type": "response.completed", "response": {"usage": RESPONSE_USAGE, "output": []}},
    done=False,
)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (USAGE, (11, 7, 18)),
        (RESPONSE_USAGE, (11, 7, 18)),
        ({"prompt_tokens": 5, "total_tokens": 5}, (5, 0, 5)),
        ({"total_tokens": 5}, (5, 0, 5)),
        ({"prompt_tokens": 5, "completion_tokens": 2}, (5, 2, 7)),
        ({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}, (0, 0, 0)),
        ({"type": "duration", "seconds": 3}, None),
        ({"prompt_tokens": "many", "completion_tokens": True}, None),
        ([], None),
        (None, None),
    ],
)
def test_usage_of_a_whole_reply(usage: Any, expected: tuple[int, int, int] | None) -> None:
    reading = read(JSON, json.dumps({**ANSWER, "usage": usage}).encode())

    assert counts(reading) == expected
    assert reading.is_whole
    assert reading.completion_tokens > 0


@pytest.mark.parametrize("body", [CHAT, RESPONSES], ids=["chat", "responses"])
@pytest.mark.parametrize("encoding", ["", "gzip", "deflate", "raw deflate"])
@given(data=st.data())
def test_usage_of_a_stream_split_anywhere(body: bytes, encoding: str, data: st.DataObject) -> None:
    packed = packed_as(encoding, body)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(packed)), max_size=12)) | {0, len(packed)})
    named = encoding.removeprefix("raw ")
    headers = (*EVENTS, *([("Content-Encoding", named)] if named else []))

    reading = read(headers, *(packed[start:end] for start, end in pairwise(cuts)))

    assert counts(reading) == (11, 7, 18)
    assert reading.is_whole


def packed_as(encoding: str, body: bytes) -> bytes:
    if not encoding:
        return body
    packer = zlib.compressobj(wbits={"gzip": 31, "deflate": zlib.MAX_WBITS, "raw deflate": -zlib.MAX_WBITS}[encoding])
    return packer.compress(body) + packer.flush()


@given(st.lists(st.binary(max_size=200), max_size=20), st.sampled_from(["", "gzip", "deflate", "br", "gzip, gzip"]))
@pytest.mark.parametrize("media_type", ["application/json", "text/event-stream", "audio/mpeg", "text/plain", ""])
def test_nothing_that_comes_makes_it_fail(media_type: str, pieces: list[bytes], encoding: str) -> None:
    reading = read((("content-type", media_type), ("content-encoding", encoding)), *pieces)

    assert reading.completion_tokens >= 0


def test_the_last_usage_of_a_stream_counts_and_nulls_do_not() -> None:
    early = {"choices": [{"delta": {"content": "a"}}], "usage": {"prompt_tokens": 11, "completion_tokens": 1}}

    assert counts(read(EVENTS, stream(early, delta("b"), {"choices": [], "usage": USAGE}))) == (11, 7, 18)
    assert counts(read(EVENTS, stream(early, delta("b")))) == (11, 1, 12)


def test_usage_in_a_last_event_that_no_blank_line_ends() -> None:
    assert counts(read(EVENTS, b'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}')) == (1, 2, 3)


def test_usage_where_groq_puts_it() -> None:
    assert counts(read(EVENTS, stream({**delta(""), "x_groq": {"usage": USAGE}}))) == (11, 7, 18)


@pytest.mark.parametrize("holder", ["response", "x_groq"])
def test_whole_replies_may_have_the_members_of_events(holder: str) -> None:
    """Groq says its own id of a request in one; reading it as events are read broke the reply off."""
    assert counts(read(JSON, dumps({holder: {"id": "req_1"}, "usage": USAGE}))) == (11, 7, 18)
    assert counts(read(JSON, dumps({holder: {"usage": USAGE}}))) == (11, 7, 18)
    assert counts(read(JSON, dumps({holder: "x", "usage": None}))) is None


def test_a_stream_without_usage_is_estimated_by_its_text_and_not_by_its_frames() -> None:
    reading = read(EVENTS, stream(*(delta("word ") for _ in range(100))))

    assert reading.usage is None
    assert reading.completion_tokens == 125
    assert reading.is_whole


@pytest.mark.parametrize("event", [delta("word " * 8), {"type": "response.output_text.delta", "delta": "word " * 8}])
def test_padding_against_eavesdroppers_is_not_estimated(event: dict[str, Any]) -> None:
    """OpenAI pads its chunks and events, as their sizes would tell something of the text."""
    reading = read(EVENTS, stream({**event, "obfuscation": "x" * 400}))

    assert reading.completion_tokens == 10


def test_what_a_stream_says_twice_is_estimated_once() -> None:
    text = "a text of forty characters in the answer"
    events = (
        {"type": "response.output_text.delta", "delta": text},
        {"type": "response.output_text.done", "text": text},
        {"type": "response.audio.delta", "delta": "UklGRg" * 1000},
    )

    reading = read(EVENTS, stream(*events, done=False))

    assert (reading.completion_tokens, reading.is_whole) == (10, False)


def test_a_stream_that_is_cut_off_is_not_whole() -> None:
    cut = read(EVENTS, stream(delta("Hello"), delta("wor"), done=False), b'data: {"cho')

    assert (cut.usage, cut.completion_tokens, cut.is_whole) == (None, 2, False)


def test_json_that_is_cut_off_is_estimated_by_its_size() -> None:
    cut = read(JSON, b'{"choices":[{"message":{"content":"' + b"x" * 400)

    assert (cut.usage, cut.is_whole) == (None, False)
    assert cut.completion_tokens == 109


@pytest.mark.parametrize("at_the_end", [True, False])
def test_usage_of_a_reply_that_is_too_large_to_be_kept(at_the_end: bool) -> None:
    data = b'"data":[' + b"0.123456," * 1_500_000 + b"0]"
    usage = b'"usage": {"prompt_tokens":11,"completion_tokens":7,"d":{"e":1},"total_tokens":18}'
    body = b"{" + b",".join((data, usage) if at_the_end else (usage, data)) + b"}"

    reading = read(JSON, *(body[at : at + 65_536] for at in range(0, len(body), 65_536)))

    assert counts(reading) == (11, 7, 18)


def test_what_a_model_writes_is_never_taken_for_its_usage() -> None:
    said = '", "usage": {"prompt_tokens": 1, "completion_tokens": 1}, "'
    body = json.dumps({"usage": USAGE, "text": "x" * 5_000_000 + said}).encode()

    assert counts(read(JSON, body)) == (11, 7, 18)


def test_pictures_embeddings_and_sounds_are_no_text() -> None:
    noise = "QUJD" * 100_000

    assert read(JSON, json.dumps({"data": [{"b64_json": noise}, {"embedding": noise}]}).encode()).completion_tokens < 9
    assert read((("content-type", "audio/mpeg"),), b"ID3" * 100_000).completion_tokens == 0


def test_an_encoding_that_is_not_known_leaves_the_size() -> None:
    reading = read((*JSON, ("content-encoding", "br")), b"x" * 400)

    assert (reading.usage, reading.completion_tokens, reading.is_whole) == (None, 100, False)


def test_a_small_reply_that_holds_a_very_large_one_is_given_up() -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1_048_576)) for _ in range(300)) + packer.flush()

    assert read((*JSON, ("content-encoding", "gzip")), bomb).usage is None


def test_an_event_without_an_end_is_given_up() -> None:
    endless = [b"data: " + b"x" * 1_048_576, *[b"x" * 1_048_576] * 8, b"\n\n"]

    assert counts(read(EVENTS, *endless, CHAT)) == (11, 7, 18)


def test_a_file_of_several_members_is_read_to_its_end() -> None:
    body = json.dumps({**ANSWER, "usage": USAGE}).encode()
    packed = packed_as("gzip", body[:40]) + packed_as("gzip", body[40:])

    assert counts(read((*JSON, ("content-encoding", "gzip")), packed)) == (11, 7, 18)


def test_a_name_in_escapes_is_read_all_the_same() -> None:
    usage = json.dumps(USAGE)
    event = f'data: {{"choices": [], "us\\u0061ge": {usage}}}\n\n'.encode()

    assert counts(read(EVENTS, event)) == (11, 7, 18)


@pytest.mark.parametrize("size", [1, 7, 1_000, 100_000])
def test_a_long_stream_is_counted_as_a_short_one_is(size: int) -> None:
    """More of it than is held at a time, in whatever pieces."""
    whole = stream(*(delta("abcd") for _ in range(1_000)), done=False)
    pieces = [whole[start : start + size] for start in range(0, len(whole), size)]

    reading = read(EVENTS, *pieces)
    assert (reading.usage, reading.completion_tokens, reading.is_whole) == (None, 1_000, False)
    assert counts(read(EVENTS, *pieces, CHAT)) == (11, 7, 18)


def test_usage_within_a_text_is_none() -> None:
    event = {"choices": [{"delta": {"content": '"usage": {"total_tokens": 5}'}}]}

    assert read(EVENTS, stream(event)).usage is None


def test_a_reply_is_read_by_its_usage_however_large_the_rest_is() -> None:
    body = json.dumps({"data": [{"embedding": [0.25] * 1536}] * 20, "usage": {"total_tokens": 5}}).encode()
    reading = read(JSON, body)

    assert (counts(reading), reading.is_whole) == ((5, 0, 5), True)


@pytest.mark.parametrize("body", [b'{"usage": {"total_tokens": 5}', b'["usage"', b"{}x"])
def test_half_a_reply_is_not_whole(body: bytes) -> None:
    reading = read(JSON, body)

    assert (reading.usage, reading.is_whole) == (None, False)


@pytest.mark.parametrize("odd", ["no JSON", "[1]", '"text"', '{"a": 1},{"b": 2}', "", '{"a": 1'])
def test_an_event_that_is_no_object_leaves_the_others_as_they_are(odd: str) -> None:
    body = stream(delta("abcd")) + f"data: {odd}\n\n".encode() + stream(delta("efgh"))

    assert read(EVENTS, body).completion_tokens == 2


@pytest.mark.parametrize("kind", [["response.completed"], {"a": 1}, 7, None])
def test_an_event_whose_type_is_no_text_is_no_end_and_no_fault(kind: Any) -> None:
    found = read(EVENTS, stream({"type": kind, "note": "response.completed"}, delta("Hello"), done=False))
    assert found.usage is None
    assert not found.is_whole
    found = read(EVENTS, stream({"type": kind, "usage": USAGE}, delta("Hello"), done=False))
    assert counts(found) == (11, 7, 18)


@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
@pytest.mark.parametrize("escaped", [False, True])
def test_plain_chunks_are_estimated_by_their_texts(end: str, escaped: bool) -> None:
    said = [json.dumps(delta(piece), ensure_ascii=escaped) for piece in ("Hello", " there, ", "Zürich")]
    text = ("\n\n".join(f"data: {event}" for event in said) + end).encode()
    assert read(EVENTS, text).completion_tokens == 5
    assert read(EVENTS, text[:100], text[100:]).completion_tokens == 5


def test_usage_in_escapes_among_plain_chunks_is_read() -> None:
    hidden = json.dumps({"choices": [], "usage": USAGE}).replace("usage", "us\\u0061ge")
    text = stream(delta("Zürich")).decode() + f"data: {hidden}\n\n"
    assert counts(read(EVENTS, text.encode())) == (11, 7, 18)


def test_usage_that_is_cut_in_its_name_is_read() -> None:
    """More than is held at a time, cut where it matters."""
    before = stream(*(delta("abcd") for _ in range(400)), done=False)
    last = f'data: {{"choices":[],"usage":{json.dumps(USAGE)}}}\n\n'.encode()

    for cut in range(len(last)):
        assert counts(read(EVENTS, before + last[:cut], last[cut:])) == (11, 7, 18)


@pytest.mark.parametrize(
    ("member", "is_whole"),
    [
        ('"type":"response.completed"', True),
        ('"type" : "response.completed"', True),
        ('"t\\u0079pe": "response.completed"', True),
        ('"type": "response.complet\\u0065d"', True),
        ('"kind": "response.completed"', False),
        ('"text": "\\n \\"type\\": \\"response.completed\\""', False),
    ],
)
def test_the_end_of_an_answer_is_heard_however_it_is_written(member: str, is_whole: bool) -> None:
    body = stream(delta("Hello"), done=False) + f"data: {{{member}}}\n\n".encode()
    assert read(EVENTS, body).is_whole is is_whole
