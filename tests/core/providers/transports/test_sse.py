"""Server-sent events from bytes in any pieces."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai._streaming import SSEDecoder

from promptdock.providers.transports.sse import SseDecoder


def decoded(*pieces: bytes) -> list[bytes]:
    decoder = SseDecoder()
    return [data for piece in pieces for data in decoder.feed(piece)]


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: a\n\n", [b"a"]),
        (b"data:a\n\n", [b"a"]),
        (b"data:  a\n\n", [b" a"]),
        (b"data: a\r\n\r\n", [b"a"]),
        (b"data: a\r\r", [b"a"]),
        (b"data: a\ndata: b\n\n", [b"a\nb"]),
        (b": ping\n\ndata: a\n\n", [b"a"]),
        (b"event: x\nid: 7\nretry: 10\ndata: a\n\n", [b"a"]),
        (b"event: ping\n\ndata: a\n\n", [b"a"]),
        (b"\xef\xbb\xbfdata: a\n\n", [b"a"]),
        (b"data\n\n", []),
        (b"data: a", []),
        (b"data: a\n", []),
        (b"\n\n\n", []),
        (b"", []),
        (b"database: a\n\n", []),
        ("data: Zürich\u2028\x0b\x0c\x85\n\n".encode(), ["Zürich\u2028\x0b\x0c\x85".encode()]),
    ],
)
def test_events_come_out_whole_however_the_bytes_are_cut(stream: bytes, events: list[bytes]) -> None:
    assert decoded(stream) == events
    assert decoded(*(stream[place : place + 1] for place in range(len(stream)))) == events
    for place in range(len(stream)):
        assert decoded(stream[:place], b"", stream[place:]) == events


lines = st.lists(
    st.sampled_from(["data: ", "data:", ":", "event: "]).flatmap(
        lambda start: st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), max_size=5).map(start.__add__)
    ),
    max_size=6,
)


@given(
    events=st.lists(lines, max_size=6),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    cuts=st.lists(st.integers(0, 200), max_size=8),
)
def test_it_reads_what_the_openai_package_reads(events: list[list[str]], end: str, cuts: list[int]) -> None:
    stream = "".join("".join(line + end for line in event) + end for event in events).encode()
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    pieces = [stream[start:stop] for start, stop in pairwise(places)]
    oracle = [event.data.encode() for event in SSEDecoder().iter_bytes(iter(pieces)) if event.data]
    assert decoded(*pieces) == oracle


def test_a_long_line_in_small_pieces_is_not_copied_again_and_again() -> None:
    """1 MB in pieces of 16 bytes; copying the line so far each time would move 32 GB."""
    pieces = [b"data: ", *([b"x" * 16] * 65_536), b"\n\n"]
    assert len(decoded(*pieces)[0]) == 1 << 20
