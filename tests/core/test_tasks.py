"""Waiting for what is not cancelled with whoever waits."""

from __future__ import annotations

import asyncio

import pytest

from promptdock.tasks import watched

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
