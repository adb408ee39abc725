"""Methods that are in nobody's list reach the app, whatever was asked before over the same connection."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.server import live_server


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the method and the body."""
    if scope["type"] == "lifespan":
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    said = scope["method"].encode() + b":" + body
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(said))]})
    await send({"type": "http.response.body", "body": said})


@pytest.fixture(scope="module")
def place() -> Iterator[tuple[str, int]]:
    with live_server(echo) as url:
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        yield parts.hostname, parts.port


def asked(method: str, body: str = "") -> bytes:
    return f"{method} / HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()


def answer(connection: socket.socket, ending: bytes) -> bytes:
    got = b""
    while not got.endswith(ending):
        piece = connection.recv(65536)
        if not piece:
            break
        got += piece
    return got


@pytest.mark.parametrize("methods", [["BREW"], ["GET", "BREW", "POST", "brew"], ["PROPFIND", "GET"], ["POST", "get"]])
def test_any_method_is_the_app_s_to_refuse(place: tuple[str, int], methods: list[str]) -> None:
    with socket.create_connection(place, timeout=10) as connection:
        for method in methods:
            connection.sendall(asked(method, "xyz"))
            said = answer(connection, f"{method}:xyz".encode())
            assert said.startswith(b"HTTP/1.1 200")
            assert said.endswith(f"\r\n\r\n{method}:xyz".encode())


def test_a_body_that_looks_like_a_request_is_a_body(place: tuple[str, int]) -> None:
    with socket.create_connection(place, timeout=10) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 20\r\n\r\n")
        connection.sendall(b"BREW / HTTP/1.1\r\n\r\n.")
        assert answer(connection, b".").endswith(b"POST:BREW / HTTP/1.1\r\n\r\n.")


@pytest.mark.parametrize("data", [b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"B@D / HTTP/1.1\r\n\r\n", b" / x\r\n\r\n"])
def test_what_is_no_http_is_refused(place: tuple[str, int], data: bytes) -> None:
    with socket.create_connection(place, timeout=10) as connection:
        connection.sendall(data)
        assert answer(connection, b"never").startswith(b"HTTP/1.1 400")


def test_a_small_reply_is_one_packet(place: tuple[str, int]) -> None:
    with socket.create_connection(place, timeout=10) as connection:
        for _ in range(20):
            connection.sendall(asked("POST", "xyz"))
            assert connection.recv(65536).endswith(b"\r\n\r\nPOST:xyz")


async def slowly(scope: Any, receive: Any, send: Any) -> None:
    """Answers in two pieces."""
    if scope["type"] == "lifespan":
        await echo(scope, receive, send)
        return
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"first", "more_body": True})
    await asyncio.sleep(0.05)
    await send({"type": "http.response.body", "body": b"last"})


@pytest.mark.parametrize("method", ["GET", "BREW"])
def test_what_was_written_reaches_a_caller_who_sends_no_more(method: str) -> None:
    """Its end of the connection is closed right behind the request, as some programs do."""
    with live_server(slowly) as url:
        parts = urlsplit(url)
        for _ in range(20):
            with socket.create_connection((str(parts.hostname), parts.port or 0), timeout=10) as connection:
                connection.sendall(asked(method))
                connection.shutdown(socket.SHUT_WR)
                assert b"first" in answer(connection, b"last")
