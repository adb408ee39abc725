"""What is done to its end though whoever waits for it is cancelled."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import pytest

from promptdock.prompts.going_on import GoingOn

pytestmark = pytest.mark.anyio


class Work:
    """Takes a step, waits for something, takes the next one, and so on."""

    def __init__(self, *awaited: asyncio.Future[str], fails: Exception | None = None) -> None:
        self.heard: list[str] = []
        self.tasks: list[asyncio.Task[Any] | None] = []
        self._awaited = awaited
        self._fails = fails

    async def run(self) -> int:
        self.tasks.append(asyncio.current_task())
        for one in self._awaited:
            try:
                self.heard.append(await one)
            except OSError as error:
                self.heard.append(f"failed: {error}")
            self.tasks.append(asyncio.current_task())
        await asyncio.sleep(0)
        if self._fails is not None:
            raise self._fails
        return len(self.heard)


def futures(number: int) -> list[asyncio.Future[str]]:
    return [asyncio.get_running_loop().create_future() for _ in range(number)]


async def turns(number: int = 5) -> None:
    """Some turns of the event loop."""
    for _ in range(number):
        await asyncio.sleep(0)


async def test_what_nobody_cancels_runs_in_the_task_of_whoever_waits() -> None:
    first, second = futures(2)
    work = Work(first, second)
    loop = asyncio.get_running_loop()
    loop.call_soon(first.set_result, "one")
    loop.call_soon(second.set_exception, OSError("no"))
    assert await GoingOn().to_its_end(work.run()) == 2
    assert work.heard == ["one", "failed: no"]
    assert set(work.tasks) == {asyncio.current_task()}


async def test_what_it_raises_is_raised() -> None:
    done = futures(1)
    done[0].set_result("one")
    with pytest.raises(ValueError, match="broken"):
        await GoingOn().to_its_end(Work(*done, fails=ValueError("broken")).run())

    async def gives_up() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await GoingOn().to_its_end(gives_up())


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_caller_who_is_cancelled_at_any_point_goes_and_the_work_goes_on(place: int) -> None:
    going_on, awaited = GoingOn(), futures(2)
    work = Work(*awaited)
    asking = asyncio.create_task(going_on.to_its_end(work.run()))
    await turns()
    for one in awaited[:place]:
        one.set_result("before")
        await asyncio.sleep(0)
        if place < len(awaited):
            await turns()
    asking.cancel()
    await turns()
    assert asking.cancelled()
    assert not any(one.cancelled() for one in awaited)

    settling = asyncio.create_task(going_on.settle())
    for one in awaited[place:]:
        await turns()
        assert not settling.done()
        one.set_result("after")
    await settling
    assert work.heard == ["before"] * place + ["after"] * (2 - place)


async def test_a_caller_who_is_cancelled_before_the_work_waits_goes_as_soon_as_it_does() -> None:
    going_on, awaited = GoingOn(), futures(1)
    work = Work(*awaited)

    async def cancels_itself() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await going_on.to_its_end(work.run())

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(cancels_itself())
    assert not awaited[0].cancelled()
    awaited[0].set_result("after")
    await going_on.settle()
    assert work.heard == ["after"]


async def test_closing_waits_for_work_that_somebody_waits_for() -> None:
    going_on, awaited = GoingOn(), futures(1)
    work = Work(*awaited)
    asking = asyncio.create_task(going_on.to_its_end(work.run()))
    await turns()
    settling = asyncio.create_task(going_on.settle())
    await turns()
    assert not settling.done()
    awaited[0].set_result("one")
    await settling
    assert work.heard == ["one"]
    assert await asking == 1


@pytest.mark.parametrize("way", [GoingOn.to_its_end, GoingOn.apart])
async def test_a_failure_that_nobody_waits_for_any_more_is_no_ones(way: Callable[..., Any]) -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    going_on, awaited = GoingOn(), futures(1)

    async def ask(work: Work) -> None:
        await way(going_on, work.run())

    asking = asyncio.create_task(ask(Work(*awaited, fails=ValueError("broken"))))
    await turns()
    asking.cancel()
    await turns()
    awaited[0].set_result("after")
    await going_on.settle()
    del asking, awaited
    await turns()
    gc.collect()
    assert complaints == []


async def test_what_goes_on_may_set_timeouts_apart() -> None:
    async def slow() -> str:
        try:
            async with asyncio.timeout(0.01):
                await asyncio.sleep(5)
        except TimeoutError:
            return "late"
        return "done"

    assert await GoingOn().apart(slow()) == "late"
