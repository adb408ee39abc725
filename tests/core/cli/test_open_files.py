"""A server has as many connections as the system lets it have, and sends those away that are too many."""

from __future__ import annotations

import resource
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import psutil
import pytest

from promptdock.cli.open_files import allow_many_open_files, most_connections, open_files_limit
from promptdock.jsontext import loads
from tests.support.command import CommandLine, RunningServer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of other processes are Linux's")

_ASKING = b"GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n"


@pytest.fixture
def few_files() -> Iterator[None]:
    """As a shell has it that allows few, of many that it might."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[0] < 1_024:
        pytest.skip("this process may have few itself")
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def _limit(pid: int) -> int:
    return resource.prlimit(pid, resource.RLIMIT_NOFILE)[0]


@pytest.mark.usefixtures("few_files")
def test_as_many_files_are_allowed_as_the_system_lets_have() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    allow_many_open_files()
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    assert open_files_limit() == wanted
    assert most_connections() == (wanted - 128) // 2


@pytest.mark.usefixtures("few_files")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_server_and_its_workers_may_have_them(command: CommandLine, workers: str) -> None:
    with command.serving("--workers", workers) as server:
        with _connected(server) as connection:
            assert _asked(connection) == "200"
        processes = [server.process.pid, *(one.pid for one in psutil.Process(server.process.pid).children())]
        assert min(map(_limit, processes)) > 512
        assert server.stop(signal.SIGTERM) == 0


def test_who_comes_when_all_connections_are_taken_is_told_so(command: CommandLine) -> None:
    """Those who are there are served meanwhile, and who comes when one of them has gone is, too."""
    with command.serving() as server, ExitStack() as stack:
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (256, 256))
        taken = [stack.enter_context(_connected(server)) for _ in range(64)]
        assert [_asked(one) for one in taken] == ["200"] * 64
        for _ in range(3):
            with _connected(server) as further:
                status, head, body = _answer(further)
            assert status == "503"
            assert "retry-after: 1" in head
            assert loads(body) == {
                "error": {
                    "message": "The server has as many connections as it can carry. Try again.",
                    "type": "server_error",
                    "param": None,
                    "code": "too_many_connections",
                }
            }
        assert [_asked(one) for one in taken] == ["200"] * 64
        with _connected(server) as silent:
            assert silent.recv(1) == b""  # nobody waits for long for what it wants
        taken.pop().close()
        assert _asked_until_taken(server) == "200"
        assert server.stop(signal.SIGTERM) == 0
        assert server.log().count("64 connections are open, and no more are taken") == 1


def _connected(server: RunningServer) -> socket.socket:
    place = urlsplit(server.origin)
    return socket.create_connection((str(place.hostname), int(place.port or 0)), timeout=20)


def _asked(connection: socket.socket) -> str:
    return _answer(connection)[0]


def _answer(connection: socket.socket) -> tuple[str, str, bytes]:
    """Ask; gives the status, the head and the body."""
    connection.sendall(_ASKING)
    reading = connection.makefile("rb")
    head = b"".join(iter(reading.readline, b"\r\n")).decode().lower()
    length = int(head.partition("content-length: ")[2].split()[0])
    return head.split()[1], head, reading.read(length)


def _asked_until_taken(server: RunningServer) -> str:
    """Until the server has seen that a place is free, for some seconds."""
    end = time.monotonic() + 10
    while True:
        with _connected(server) as connection:
            status = _asked(connection)
        if status == "200" or time.monotonic() > end:
            return status
