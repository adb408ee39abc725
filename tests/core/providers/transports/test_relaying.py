"""Which headers of a reply go on to the caller of a raw passthrough."""

from __future__ import annotations

import pytest

from promptdock.providers.relay import RelayRequest
from promptdock.providers.transports import Endpoint
from promptdock.providers.transports.http import InvalidRequest, header_block
from promptdock.providers.transports.relaying import RelayHeaders, reply_headers


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


def asked(*headers: tuple[str, str]) -> RelayRequest:
    return RelayRequest(method="POST", path="/embeddings", headers=headers)


def test_the_lines_of_a_request_are_its_own_however_many_were_written_before() -> None:
    headers = RelayHeaders(Endpoint(base_url="https://x.example", headers={"Accept": "application/json"}))
    requests = [asked(("Content-Type", f"text/{number}"), ("Accept", "a/b"), ("Cookie", "c")) for number in range(600)]
    for request in [*requests, *requests[::-1], requests[0]]:
        lines = headers.lines(request)
        assert lines == header_block(headers.theirs(request))
        assert lines == b"%b\r\naccept-encoding: identity\r\n" % b": ".join(map(str.encode, request.passed_headers[0]))


def test_of_the_lines_of_requests_not_much_is_remembered() -> None:
    headers = RelayHeaders(Endpoint(base_url="https://x.example"))
    for number in range(600):
        headers.lines(asked(("Content-Type", f"text/{number}")))
        headers.lines(asked(("Content-Type", "x" * 10_000 + str(number))))
    assert 0 < len(headers._known_lines) <= 256
    assert all(len(lines) < 2_000 for lines in headers._known_lines.values())


def test_what_cannot_be_written_is_not_remembered() -> None:
    headers = RelayHeaders(Endpoint(base_url="https://x.example"))
    request = asked(("Accept", "*/*"))
    object.__setattr__(request, "passed_headers", (("accept", "*/*\r\nX-Ours: y"),))
    for _ in range(2):
        with pytest.raises(InvalidRequest):
            headers.lines(request)
