"""What is written in one moment leaves in one packet, all of it, and in time."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from promptdock.cli.gathering import GatheringTransport

pytestmark = pytest.mark.anyio


class Inner:
    """The transport itself."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.closing = False

    def write(self, data: bytes) -> None:
        self.told.append(data)

    def close(self) -> None:
        self.told.append("closed")
        self.closing = True

    def is_closing(self) -> bool:
        return self.closing

    def pause_reading(self) -> None:
        self.told.append("paused")


def gathered() -> tuple[GatheringTransport, Inner]:
    inner = Inner()
    return GatheringTransport(cast("asyncio.Transport", inner)), inner


async def test_pieces_of_one_moment_are_one() -> None:
    transport, inner = gathered()

    transport.write(b"head")
    transport.write(b"body")
    assert inner.told == []
    await asyncio.sleep(0)
    transport.write(b"next")
    await asyncio.sleep(0)

    assert inner.told == [b"headbody", b"next"]


async def test_much_is_not_kept_back() -> None:
    """Whoever writes more than a connection takes has to hear of it."""
    transport, inner = gathered()

    transport.write(b"head")
    transport.write(b"x" * 20_000)

    assert [len(piece) for piece in inner.told] == [20_004]
    await asyncio.sleep(0)
    assert len(inner.told) == 1


async def test_all_is_sent_before_the_end() -> None:
    transport, inner = gathered()

    transport.write(b"last words")
    transport.close()
    await asyncio.sleep(0)

    assert inner.told == [b"last words", "closed"]
    assert transport.is_closing()


async def test_nothing_goes_to_who_is_gone() -> None:
    transport, inner = gathered()

    transport.write(b"too late")
    inner.closing = True
    await asyncio.sleep(0)

    assert inner.told == []


async def test_the_rest_is_passed_on() -> None:
    transport, inner = gathered()

    transport.pause_reading()

    assert inner.told == ["paused"]
