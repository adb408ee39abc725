"""Requests that wait for their callers when the server's time is over."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from promptdock.cli.graceful import GracefulApp

pytestmark = pytest.mark.anyio

SCOPE = {"type": "http"}


class Inner:
    """An app that waits for its caller's next message."""

    def __init__(self) -> None:
        self.got: list[Any] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.got.append(await receive())


async def never() -> Any:
    await asyncio.Event().wait()


async def drop(message: Any) -> None:
    """Nobody reads the reply."""


async def test_the_end_of_the_time_looks_like_a_hang_up_and_is_told() -> None:
    inner, sent = Inner(), []

    async def send(message: Any) -> None:
        sent.append(message)

    app = GracefulApp(inner, grace=10)
    task = asyncio.create_task(app(SCOPE, never, send))
    await asyncio.sleep(0)
    app._end.come()
    await task

    assert inner.got == [{"type": "http.disconnect"}]
    assert [message.get("status") for message in sent] == [503, None]
    assert not task.cancelling()


async def test_who_comes_after_the_end_does_not_wait() -> None:
    inner = Inner()
    app = GracefulApp(inner, grace=10)
    app._end.come()

    await app(SCOPE, never, drop)
    assert inner.got == [{"type": "http.disconnect"}]


async def test_messages_come_as_they_are_before_the_end() -> None:
    inner = Inner()

    async def receive() -> Any:
        return {"type": "http.request", "body": b"x"}

    await GracefulApp(inner, grace=10)(SCOPE, receive, drop)
    assert inner.got == [{"type": "http.request", "body": b"x"}]


@pytest.mark.parametrize("ends", [False, True])
async def test_a_cancellation_by_the_server_stays_one(ends: bool) -> None:
    inner = Inner()
    app = GracefulApp(inner, grace=10)
    task = asyncio.create_task(app(SCOPE, never, drop))
    await asyncio.sleep(0)
    task.cancel()
    if ends:
        app._end.come()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert inner.got == []
