"""Prompts to one session at once, through one dock and through two on one database: all are stored, in one order."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Any

import pytest

from promptdock.errors import Conflict
from promptdock.prompts.dock import Dock, open_dock
from promptdock.prompts.task import PromptTask
from promptdock.store.tables import MessageRow, QueuedTurn, Reservation, SessionRow, TurnRow
from promptdock.turn.events import Event, TurnFinished
from promptdock.turn.request import PromptRequest
from tests.support.site import Site, marks_of, newest_user_text, site_at
from tests.support.upstream import Upstream, text

_AT_ONCE = 30


@pytest.fixture
async def site(database_url: str, tmp_path: Path, upstream: Upstream) -> AsyncIterator[Site]:
    """One that lets prompts wait long: the machine may be busy."""
    async with site_at(tmp_path, database_url, upstream, session_wait=90.0) as made:
        yield made


def task_of(site: Site, words: str, key: str | None) -> PromptTask:
    request = PromptRequest(messages=({"role": "user", "content": words},))
    return PromptTask(principal=site.person.principal, client=site.client, session_key=key, request=request)


async def answered(dock: Dock, task: PromptTask) -> int:
    """Run a turn to its end, and give its number."""
    last: Event | None = None
    async with dock.opened(task) as turn, aclosing(turn.events()) as events:
        async for event in events:
            last = event
    assert isinstance(last, TurnFinished), last
    return turn.opening.number


async def check_thread(site: Site, key: str, count: int) -> None:
    (session,) = await site.rows(SessionRow, SessionRow.key == key)
    messages = await site.rows(MessageRow, MessageRow.session_id == session.id)
    messages = sorted(messages, key=lambda message: message.position)
    assert [message.position for message in messages] == list(range(session.messages))
    public = [message for message in messages if message.role in {"user", "assistant"}]
    assert [message.role for message in public] == ["user", "assistant"] * count
    turns = await site.rows(TurnRow, TurnRow.session_id == session.id)
    assert sorted(turn.number for turn in turns) == list(range(1, count + 1))
    assert session.turns == count
    for ours, theirs in zip(public[::2], public[1::2], strict=True):
        assert ours.turn_id == theirs.turn_id
        assert theirs.body["content"] == f"heard {ours.body['content'].split()[0]}"


async def check_nothing_is_left(site: Site) -> None:
    assert await site.rows(QueuedTurn) == []
    assert await site.rows(Reservation) == []
    assert await site.rows(TurnRow, TurnRow.state == "running") == []


@pytest.mark.anyio
@pytest.mark.parametrize("docks", [1, 2])
async def test_t67_thirty_prompts_to_one_new_session_at_once(site: Site, upstream: Upstream, docks: int) -> None:
    upstream.script(lambda call: text(f"heard {newest_user_text(call).split()[0]}"))
    key = secrets.token_hex(32)
    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(open_dock(site.settings)) for _ in range(docks)]
        prompts = [answered(opened[n % docks], task_of(site, f"m{n} please", key)) for n in range(_AT_ONCE)]
        numbers = await asyncio.gather(*prompts)
    assert sorted(numbers) == list(range(1, _AT_ONCE + 1))
    await check_thread(site, key, _AT_ONCE)
    await check_nothing_is_left(site)
    assert sorted(len(marks_of(call)) for call in upstream.calls) == list(range(1, _AT_ONCE + 1))


@pytest.mark.anyio
async def test_what_was_deleted_of_a_thread_is_not_sent_any_more(site: Site, upstream: Upstream) -> None:
    """Though the process that answers has the thread in its memory."""
    upstream.script(lambda call: text(f"heard {newest_user_text(call).split()[0]}"))
    key = secrets.token_hex(32)
    async with open_dock(site.settings) as dock:
        for number in (1, 2):
            await answered(dock, task_of(site, f"m{number} please", key))
        assert marks_of(upstream.calls[-1]) == ["m1", "m2"]
        [first] = await site.rows(TurnRow, TurnRow.text == "m1 please")

        async def delete_first(session: Any) -> None:
            await session.delete(await session.get_one(TurnRow, first.id))

        await dock.database.write(delete_first)
        await answered(dock, task_of(site, "m3 please", key))
        assert marks_of(upstream.calls[-1]) == ["m2", "m3"]


@pytest.mark.anyio
async def test_prompts_to_many_sessions_do_not_wait_for_each_other(site: Site, upstream: Upstream) -> None:
    gate = threading.Event()
    upstream.script(lambda call: text("heard", gate=gate))
    async with open_dock(site.settings) as one, open_dock(site.settings) as other:
        prompts = [asyncio.create_task(answered((one, other)[n % 2], task_of(site, "hi", None))) for n in range(12)]
        await upstream.until(lambda: len(upstream.calls) == 12, 30)
        assert Counter(turn.state for turn in await site.rows(TurnRow)) == {"running": 12}
        gate.set()
        assert await asyncio.gather(*prompts) == [1] * 12
    await check_nothing_is_left(site)


@pytest.mark.anyio
async def test_who_waits_too_long_is_refused_and_leaves_nothing(
    database_url: str, tmp_path: Path, upstream: Upstream
) -> None:
    gate = threading.Event()
    upstream.script(lambda call: text(f"heard {newest_user_text(call).split()[0]}", gate=gate))
    key = secrets.token_hex(32)
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(site_at(tmp_path, database_url, upstream, session_wait=0.4))
        one, other = [await stack.enter_async_context(open_dock(site.settings)) for _ in range(2)]
        first = asyncio.create_task(answered(one, task_of(site, "m1 please", key)))
        await upstream.until(lambda: upstream.calls)

        second, third = task_of(site, "m2 please", key), task_of(site, "m3 please", key)
        refused = await asyncio.gather(answered(one, second), answered(other, third), return_exceptions=True)

        assert [error.code if isinstance(error, Conflict) else error for error in refused] == ["session_busy"] * 2
        assert await site.rows(QueuedTurn) == []
        assert [turn.text for turn in await site.rows(TurnRow)] == ["m1 please"]
        gate.set()
        assert await first == 1
        assert await answered(other, task_of(site, "m4 please", key)) == 2
        await check_thread(site, key, 2)
        await check_nothing_is_left(site)


class GivesUp:
    """Cancels a prompt at a chosen moment: when its dock uses the database for the n-th time, or has used it."""

    def __init__(self, dock: Dock, monkeypatch: pytest.MonkeyPatch) -> None:
        self._left = 0
        self._after = False
        self._prompt: asyncio.Task[int] | None = None
        for name in ("read", "write", "peek", "read_short"):
            monkeypatch.setattr(dock.database, name, self._around(getattr(dock.database, name)))
        write = self._around(dock.database.write_short)
        monkeypatch.setattr(dock.database, "write_short", lambda work: asyncio.ensure_future(write(work)))

    async def at(self, moment: int, prompt: asyncio.Task[int], *, after: bool) -> bool:
        """Let it run up to that moment; tell whether it came to it."""
        self._left, self._after, self._prompt = moment, after, prompt
        await asyncio.gather(prompt, return_exceptions=True)
        self._prompt = None
        return prompt.cancelled()

    def _around(self, use: Callable[[Any], Awaitable[Any]]) -> Callable[[Any], Coroutine[Any, Any, Any]]:
        async def used(work: Any) -> Any:
            self._left -= 1
            prompt = self._prompt if self._left == 0 else None
            if prompt is not None and not self._after:
                prompt.cancel()
            try:
                return await use(work)
            finally:
                if prompt is not None and self._after:
                    prompt.cancel()

        return used


@pytest.mark.anyio
@pytest.mark.parametrize("after", [False, True])
async def test_t93_who_gives_up_while_a_turn_is_opened_leaves_nothing(
    site: Site, upstream: Upstream, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    upstream.script(lambda call: text("heard " + newest_user_text(call).split()[0]))
    key = secrets.token_hex(32)
    async with open_dock(site.settings) as dock:
        await answered(dock, task_of(site, "first", None))  # prices and budgets are known by now
        gives_up, moment = GivesUp(dock, monkeypatch), 1
        while await gives_up.at(moment, asyncio.create_task(answered(dock, task_of(site, "gone", key))), after=after):
            await dock.settle()
            await check_nothing_is_left(site)
            moment += 1
        assert moment > 3
        states = Counter(turn.state for turn in await site.rows(TurnRow))
        assert states["cancelled"] >= 1
        assert states.keys() <= {"cancelled", "finished"}


@pytest.mark.anyio
@pytest.mark.parametrize("after", [False, True])
async def test_t93_who_gives_up_while_waiting_leaves_no_place_in_the_queue(
    site: Site, upstream: Upstream, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    gate = threading.Event()
    upstream.script(lambda call: text("heard " + newest_user_text(call).split()[0], gate=gate))
    key = secrets.token_hex(32)
    async with open_dock(site.settings) as one, open_dock(site.settings) as dock:
        running = asyncio.create_task(answered(one, task_of(site, "m1 please", key)))
        await upstream.until(lambda: upstream.calls)
        gives_up = GivesUp(dock, monkeypatch)
        for moment in range(1, 7):
            assert await gives_up.at(
                moment, asyncio.create_task(answered(dock, task_of(site, "gone", key))), after=after
            )
            await dock.settle()
            assert await site.rows(QueuedTurn) == []
        gate.set()
        assert await running == 1
        assert await answered(dock, task_of(site, "m2 please", key)) == 2
        await check_thread(site, key, 2)
    await check_nothing_is_left(site)


@pytest.mark.anyio
async def test_a_turn_that_ends_while_the_next_one_is_planned_is_part_of_its_thread(
    site: Site, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of turns is the same before and after; the number of messages is not."""
    gate = threading.Event()
    upstream.script(lambda call: text(f"heard {newest_user_text(call).split()[0]}", gate=gate))
    key = secrets.token_hex(32)
    async with open_dock(site.settings) as one, open_dock(site.settings) as other:
        running = asyncio.create_task(answered(one, task_of(site, "m1 please", key)))
        await upstream.until(lambda: upstream.calls)
        plan = other.service.plan

        async def slow(request: Any, **named: Any) -> Any:
            planned = await plan(request, **named)
            gate.set()
            await running  # what was planned on is old by now
            return planned

        monkeypatch.setattr(other.service, "plan", slow)
        assert await answered(other, task_of(site, "m2 please", key)) == 2
        assert await running == 1
    roles = [message["role"] for message in upstream.calls[-1].body["messages"] if message["role"] != "system"]
    assert roles == ["user", "assistant", "user"]
