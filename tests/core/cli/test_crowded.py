"""Who comes when all places are taken: told so, whatever was sent, without taking files from those who are served."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import Any, cast
from urllib.parse import urlsplit

import pytest

from promptdock.cli import crowded, speechless
from promptdock.cli.crowded import BoundedProtocol, Crowd
from tests.support.server import live_server

_PLACES = 8
_HELLO = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the path; at /slow after the body, and then some time."""
    if scope["type"] == "lifespan":
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})
        return
    said = scope["path"].encode()
    if said == b"/slow":
        while (await receive()).get("more_body", False):
            pass
        await asyncio.sleep(0.5)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(said))]})
    await send({"type": "http.response.body", "body": said})


class SmallCrowd(Crowd):
    """Takes eight."""

    most = _PLACES


@pytest.fixture
def crowd() -> Crowd:
    return SmallCrowd()


@pytest.fixture
def place(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    monkeypatch.setattr(crowded, "_PATIENCE", 30.0)  # more than the tests have themselves
    with live_server(hello, http=cast("Any", partial(BoundedProtocol, crowd=crowd)), keep_alive=60) as url:
        parts = urlsplit(url)
        yield str(parts.hostname), int(parts.port or 0)


@contextmanager
def all_taken(place: tuple[str, int]) -> Iterator[list[socket.socket]]:
    """Have all places taken, by callers who are answered."""
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.create_connection(place, timeout=10)) for _ in range(_PLACES)]
        assert [status(one, _HELLO) for one in taken] == [b"200"] * _PLACES
        yield taken


def status(connection: socket.socket, asking: bytes) -> bytes:
    """Ask, and give the status; the reply is of less than a packet."""
    connection.sendall(asking)
    return connection.recv(65_536).partition(b" ")[2][:3]


def all_of(connection: socket.socket) -> bytes:
    """What comes until the other side closes."""
    return b"".join(iter(partial(connection.recv, 65_536), b""))


def until(condition: Any) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_who_asks_how_the_server_is_gets_to_know(place: tuple[str, int], path: str) -> None:
    """A probe that failed would have a server of good streams restarted. That is no way in for anything else."""
    asking = f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode()
    with all_taken(place):
        for _ in range(3):
            with socket.create_connection(place, timeout=10) as probe:
                probe.sendall(asking + _HELLO)
                answer = all_of(probe)
                assert answer.startswith(b"HTTP/1.1 200 ")
                assert b"connection: close" in answer
                assert answer.endswith(path.encode())
        with socket.create_connection(place, timeout=10) as other:
            assert status(other, b"GET /healthzz HTTP/1.1\r\nhost: x\r\n\r\n") == b"503"


def test_of_those_who_ask_how_it_is_there_may_be_too_many_as_well(place: tuple[str, int], crowd: Crowd) -> None:
    assert crowd.takes_aside(_PLACES + 31)
    assert not crowd.takes_aside(_PLACES + 32)


def test_what_a_refused_caller_sends_does_not_take_the_answer_away(place: tuple[str, int]) -> None:
    """A connection that is closed with bytes unread is reset, and what was answered is lost."""
    body = b"x" * 4_000_000
    head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body)
    with all_taken(place), socket.create_connection(place, timeout=10) as connection:
        sending = threading.Thread(target=connection.sendall, args=(head + body,))
        sending.start()
        sending.join(10)
        answer = all_of(connection)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert answer.endswith(b"}}")


def test_refused_callers_who_say_nothing_are_cut_off_when_there_are_many(place: tuple[str, int], crowd: Crowd) -> None:
    """The oldest first, so that who asks is heard."""
    with all_taken(place) as taken:
        with ExitStack() as stack:
            silent = [stack.enter_context(socket.create_connection(place, timeout=10)) for _ in range(33)]
            with suppress(ConnectionResetError):
                assert silent[0].recv(1) == b""
            assert len(crowd.refused) == 32
            assert [status(one, _HELLO) for one in taken] == [b"200"] * _PLACES
            assert status(silent[1], _HELLO) == b"503"
        until(lambda: not crowd.refused)
        with socket.create_connection(place, timeout=10) as further:
            assert status(further, _HELLO) == b"503"


def test_a_refused_caller_who_says_nothing_is_not_waited_for(
    place: tuple[str, int], crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowded, "_PATIENCE", 0.05)
    with all_taken(place), socket.create_connection(place, timeout=10) as silent:
        assert silent.recv(1) == b""
        until(lambda: not crowd.refused)


_SLOW = b"POST /slow HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\n"


@pytest.mark.parametrize(
    ("before", "said"),
    [(b"", b""), (b"", b"GE"), (b"", b"GET / HT"), (b"", b"BREW / HT"), (_HELLO, b"GET / HT"), (_HELLO, b"BREW / HT")],
)
def test_a_place_whose_caller_says_nothing_is_free_for_others_in_time(
    place: tuple[str, int], before: bytes, said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else's is: not of one who waits for a reply or still sends a body, nor of one who has just had a reply."""
    monkeypatch.setattr(crowded, "_LOOK", 0.05)
    with ExitStack() as stack:
        silent = stack.enter_context(socket.create_connection(place, timeout=10))
        if before:
            assert status(silent, before) == b"200"
        silent.sendall(said)
        sending, *taken = [stack.enter_context(socket.create_connection(place, timeout=10)) for _ in range(_PLACES - 1)]
        sending.sendall(_SLOW + b"bo")
        assert [status(one, _HELLO) for one in taken] == [b"200"] * (_PLACES - 2)
        with socket.create_connection(place, timeout=10) as further:
            assert status(further, _HELLO) == b"503"
        monkeypatch.setattr(speechless, "_SPEECHLESS", 0.0)

        def is_taken() -> bool:
            with socket.create_connection(place, timeout=10) as connection:
                return status(connection, _HELLO) == b"200"

        until(is_taken)
        assert silent.recv(1) == b""
        assert [status(one, _HELLO) for one in taken] == [b"200"] * (_PLACES - 2)
        assert status(sending, b"dy") == b"200"


def test_who_has_just_begun_to_ask_has_time(place: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Though the connection is old."""
    monkeypatch.setattr(crowded, "_LOOK", 0.0)
    monkeypatch.setattr(speechless, "_SPEECHLESS", 2.0)
    with all_taken(place) as taken:
        time.sleep(2.2)
        taken[0].sendall(_HELLO[:8])
        with socket.create_connection(place, timeout=10) as further:
            assert status(further, _HELLO) == b"503"
        assert status(taken[0], _HELLO[8:]) == b"200"
