"""When a stream begins, and what keeps it alive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from promptdock.web.channel import KEEP_ALIVE, Channel

pytestmark = pytest.mark.anyio


class Wire:
    """What an ASGI server gets to send."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    @property
    def bodies(self) -> list[bytes]:
        """What was sent of the body."""
        return [message["body"] for message in self.sent if message["type"] == "http.response.body"]

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for something, not for ever."""
        async with asyncio.timeout(10):
            while not condition():
                await asyncio.sleep(0.005)


class SlowWire(Wire):
    """One that takes nothing before it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = 0
        self.takes = asyncio.Event()

    async def send(self, message: Any) -> None:
        self.begun += 1
        await self.takes.wait()
        await super().send(message)


async def test_what_is_held_goes_before_the_first_frame() -> None:
    wire = Wire()
    channel = Channel(wire.send, [(b"x-more", b"1")])

    channel.hold(b"one ")
    channel.hold(b"two ")
    assert wire.sent == []
    await channel.write(b"three")
    await channel.close()

    assert wire.sent[0]["status"] == 200
    assert (b"x-more", b"1") in wire.sent[0]["headers"]
    assert wire.bodies == [b"one two three", b""]


async def test_what_is_held_for_too_long_begins_the_stream() -> None:
    wire = Wire()
    channel = Channel(wire.send)

    async with channel.kept_alive(0.05):
        channel.hold(b"first")
        await wire.until(lambda: len(wire.bodies) >= 2)

    assert channel.open
    assert wire.bodies[:2] == [b"first", KEEP_ALIVE]


async def test_a_stream_that_has_nothing_to_begin_with_stays_closed() -> None:
    wire = Wire()
    channel = Channel(wire.send)

    async with channel.kept_alive(0.01):
        await asyncio.sleep(0.05)

    assert not channel.open
    assert wire.sent == []


async def test_a_comment_under_way_is_ended_before_the_next_frame() -> None:
    wire = SlowWire()
    channel = Channel(wire.send)

    async with channel.kept_alive(0.02):
        channel.hold(b"first ")
        await wire.until(lambda: wire.begun)
        writing = asyncio.create_task(channel.write(b"second"))
        await asyncio.sleep(0)
        assert wire.begun == 1
        wire.takes.set()
        await writing

    assert [message["type"] for message in wire.sent[:1]] == ["http.response.start"]
    assert wire.bodies[:2] == [b"first ", b"second"]


async def test_no_comment_is_sent_while_a_frame_waits_for_a_slow_caller() -> None:
    wire = SlowWire()
    channel = Channel(wire.send)

    async with channel.kept_alive(0.01):
        writing = asyncio.create_task(channel.write(b"frame"))
        await asyncio.sleep(0.05)
        assert wire.begun == 1
        wire.takes.set()
        await writing

    assert wire.bodies[0] == b"frame"
