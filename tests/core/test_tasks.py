"""Waiting for what is not cancelled with whoever waits, and what is done soon."""

from __future__ import annotations

import asyncio

import pytest

from promptdock.tasks import Soon, watched

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("outcome", ["done", OSError("no"), None])
async def test_a_future_is_watched_until_it_is_done_however_it_ends(outcome: str | Exception | None) -> None:
    awaited: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    news = watched(awaited)
    await asyncio.sleep(0)
    assert not news.done()
    if isinstance(outcome, Exception):
        awaited.set_exception(outcome)
    elif outcome is None:
        awaited.cancel()
    else:
        awaited.set_result(outcome)
    await news
    assert awaited.cancelled() or (awaited.exception() or awaited.result()) == outcome


async def test_who_stops_watching_cancels_nothing_else() -> None:
    awaited: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    watching = asyncio.ensure_future(watched(awaited))
    watching.cancel()
    await asyncio.sleep(0)
    assert not awaited.cancelled()
    awaited.set_result("done")
    await asyncio.sleep(0)
    assert watching.cancelled()


async def test_the_next_turn_of_the_loop_is_waited_for() -> None:
    turns: list[int] = []
    asyncio.get_running_loop().call_soon(turns.append, 1)
    await watched(None)
    assert turns == [1]


@pytest.mark.parametrize("delay", [0.0, 0.01])
async def test_what_many_ask_for_is_done_once_when_the_loop_comes_round(delay: float) -> None:
    done: list[int] = []
    soon = Soon(lambda: done.append(1))
    for round_ in range(1, 3):
        assert all(soon.ask(delay) for _ in range(3))
        assert len(done) == round_ - 1
        while len(done) < round_:
            await asyncio.sleep(0)
        await asyncio.sleep(delay)
        assert len(done) == round_


def test_without_a_loop_nothing_is_done_soon_and_with_the_next_one_it_is() -> None:
    done: list[int] = []
    soon = Soon(lambda: done.append(1))
    assert not soon.ask()

    async def ask(delay: float) -> None:
        assert soon.ask(delay)
        await asyncio.sleep(0)

    asyncio.run(ask(60))
    assert not soon.ask()
    assert not done
    asyncio.run(ask(0))  # what a loop that has ended was asked for is asked of the next one
    assert done == [1]
