"""How long a prompt waits for an earlier one."""

from __future__ import annotations

import asyncio

import pytest

from promptdock.prompts.gate import Gate
from promptdock.prompts.patience import Patience, SessionBusy

pytestmark = pytest.mark.anyio


async def test_without_any_patience_a_free_session_is_still_entered() -> None:
    gate = Gate()

    await Patience(0).wait(gate.enter("key"))

    with pytest.raises(SessionBusy) as caught:
        await Patience(0).wait(gate.enter("key"))
    assert caught.value.status == 409
    assert caught.value.code == "session_busy"
    gate.leave("key")
    assert vars(gate) == {"_locks": {}, "_users": {}}


async def test_a_time_out_of_somebody_elses_is_theirs() -> None:
    async def fails() -> None:
        raise TimeoutError("theirs")

    with pytest.raises(TimeoutError, match="theirs"):
        await Patience(60).wait(fails())


async def test_it_ends() -> None:
    patience = Patience(0.01)

    patience.check()
    await asyncio.sleep(0.02)

    with pytest.raises(SessionBusy, match=r"waited 0\.01 s"):
        patience.check()
