"""One at a time, first come, first served, and nothing is kept of those who have gone."""

from __future__ import annotations

import asyncio

import pytest

from promptdock.prompts.gate import Gate

pytestmark = pytest.mark.anyio


async def test_those_who_wait_enter_in_their_order() -> None:
    gate, entered = Gate(), []

    async def pass_through(number: int) -> None:
        await gate.enter("key")
        entered.append(number)
        await asyncio.sleep(0)
        gate.leave("key")

    await gate.enter("key")
    waiting = [asyncio.create_task(pass_through(number)) for number in range(5)]
    await asyncio.sleep(0)
    assert entered == []
    gate.leave("key")
    await asyncio.gather(*waiting)

    assert entered == [0, 1, 2, 3, 4]


async def test_other_keys_do_not_wait() -> None:
    gate = Gate()

    await gate.enter("one")
    async with asyncio.timeout(5):
        await gate.enter("other")
    gate.leave("other")
    gate.leave("one")


async def test_one_who_gives_up_waiting_is_in_nobodys_way() -> None:
    gate = Gate()
    await gate.enter("key")
    impatient = asyncio.create_task(gate.enter("key"))
    await asyncio.sleep(0)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    gate.leave("key")

    async with asyncio.timeout(5):
        await gate.enter("key")
    gate.leave("key")

    assert vars(gate) == {"_locks": {}, "_users": {}}
