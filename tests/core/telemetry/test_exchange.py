"""One request and its reply: whoever watches is told of each step once, and is never felt."""

from __future__ import annotations

from typing import Any

import pytest

from promptdock.telemetry.exchange import Exchange, RequestWatcher, Watchers

START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"Content-Type", b"text/event-stream; charset=utf-8")],
}
PIECE = {"type": "http.response.body", "body": b"12345", "more_body": True}
LAST = {"type": "http.response.body", "body": b"", "more_body": False}


class Told(RequestWatcher):
    """A watcher that keeps what it is told, and fails when told to."""

    def __init__(self, *, fails: bool = False) -> None:
        self.steps: list[Any] = []
        self._fails = fails

    def _note(self, *step: Any) -> None:
        self.steps.append(step[0] if len(step) == 1 else step)
        if self._fails:
            raise RuntimeError("a watcher that fails")

    def began(self, exchange: Exchange) -> None:
        self._note("began")

    def streams(self, exchange: Exchange) -> None:
        self._note("streams")

    def ended(self, exchange: Exchange) -> None:
        self._note("ended", exchange.status)

    def left(self, exchange: Exchange) -> None:
        self._note("left")


def exchanged(*steps: Any, fails: bool = False, broken: bool = False) -> tuple[Exchange, Told]:
    """An exchange after some steps: messages that the app sends, and ``gone`` for a caller who hangs up."""
    told = Told(fails=fails)
    exchange = Exchange({"type": "http", "method": "GET", "path": "/"}, Watchers(told), hung_up=499)
    for step in steps:
        if step == "gone":
            exchange.take_in({"type": "http.disconnect"})
        elif exchange.give_out(step):
            exchange.end(exchange.status)
    exchange.leave(broken=broken)
    return exchange, told


def test_a_whole_reply() -> None:
    exchange, told = exchanged(START, PIECE, LAST, "gone")

    assert told.steps == ["began", "streams", ("ended", 200), "left"]
    assert (exchange.sent, exchange.is_stream, exchange.route) == (5, True, "unknown")


@pytest.mark.parametrize(
    ("steps", "broken", "status"),
    [
        ((START, PIECE, "gone"), False, 499),
        ((START, PIECE, "gone"), True, 499),
        ((START, PIECE), True, 500),
        ((), True, 500),
        ((), False, 499),
    ],
)
def test_a_reply_that_has_no_end(steps: tuple[Any, ...], broken: bool, status: int) -> None:
    _, told = exchanged(*steps, broken=broken)

    assert told.steps[-2:] == [("ended", status), "left"]


@pytest.mark.parametrize(
    ("method", "status", "headers", "whole"),
    [
        ("GET", 200, [], [False, False, True]),
        ("GET", 200, [(b"Content-Length", b"5")], [False, True, True]),
        ("GET", 200, [(b"content-length", b"7")], [False, False, True]),
        ("GET", 200, [(b"content-length", b"many")], [False, False, True]),
        ("GET", 204, [], [True, True, True]),
        ("GET", 304, [(b"content-length", b"7")], [True, True, True]),
        ("HEAD", 200, [(b"content-length", b"7")], [True, True, True]),
    ],
)
def test_which_piece_completes_a_reply(method: str, status: int, headers: Any, whole: list[bool]) -> None:
    """A caller who was told the length reads no further."""
    exchange = Exchange({"type": "http", "method": method, "path": "/"}, Watchers(), hung_up=499)
    start = {"type": "http.response.start", "status": status, "headers": headers}

    assert [exchange.give_out(step) for step in (start, PIECE, LAST)] == whole
    assert exchange.begun


def test_a_watcher_that_fails_is_not_felt(caplog: pytest.LogCaptureFixture) -> None:
    _, told = exchanged(START, LAST, fails=True)

    assert told.steps == ["began", "streams", ("ended", 200), "left"]
    assert "A request could not be told of to Told.ended" in caplog.text
