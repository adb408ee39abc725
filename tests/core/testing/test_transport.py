"""Requests to an app in this process: piece by piece, with hang-ups, time-outs and failures as at a server."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from typing import Any

import httpx2
import pytest

from promptdock.testing.exchange import ReplyCutOff
from promptdock.testing.loop import LoopThread
from promptdock.testing.transport import AsyncInProcessTransport, InProcessTransport

_START = {"type": "http.response.start", "status": 200, "headers": [(b"x-app", b"yes")]}
_URL = "http://host.test/a%20path?q=1"


@pytest.fixture
def home() -> Iterator[LoopThread]:
    """The app's event loop."""
    with closing(LoopThread(nullcontext)) as running:
        yield running


async def _body(receive: Any) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message["more_body"]
    return body


async def _say(send: Any, *pieces: bytes, more: bool = False) -> None:
    for piece in pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    if not more:
        await send({"type": "http.response.body"})


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with what it was asked."""
    body = await _body(receive)
    await send(_START)
    asked = (scope["method"], scope["path"], scope["raw_path"], scope["query_string"], scope["scheme"], len(body))
    await _say(send, repr(asked).encode())


async def breaks_before(scope: Any, receive: Any, send: Any) -> None:
    """Raises instead of answering."""
    raise LookupError("no answer")


async def breaks_within(scope: Any, receive: Any, send: Any) -> None:
    """Raises in the middle of its answer."""
    await send(_START)
    await _say(send, b"half", more=True)
    raise LookupError("no more")


async def exits(scope: Any, receive: Any, send: Any) -> None:
    """Tries to end the process."""
    raise SystemExit(3)


async def ends_early(scope: Any, receive: Any, send: Any) -> None:
    """Says less than it announced."""
    await send(_START)
    await _say(send, b"half", more=True)


async def says_nothing(scope: Any, receive: Any, send: Any) -> None:
    """Hangs."""
    await asyncio.Event().wait()


def _client(app: Any, home: LoopThread, **options: Any) -> httpx2.Client:
    return httpx2.Client(transport=InProcessTransport(app, home), **options)


def _async(app: Any, home: LoopThread, work: Callable[[httpx2.AsyncClient], Any], **options: Any) -> Any:
    async def run() -> Any:
        async with httpx2.AsyncClient(transport=AsyncInProcessTransport(app, home), **options) as client:
            return await work(client)

    return asyncio.run(run())


_ECHO = repr(("POST", "/a path", b"/a%20path", b"q=1", "http", 200_000))


def test_the_app_sees_the_request_as_from_a_server(home: LoopThread) -> None:
    """Its paths, query and body, however long."""
    with _client(echo, home) as client:
        reply = client.post(_URL, content=b"x" * 200_000)
    assert (reply.status_code, reply.headers["x-app"], reply.text) == (200, "yes", _ECHO)


def test_the_same_for_async_clients(home: LoopThread) -> None:
    """On a loop of their own."""
    reply = _async(echo, home, lambda client: client.post(_URL, content=b"x" * 200_000))
    assert (reply.status_code, reply.text) == (200, _ECHO)


def test_async_clients_work_on_the_apps_own_loop(home: LoopThread) -> None:
    """Waiting does not block it; a client that blocks is refused instead of waiting for ever."""

    async def ask() -> str:
        async with httpx2.AsyncClient(transport=AsyncInProcessTransport(echo, home)) as client:
            with pytest.raises(RuntimeError, match="take the async client"):
                _client(echo, home).get(_URL)
            return (await client.get(_URL)).text

    assert "'GET'" in home.run(ask())


@pytest.mark.parametrize(
    ("app", "error"), [(breaks_before, LookupError), (breaks_within, LookupError), (exits, ReplyCutOff)]
)
def test_what_the_app_raises_reaches_the_caller(home: LoopThread, app: Any, error: type[BaseException]) -> None:
    """Itself, not a status 500 that hides it; and the loop goes on."""
    with _client(app, home) as client, pytest.raises(error):
        client.get(_URL)
    with pytest.raises(error):
        _async(app, home, lambda client: client.get(_URL))
    with _client(echo, home) as client:
        assert client.get(_URL).status_code == 200


def test_a_reply_that_breaks_off_is_no_reply(home: LoopThread) -> None:
    """As at a server that closes the connection."""
    with _client(ends_early, home) as client, pytest.raises(ReplyCutOff):
        client.get(_URL)


def test_the_clients_timeout_counts(home: LoopThread) -> None:
    """A host that hangs fails the test instead of hanging it."""
    with pytest.raises(httpx2.ReadTimeout, match="said nothing"):
        _client(says_nothing, home, timeout=0.05).get(_URL)
    with pytest.raises(httpx2.ReadTimeout, match="said nothing"):
        _async(says_nothing, home, lambda client: client.get(_URL), timeout=0.05)


class Steps:
    """Says a piece whenever it is told to, and notes who hangs up."""

    def __init__(self) -> None:
        self.said = 0
        self.gone = threading.Event()
        self.ended = threading.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await _body(receive)
        await send(_START)
        hearing = asyncio.create_task(receive())
        while not hearing.done() and self.said < 1000:
            await send({"type": "http.response.body", "body": b"%d\n" % self.said, "more_body": True})
            self.said += 1
            await asyncio.sleep(0)
        if hearing.done() and hearing.result()["type"] == "http.disconnect":
            self.gone.set()
        hearing.cancel()
        self.ended.set()


def test_a_stream_is_read_while_it_is_said_and_the_app_waits_for_its_reader(home: LoopThread) -> None:
    """No app fills the memory with what nobody reads; and it hears when its reader hangs up."""
    app = Steps()
    with _client(app, home) as client, client.stream("GET", _URL) as reply:
        lines = reply.iter_lines()
        assert [next(lines) for _ in range(3)] == ["0", "1", "2"]
        assert not app.ended.wait(0.2)
        assert app.said < 40
    assert app.gone.wait(10)
    assert app.said < 60


def test_an_async_reader_that_hangs_up_is_noticed_too(home: LoopThread) -> None:
    """Also when its task is cancelled in the middle of waiting."""
    app = Steps()

    async def read(client: httpx2.AsyncClient) -> str:
        async with client.stream("GET", _URL) as reply:
            async for line in reply.aiter_lines():
                return line
        return "nothing"

    assert _async(app, home, read) == "0"
    assert app.gone.wait(10)


def test_a_closed_host_cannot_be_reached() -> None:
    """The error says so; nothing waits."""
    with closing(LoopThread(nullcontext)) as home:
        client = _client(echo, home)
    with pytest.raises(httpx2.ConnectError, match="is closed"):
        client.get(_URL)
    client.close()


def test_closing_a_client_ends_what_the_app_still_does(home: LoopThread, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while; a test leaves nothing behind."""
    monkeypatch.setattr("promptdock.testing.transport._CLOSE_SECONDS", 0.05)
    client = _client(says_nothing, home, timeout=0.05)
    with pytest.raises(httpx2.ReadTimeout):
        client.get(_URL)
    client.close()
    left = home.run(_tasks())
    assert [task for task in left if "in-process" in task.get_name()] == []


async def _tasks() -> set[asyncio.Task[Any]]:
    await asyncio.sleep(0.01)
    return asyncio.all_tasks()
