"""Who comes when all places are taken: told so, whatever was sent, without taking files from those who are served."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import Any, cast
from urllib.parse import urlsplit

import pytest

from promptdock.cli import crowded
from promptdock.cli.crowded import BoundedProtocol, Crowd
from tests.support.server import live_server

_PLACES = 8
_HELLO = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the path."""
    if scope["type"] == "lifespan":
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})
        return
    said = scope["path"].encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(said))]})
    await send({"type": "http.response.body", "body": said})


class SmallCrowd(Crowd):
    """Takes eight."""

    most = _PLACES


@pytest.fixture
def crowd() -> Crowd:
    return SmallCrowd()


@pytest.fixture
def place(crowd: Crowd) -> Iterator[tuple[str, int]]:
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


def until(condition: Any) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_who_asks_how_the_server_is_gets_to_know(place: tuple[str, int], path: str) -> None:
    """A probe that failed would have a server of good streams restarted."""
    with all_taken(place):
        for _ in range(3):
            with socket.create_connection(place, timeout=10) as probe:
                for _ in range(2):
                    assert status(probe, f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode()) == b"200"
        with socket.create_connection(place, timeout=10) as other:
            assert status(other, b"GET /healthzz HTTP/1.1\r\nhost: x\r\n\r\n") == b"503"


def test_of_those_who_ask_how_it_is_there_may_be_too_many_as_well(place: tuple[str, int]) -> None:
    asking = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
    with all_taken(place), ExitStack() as stack:
        for number in range(34):
            probe = stack.enter_context(socket.create_connection(place, timeout=10))
            assert status(probe, asking) == (b"200" if number < 32 else b"503")


def test_what_a_refused_caller_sends_does_not_take_the_answer_away(place: tuple[str, int]) -> None:
    """A connection that is closed with bytes unread is reset, and what was answered is lost."""
    body = b"x" * 4_000_000
    head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body)
    with all_taken(place), socket.create_connection(place, timeout=10) as connection:
        sending = threading.Thread(target=connection.sendall, args=(head + body,))
        sending.start()
        sending.join(10)
        answer = b"".join(iter(partial(connection.recv, 65_536), b""))
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert answer.endswith(b"}}")


def test_refused_callers_who_say_nothing_are_cut_off_when_there_are_many(
    place: tuple[str, int], crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowded, "_PATIENCE", 30.0)
    with all_taken(place) as taken:
        with ExitStack() as stack:
            silent = [stack.enter_context(socket.create_connection(place, timeout=10)) for _ in range(32)]
            until(lambda: crowd.refused == 32)
            with socket.create_connection(place, timeout=10) as further, suppress(ConnectionResetError):
                assert further.recv(1) == b""
            assert [status(one, _HELLO) for one in taken] == [b"200"] * _PLACES
            assert status(silent[0], _HELLO) == b"503"
        until(lambda: crowd.refused == 0)
        with socket.create_connection(place, timeout=10) as further:
            assert status(further, _HELLO) == b"503"


@pytest.mark.parametrize(("requests", "said"), [(0, b""), (0, b"GET / HT"), (1, b"GET / HT")])
def test_a_place_whose_caller_says_nothing_is_free_for_others_in_time(
    place: tuple[str, int], requests: int, said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else's is: not of one who waits for a reply, nor of one who has just had one."""
    monkeypatch.setattr(crowded, "_LOOK", 0.05)
    with ExitStack() as stack:
        silent = stack.enter_context(socket.create_connection(place, timeout=10))
        assert [status(silent, _HELLO) for _ in range(requests)] == [b"200"] * requests
        silent.sendall(said)
        taken = [stack.enter_context(socket.create_connection(place, timeout=10)) for _ in range(_PLACES - 1)]
        assert [status(one, _HELLO) for one in taken] == [b"200"] * (_PLACES - 1)
        with socket.create_connection(place, timeout=10) as further:
            assert status(further, _HELLO) == b"503"
        monkeypatch.setattr(crowded, "_SPEECHLESS", 0.0)

        def is_taken() -> bool:
            with socket.create_connection(place, timeout=10) as connection:
                return status(connection, _HELLO) == b"200"

        until(is_taken)
        assert silent.recv(1) == b""
        assert [status(one, _HELLO) for one in taken] == [b"200"] * (_PLACES - 1)
