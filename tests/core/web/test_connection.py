"""Work for a caller who hangs up, and for one who does not."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from litestar.types import Receive

from promptdock.web.connection import CallerGone, Connected

pytestmark = pytest.mark.anyio

T = TypeVar("T")


async def while_connected(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """Do some work for a caller who may hang up meanwhile."""
    with Connected(receive):
        return await work


class Caller:
    """The other end of a connection."""

    def __init__(self) -> None:
        self._gone = asyncio.Event()
        self.looked_for = 0

    async def receive(self) -> Any:
        self.looked_for += 1
        await self._gone.wait()
        return {"type": "http.disconnect"}

    def hang_up(self) -> None:
        self._gone.set()


async def test_what_is_done_at_once_costs_no_look_at_the_connection() -> None:
    caller = Caller()

    async def work() -> int:
        return 7

    assert await while_connected(caller.receive, work()) == 7
    await asyncio.sleep(0.4)
    assert caller.looked_for == 0


async def test_work_ends_with_its_own_result_while_somebody_listens() -> None:
    async def work() -> int:
        await asyncio.sleep(0.4)
        return 7

    caller = Caller()
    assert await while_connected(caller.receive, work()) == 7
    assert caller.looked_for == 1


async def test_work_for_a_caller_who_hangs_up_is_cancelled_and_ends() -> None:
    caller, ended = Caller(), []

    async def work() -> None:
        try:
            caller.hang_up()
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)  # the cancellation comes once
            ended.append(True)

    with pytest.raises(CallerGone):
        await while_connected(caller.receive, work())
    assert ended == [True]
    await asyncio.sleep(0)  # the task itself goes on


@pytest.mark.parametrize("end", ["returns", "raises"])
async def test_nobody_is_answered_by_work_that_does_not_mind_being_cancelled(end: str) -> None:
    caller = Caller()

    async def work() -> int:
        caller.hang_up()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            if end == "raises":
                raise ValueError from None
        return 7

    with pytest.raises(CallerGone):
        await while_connected(caller.receive, work())


async def test_a_failure_of_the_work_is_told() -> None:
    async def work() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await while_connected(Caller().receive, work())


async def test_a_cancellation_by_somebody_else_is_not_taken_for_a_hang_up() -> None:
    caller = Caller()
    task = asyncio.create_task(while_connected(caller.receive, asyncio.sleep(60)))
    await asyncio.sleep(0.4)
    task.cancel()
    caller.hang_up()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_time_limit_around_it_is_kept() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.4):
            await while_connected(Caller().receive, asyncio.sleep(60))


async def test_a_channel_that_breaks_leads_to_nobody() -> None:
    async def receive() -> Any:
        raise OSError

    with pytest.raises(CallerGone):
        await while_connected(receive, asyncio.sleep(60))
