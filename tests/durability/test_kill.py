"""``kill -9`` of the server in the middle of 200 concurrent turns: what was answered is there, all else told apart."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from promptdock.jsontext import loads
from promptdock.store.tables import (
    Budget,
    BudgetPeriod,
    Charge,
    JournalRow,
    MessageRow,
    QueuedTurn,
    Reservation,
    SessionRow,
    ToolCallRow,
    TurnRow,
    WorkerRow,
)
from tests.support.site import Served, Site, is_valid_thread, marks_of, newest_user_text, site_at, terminal_event
from tests.support.upstream import Received, Reply, Upstream, text, tool_calls

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180), pytest.mark.xdist_group("durability")]

_TURNS: Final = 200
_ALONE: Final = 80
"""So many turns have a session of their own; the others share sessions, four each."""


@dataclass(frozen=True)
class Prompt:
    """One of the prompts: what becomes of it is settled by its number."""

    number: int
    session_key: str

    @property
    def mark(self) -> str:
        return f"m{self.number:03}"

    @property
    def stream(self) -> bool:
        return self.number % 2 == 1

    @property
    def uses_tool(self) -> bool:
        return self.number % 5 == 0

    @property
    def pace(self) -> str:
        """When the upstream gives its last answer: at once, when the test says so, or never."""
        if self.number < _ALONE:
            return ("at once", "when told", "never", "at once")[self.number // 2 % 4]
        place, session = self.number % 4, self.number // 4
        return "at once" if place != 1 else "when told" if session % 2 else "never"

    @property
    def body(self) -> dict[str, Any]:
        messages = [{"role": "user", "content": f"{self.mark} {'add' if self.uses_tool else 'say'} something"}]
        return {"session_key": self.session_key, "messages": messages, "stream": self.stream}


@dataclass
class Answers:
    """What the upstream answers, and what it counted."""

    prompts: Mapping[str, Prompt]
    told: threading.Event = field(default_factory=threading.Event)
    never: threading.Event = field(default_factory=threading.Event)
    counted: dict[str, list[int]] = field(default_factory=dict)

    def __call__(self, request: Received) -> Reply:
        mark = newest_user_text(request).split()[0]
        calls = self.counted.setdefault(mark, [])
        usage = (100 + sum(mark.encode()) % 90, 3 + len(calls))
        calls.append(sum(usage))
        prompt = self.prompts.get(mark)
        if prompt is None:
            return text("And so it goes on.", usage=usage)
        if prompt.uses_tool and request.body["messages"][-1]["role"] != "tool":
            return tool_calls([("add", {"left": prompt.number, "right": 1})], usage=usage)
        gate = {"at once": None, "when told": self.told, "never": self.never}[prompt.pace]
        return text(f"{mark} is answered, in more than one piece.", usage=usage, gate=gate, gap=0.002)


@dataclass
class Callers:
    """Who prompts, and what they have heard."""

    site: Site
    origin: str
    ended: dict[str, Any] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    async def ask(self, web: aiohttp.ClientSession, prompt: Prompt) -> None:
        """Send one prompt, and take note if its reply comes to its end; the server may die meanwhile."""
        try:
            async with web.post(self.origin + self.site.path, json=prompt.body, headers=self.site.headers) as reply:
                heard = await reply.text()
        except aiohttp.ClientError:
            return
        if reply.status == 200:
            self.ended[prompt.mark] = loads(heard)["data"]
        else:
            self.refused.append(f"{prompt.mark}: {reply.status} {heard}")

    async def ask_streamed(self, web: aiohttp.ClientSession, prompt: Prompt) -> None:
        """The same for a stream, which ends for its caller with its terminal event, not with its connection."""
        heard = b""
        try:
            async with web.post(self.origin + self.site.path, json=prompt.body, headers=self.site.headers) as reply:
                async for piece in reply.content.iter_any():
                    heard += piece
                    end = terminal_event(heard.decode()) if heard.endswith(b"\n\n") else None
                    if end is not None and end[0] == "turn.finished":
                        self.ended[prompt.mark] = end[1]["data"]
                    elif end is not None:
                        self.refused.append(f"{prompt.mark}: {end}")
        except aiohttp.ClientError:
            return


def all_prompts() -> dict[str, Prompt]:
    keys = [secrets.token_hex(32) for _ in range(_ALONE + (_TURNS - _ALONE) // 4)]
    numbered = (Prompt(n, keys[n if n < _ALONE else _ALONE + (n - _ALONE) // 4]) for n in range(_TURNS))
    return {prompt.mark: prompt for prompt in numbered}


async def killed_in_the_middle(site: Site, server: Served, upstream: Upstream, answers: Answers) -> Callers:
    """Send all prompts, and kill the server while some are finished, some end, some run, and some wait."""
    callers = Callers(site, server.origin)
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as web:
        asking = [
            asyncio.create_task((callers.ask_streamed if prompt.stream else callers.ask)(web, prompt))
            for prompt in answers.prompts.values()
        ]
        # everything that can be answered is, and all that the upstream holds back has arrived there
        held = [prompt for prompt in answers.prompts.values() if prompt.pace != "at once" and prompt.number < _ALONE]
        await upstream.until(lambda: len(callers.ended) >= 50 and waiting(upstream) >= len(held), 60)
        before = len(callers.ended)
        answers.told.set()
        await upstream.until(lambda: len(callers.ended) >= before + 5)
        server.kill()
        await asyncio.gather(*asking)
    answers.never.set()
    assert not callers.refused
    return callers


def waiting(upstream: Upstream) -> int:
    return sum(not (call.answered or call.disconnected) for call in upstream.calls)


@pytest.mark.anyio
async def test_kill_in_the_middle_of_200_turns(database_url: str, tmp_path: Path, upstream: Upstream) -> None:
    answers = Answers(all_prompts())
    upstream.script(answers)
    async with site_at(tmp_path, database_url, upstream) as site:
        await set_budget(site)
        with site.serving() as server:
            callers = await killed_in_the_middle(site, server, upstream, answers)
        with site.serving() as server:
            await check_turns(site, callers, answers)
            await check_ledger(site, answers)
            await check_nothing_is_left(site)
            await every_session_goes_on(site, server, upstream, answers)
            await check_ledger(site, answers)
            await check_nothing_is_left(site)


async def set_budget(site: Site) -> None:
    """One that everything fits into, so that each turn sets something aside."""
    budget = Budget(
        account_id=site.client.account_id,
        name="all",
        scope="account",
        metric="tokens",
        period="total",
        limit_units=10**9,
    )

    async def work(session: Any) -> None:
        session.add(budget)

    await site.database.write(work)


async def check_turns(site: Site, callers: Callers, answers: Answers) -> None:
    turns = {turn.text.split()[0]: turn for turn in await site.rows(TurnRow)}
    assert len(turns) == len(await site.rows(TurnRow)), "no prompt has two turns"
    states = Counter(turn.state for turn in turns.values())
    assert states.keys() == {"finished", "interrupted"}
    assert states["finished"] >= len(callers.ended) >= 55
    assert states["interrupted"] >= 30
    assert len(turns) < _TURNS, "some prompts were waiting, and left nothing"
    finished = {mark for mark, turn in turns.items() if turn.state == "finished"}
    assert callers.ended.keys() <= finished, "an answered turn is lost"
    messages, tools = await site.rows(MessageRow), await site.rows(ToolCallRow)
    journal = {row.turn_id: row for row in await site.rows(JournalRow) if row.turn_id is not None}
    for mark, turn in turns.items():
        said = [message.body for message in messages if message.turn_id == turn.id]
        assert said[0] == {"role": "user", "content": answers.prompts[mark].body["messages"][0]["content"]}
        if turn.state == "interrupted":
            assert len(said) == 1, "nothing of a turn that died is half there"
            assert turn.error is not None
            assert turn.error["code"] == "interrupted"
            assert journal[turn.id].status == 503
            continue
        public = [message for message in said if message["role"] in {"user", "assistant", "tool"}]
        assert is_valid_thread(public)
        assert public[-1]["content"].startswith(f"{mark} is answered")
        assert sum(call.turn_id == turn.id for call in tools) == answers.prompts[mark].uses_tool
        assert journal[turn.id].status == 200
    for mark, data in callers.ended.items():
        assert data["promptdock"]["turn"]["id"] == str(turns[mark].id)
        assert data["usage"]["total_tokens"] == sum(answers.counted[mark])


async def check_ledger(site: Site, answers: Answers) -> None:
    """Charges are what the upstream counted for the calls of finished turns, and the budget has counted just these."""
    marks = {turn.id: turn.text.split()[0] for turn in await site.rows(TurnRow, TurnRow.state == "finished")}
    charges = await site.rows(Charge, Charge.kind == "completion")
    charged: dict[str, list[int]] = {}
    for charge in charges:
        assert charge.turn_id is not None
        charged.setdefault(marks[charge.turn_id], []).append(charge.total_tokens)
    assert charged == {mark: answers.counted[mark] for mark in marks.values()}
    (period,) = await site.rows(BudgetPeriod)
    assert period.used_units == sum(charge.total_tokens for charge in charges)
    assert period.reserved_units == 0


async def check_nothing_is_left(site: Site) -> None:
    assert await site.rows(Reservation) == []
    assert await site.rows(QueuedTurn) == []
    assert await site.rows(TurnRow, TurnRow.state == "running") == []
    assert len(await site.rows(WorkerRow)) == 1, "the dead worker is forgotten"


async def every_session_goes_on(site: Site, server: Served, upstream: Upstream, answers: Answers) -> None:
    sessions = await site.rows(SessionRow)
    upstream.requests.clear()
    async with aiohttp.ClientSession(headers=site.headers) as web:

        async def prompt(session: SessionRow) -> None:
            body = {
                "session_key": session.key,
                "messages": [{"role": "user", "content": f"after-{session.key} and now?"}],
            }
            async with web.post(server.origin + site.path, json=body) as reply:
                assert reply.status == 200, await reply.text()
                data = (await reply.json())["data"]
            assert data["promptdock"]["turn"]["number"] == session.turns + 1

        await asyncio.gather(*map(prompt, sessions))
    assert len(upstream.calls) == len(sessions)
    earlier = said_in_sessions(await site.rows(TurnRow), sessions)
    for call in upstream.calls:
        assert is_valid_thread(call.body["messages"])
        *before, after = marks_of(call)
        assert before == earlier[after]
        assert set(before) <= answers.prompts.keys()


def said_in_sessions(turns: Iterable[TurnRow], sessions: Sequence[SessionRow]) -> dict[str, list[str]]:
    """What was said in each session before its last turn, by that turn's mark."""
    said: dict[Any, list[str]] = {session.id: [] for session in sessions}
    for turn in sorted(turns, key=lambda turn: turn.number):
        said[turn.session_id].append(turn.text.split()[0])
    return {marks[-1]: marks[:-1] for marks in said.values()}
