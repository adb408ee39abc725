"""A turn that another process took for dead: its end is refused, what it spent is charged all the same."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

import pytest

from promptdock.prompts.dock import Dock, open_dock
from promptdock.prompts.task import PromptTask
from promptdock.store.recovery import interrupt
from promptdock.store.tables import Charge, Reservation, TurnRow
from promptdock.store.turns import TurnLost
from promptdock.turn.events import CompletionReceived
from promptdock.turn.request import PromptRequest
from tests.support.site import site_at
from tests.support.upstream import Upstream, text


async def _overtaken(dock: Dock, task: PromptTask) -> None:
    """Run a turn that is taken for dead once its provider has answered."""
    async with dock.opened(task) as turn, aclosing(turn.events()) as events:
        ids = frozenset({turn.opening.turn_id})
        async for event in events:
            if isinstance(event, CompletionReceived):
                await dock.database.write(lambda session: interrupt(session, ids))


@pytest.mark.anyio
async def test_what_a_lost_turn_spent_is_charged(database_url: str, tmp_path: Path, upstream: Upstream) -> None:
    upstream.script(text("A long and costly answer."))
    request = PromptRequest(messages=({"role": "user", "content": "Hello"},))
    async with site_at(tmp_path, database_url, upstream) as site, open_dock(site.settings) as dock:
        task = PromptTask(principal=site.person.principal, client=site.client, request=request)
        with pytest.raises(TurnLost) as caught:
            await _overtaken(dock, task)

        assert caught.value.status == 503
        [row] = await site.rows(TurnRow)
        assert row.state == "interrupted"
        [charge] = await site.rows(Charge)
        assert (charge.turn_id, charge.prompt_tokens, charge.is_estimated) == (row.id, 10, False)
        assert await site.rows(Reservation) == []
