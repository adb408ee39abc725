"""A thread for what waits: one thing after the other, and an outcome for whoever still wants it."""

from __future__ import annotations

import asyncio
import threading
import time
import weakref

import pytest

from promptdock.store.short.side_thread import SideThread

pytestmark = pytest.mark.anyio


async def test_what_it_is_given_is_done_in_order_in_another_thread() -> None:
    thread, done = SideThread("aside"), []

    def note(number: int) -> str:
        time.sleep(0.001)
        done.append(number)
        return threading.current_thread().name

    names = await asyncio.gather(*(thread.run(lambda number=number: note(number)) for number in range(10)))  # type: ignore[misc]
    assert done == list(range(10))
    assert set(names) == {"aside"}
    thread.close()
    assert not [one for one in threading.enumerate() if one.name == "aside"]


async def test_who_waits_hears_of_a_failure_and_the_next_one_is_done() -> None:
    thread = SideThread("aside")

    def fails() -> None:
        raise OSError("no")

    failing, next_one = thread.run(fails), thread.run(lambda: 1)
    with pytest.raises(OSError, match="no"):
        await failing
    assert await next_one == 1
    thread.close()


async def test_it_is_done_although_nobody_waits_for_it_any_more() -> None:
    thread, done = SideThread("aside"), threading.Event()

    def late() -> None:
        time.sleep(0.02)
        done.set()

    waiting = thread.run(late)
    waiting.cancel()
    thread.close()
    assert done.is_set()
    await asyncio.sleep(0)  # what it tells meets a future that is cancelled
    assert await thread.run(lambda: 2) == 2, "it is started anew"
    thread.close()


async def test_nothing_of_what_was_done_is_kept() -> None:
    class Outcome:
        pass

    thread = SideThread("aside")
    gone = weakref.ref(await thread.run(Outcome))
    await thread.run(lambda: None)
    assert gone() is None
    thread.close()


async def test_one_that_was_never_used_is_closed() -> None:
    SideThread("aside").close()


def test_a_loop_that_ended_is_told_nothing() -> None:
    thread, released = SideThread("aside"), threading.Event()

    async def leaves() -> None:
        thread.run(released.wait)

    asyncio.run(leaves())
    released.set()
    thread.close()
