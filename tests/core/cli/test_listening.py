"""The socket that the server listens on."""

from __future__ import annotations

import socket

import pytest

from promptdock.cli.failures import CommandFailed
from promptdock.cli.listening import is_loopback, listen, url_of


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("app.localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.1", False),
        ("localhost.example", False),
    ],
)
def test_who_can_reach_a_host(host: str, expected: bool) -> None:
    """Only what is this machine's by definition counts as out of reach for others."""
    assert is_loopback(host) is expected


def test_a_free_port_is_taken_and_told() -> None:
    """Replies leave at once: the socket says that it is TCP, so that asyncio turns Nagle's algorithm off."""
    with listen("localhost", 0) as listening:
        assert listening.family is socket.AF_INET
        assert listening.proto == socket.IPPROTO_TCP
        assert url_of("localhost", listening) == f"http://localhost:{listening.getsockname()[1]}"
        with pytest.raises(CommandFailed, match="is in use"):
            listen("localhost", listening.getsockname()[1])


def test_an_ipv6_address_is_bracketed() -> None:
    """As URLs want it."""
    with listen("127.0.0.1", 0) as listening:
        assert url_of("::1", listening).startswith("http://[::1]:")


def test_a_name_that_is_none() -> None:
    """It is told in one line, too."""
    with pytest.raises(CommandFailed, match="Cannot listen on"):
        listen("no..such", 0)
