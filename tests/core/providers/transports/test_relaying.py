"""Which headers of a reply go on to the caller of a raw passthrough."""

from __future__ import annotations

import pytest

from promptdock.providers.transports.relaying import reply_headers


def test_order_case_and_repetition_are_kept() -> None:
    raw = [(b"B", b"1"), (b"a", b"2"), (b"b", b"\xff")]
    assert reply_headers(raw) == (("B", "1"), ("a", "2"), ("b", "\xff"))


@pytest.mark.parametrize("name", [b"connection", b"Keep-Alive", b"TE", b"Transfer-Encoding", b"UPGRADE"])
def test_what_concerns_one_connection_stays_behind(name: bytes) -> None:
    assert reply_headers([(name, b"x"), (b"Date", b"now")]) == (("Date", "now"),)


def test_what_the_connection_header_names_stays_behind() -> None:
    assert reply_headers([(b"X-Hop", b"1"), (b"Connection", b"close, x-hop"), (b"X-End", b"2")]) == (("X-End", "2"),)


def test_a_length_beside_chunks_stays_behind() -> None:
    assert reply_headers([(b"Content-Length", b"5"), (b"transfer-encoding", b"chunked")]) == ()
    assert reply_headers([(b"Content-Length", b"5")]) == (("Content-Length", "5"),)
