"""Raw passthroughs with a store: charged as the provider reports, bounded by budgets, byte for byte."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import openai
import pytest
from pydantic import SecretStr
from sqlmodel import select

from promptdock import ProviderSettings, ServiceEvent, hookimpl
from promptdock.errors import BadRequest, BudgetExceeded, NotFound
from promptdock.identity import OPERATOR, Principal
from promptdock.prompts.dock import Dock, open_dock
from promptdock.prompts.relaying import DockedRelay, RelayTask
from promptdock.providers.relay import RelayRequest
from promptdock.store.database import StoreUnavailable
from promptdock.store.tables import Budget, BudgetPeriod, Charge, JournalRow, Price, Reservation
from tests.support.loopback import closed_port
from tests.support.services import settings_at
from tests.support.tenants import make_account, make_person
from tests.support.upstream import Upstream, completion, drop, error, raw, text

CHAT: dict[str, Any] = {"model": "m1", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 50}
STREAM = {**CHAT, "stream": True}
COUNTED = {**STREAM, "stream_options": {"include_usage": True}}


class Ears:
    """Hears what the observe hooks are told."""

    def __init__(self) -> None:
        self.heard: list[ServiceEvent] = []

    @hookimpl
    def relay_requested(self, event: ServiceEvent) -> None:
        self.heard.append(event)

    @hookimpl
    def relay_received(self, event: ServiceEvent) -> None:
        self.heard.append(event)

    @hookimpl
    def relay_failed(self, event: ServiceEvent) -> None:
        self.heard.append(event)

    @hookimpl
    def charge_recorded(self, event: ServiceEvent) -> None:
        self.heard.append(event)

    @hookimpl
    def charge_declined(self, event: ServiceEvent) -> None:
        self.heard.append(event)

    @hookimpl
    def charge_authorized(self, event: ServiceEvent) -> None:
        self.heard.append(event)


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
async def dock(database_url: str, tmp_path: Path, upstream: Upstream, ears: Ears) -> AsyncIterator[Dock]:
    dead = ProviderSettings(base_url=f"http://127.0.0.1:{closed_port()}/v1", api_key=SecretStr("sk-dead-1234"))
    settings = settings_at(upstream, home=tmp_path, database_url=database_url)
    settings = settings.model_copy(update={"providers": {**settings.providers, "dead": dead}})
    async with open_dock(settings, extra={"ears": ears}) as opened:
        yield opened


def request(body: object = CHAT, path: str = "/chat/completions", **members: Any) -> RelayRequest:
    raw_body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return RelayRequest(**{"method": "POST", "path": path, "body": raw_body, "request_id": "req-1", **members})


@asynccontextmanager
async def relayed(
    dock: Dock, asked: RelayRequest, who: Principal = OPERATOR, provider: str | None = "fake"
) -> AsyncIterator[Any]:
    async with DockedRelay(dock, RelayTask(principal=who, provider=provider, request=asked)) as reply:
        yield reply


async def body_of(
    dock: Dock, asked: RelayRequest, who: Principal = OPERATOR, provider: str | None = "fake"
) -> tuple[int, bytes]:
    async with relayed(dock, asked, who, provider) as reply:
        return reply.status, b"".join([piece async for piece in reply.body])


async def rows(dock: Dock, table: type[Any]) -> list[Any]:
    async def work(session: Any) -> list[Any]:
        return list((await session.exec(select(table))).all())

    return await dock.database.read(work)


async def counts(dock: Dock) -> list[tuple[int, int, bool]]:
    return [(one.prompt_tokens, one.completion_tokens, one.is_estimated) for one in await rows(dock, Charge)]


async def member(dock: Dock, *, limit: int | None = None, metric: str = "tokens") -> Principal:
    """Somebody whose account has a budget."""
    account = await make_account(dock.database)
    person = await make_person(dock.database, account, "ada")
    if limit is not None:
        budget = Budget(
            account_id=account.id, name="all", scope="account", metric=metric, period="total", limit_units=limit
        )

        async def work(session: Any) -> None:
            session.add(budget)

        await dock.database.write(work)
    return person.principal


async def used(dock: Dock) -> tuple[int, int, int]:
    """Units used and set aside, and the rows of what is set aside."""
    (period,) = await rows(dock, BudgetPeriod)
    return period.used_units, period.reserved_units, len(await rows(dock, Reservation))


async def told(dock: Dock, ears: Ears) -> list[str]:
    assert await dock.host.drain(5)
    return [event.hook for event in ears.heard]


@pytest.mark.anyio
async def test_t92_a_passthrough_leaves_a_row_in_the_ledger(dock: Dock, upstream: Upstream, ears: Ears) -> None:
    who = await member(dock)
    price = Price(kind="completion", provider="fake", model="m1", prompt_price=Decimal(2), completion_price=Decimal(8))

    async def add(session: Any) -> None:
        session.add(price)

    await dock.database.write(add)
    upstream.script(text("Hi", usage=(1000, 500)))
    asked = request()

    status, body = await body_of(dock, asked, who)

    assert (status, json.loads(body)["usage"]["total_tokens"]) == (200, 1500)
    assert upstream.calls[0].raw == asked.body
    (row,) = await rows(dock, Charge)
    assert (row.kind, row.provider, row.model, row.round, row.turn_id) == ("relay", "fake", "m1", 0, None)
    assert (row.prompt_tokens, row.completion_tokens, row.total_tokens, row.is_estimated) == (1000, 500, 1500, False)
    assert (row.cost, row.price_id, row.request_id) == (Decimal("0.006"), price.id, "req-1")
    assert (row.account_id, row.profile_id, row.api_key_id) == (who.account_id, who.profile_id, who.api_key_id)
    assert await told(dock, ears) == ["relay_requested", "relay_received", "charge_recorded"]
    received: Any = ears.heard[1]
    assert (received.status, received.provider, received.path) == (200, "fake", "/chat/completions")
    assert (received.usage.total_tokens, received.caller, received.account) == (1500, who.name, who.account_number)


@pytest.mark.anyio
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_a_compressed_reply_is_charged_and_not_touched(dock: Dock, upstream: Upstream, encoding: str) -> None:
    plain = json.dumps(completion({"content": "Hi"}, usage=(7, 3))).encode()
    sent = gzip.compress(plain) if encoding == "gzip" else plain
    upstream.script(raw(sent, headers={"content-encoding": encoding}))

    assert await body_of(dock, request()) == (200, sent)
    assert await counts(dock) == [(7, 3, False)]


@pytest.mark.anyio
@pytest.mark.parametrize("split", [None, 1, 7, 1000])
async def test_t93_a_stream_is_charged_by_its_usage(dock: Dock, upstream: Upstream, split: int | None) -> None:
    upstream.script(text("a streamed answer", usage=(20, 9), split=split))

    _, body = await body_of(dock, request(COUNTED))

    assert body.endswith(b"data: [DONE]\n\n")
    assert await counts(dock) == [(20, 9, False)]


@pytest.mark.anyio
async def test_a_stream_without_usage_is_charged_by_an_estimate(dock: Dock, upstream: Upstream, ears: Ears) -> None:
    upstream.script(text("word " * 40))

    await body_of(dock, request(STREAM))

    assert await counts(dock) == [(9, 50, True)]
    await told(dock, ears)
    assert ears.heard[1].usage is None  # type: ignore[attr-defined]


@pytest.mark.anyio
async def test_the_charge_is_there_before_the_last_byte(dock: Dock, upstream: Upstream) -> None:
    upstream.script(text("Hi"))
    async with relayed(dock, request()) as reply:
        length = int({name.lower(): value for name, value in reply.headers}["content-length"])
        async for piece in reply.body:
            length -= len(piece)
            assert length > 0 or await counts(dock) == [(10, 2, False)]
    assert length == 0


@pytest.mark.anyio
async def test_pieces_of_a_stream_are_given_as_they_come(dock: Dock, upstream: Upstream) -> None:
    upstream.script(text("a long answer", hang_after=1))
    async with asyncio.timeout(10), relayed(dock, request(STREAM)) as reply:
        assert (await anext(reply.body)).startswith(b"data: {")
    await upstream.until(lambda: upstream.calls[0].disconnected)


@pytest.mark.anyio
@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
async def test_an_error_of_the_providers_costs_nothing(dock: Dock, upstream: Upstream, ears: Ears, status: int) -> None:
    who = await member(dock, limit=1000)
    failure = error(status, "no")
    upstream.script(failure)

    seen, body = await body_of(dock, request(), who)

    assert (seen, json.loads(body)["error"]["message"]) == (status, "no")
    assert await counts(dock) == []
    assert await used(dock) == (0, 0, 0)
    assert await told(dock, ears) == ["charge_authorized", "relay_requested", "relay_received"]


@pytest.mark.anyio
@pytest.mark.parametrize("provider", ["dead", "fake"])
async def test_a_provider_that_gives_no_reply_costs_nothing(
    dock: Dock, upstream: Upstream, ears: Ears, provider: str
) -> None:
    who = await member(dock, limit=1000)
    upstream.script(drop())

    with pytest.raises(openai.APIConnectionError):
        await body_of(dock, request(), who, provider)

    assert await counts(dock) == []
    assert await used(dock) == (0, 0, 0)
    assert (await told(dock, ears))[-1] == "relay_failed"
    failed: Any = ears.heard[-1]
    assert (failed.status, failed.code) == (502, "upstream_unreachable")


@pytest.mark.anyio
@pytest.mark.parametrize("asked", [CHAT, STREAM], ids=["whole", "stream"])
async def test_a_reply_that_breaks_off_is_charged_by_an_estimate(
    dock: Dock, upstream: Upstream, ears: Ears, asked: dict[str, Any]
) -> None:
    who = await member(dock, limit=1000)
    upstream.script(text("word " * 40, abort="mid_body", abort_after=4))

    with pytest.raises(openai.APIConnectionError):
        await body_of(dock, request(asked), who)

    ((prompt, answer, estimated),) = await counts(dock)
    assert (prompt, estimated) == (9, True)
    assert 0 < answer <= 50
    assert await used(dock) == (prompt + answer, 0, 0)
    assert (await told(dock, ears))[1:] == ["relay_requested", "relay_failed", "charge_recorded"]


@pytest.mark.anyio
@pytest.mark.parametrize("hang_after", [None, 3], ids=["before the reply", "in the middle"])
async def test_t93_a_caller_who_goes_away_ends_the_call_and_is_charged_an_estimate(
    dock: Dock, upstream: Upstream, ears: Ears, hang_after: int | None
) -> None:
    who = await member(dock, limit=1000)
    upstream.script(text("word " * 40, hang_after=hang_after) if hang_after else text("Hi", delay=60))
    came = asyncio.Event()

    async def read() -> None:
        async with relayed(dock, request(STREAM), who) as reply:
            async for piece in reply.body:
                if b"word" in piece:  # not the first one, which says the role only
                    came.set()

    reading = asyncio.create_task(read())
    await (came.wait() if hang_after else upstream.until(lambda: upstream.calls))
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading

    await upstream.until(lambda: upstream.calls[0].disconnected)
    ((prompt, answer, estimated),) = await counts(dock)
    assert (prompt, estimated) == (9, True)
    assert bool(answer) is (hang_after is not None)
    assert await used(dock) == (prompt + answer, 0, 0)
    assert (await told(dock, ears))[-2:] == ["relay_failed", "charge_recorded"]
    failed: Any = ears.heard[-2]
    assert (failed.status, failed.code) == (499, "cancelled")


@pytest.mark.anyio
async def test_who_leaves_after_the_end_of_a_stream_is_charged_what_it_says(dock: Dock, upstream: Upstream) -> None:
    """OpenAI's clients close the connection when they have read the closing mark."""
    upstream.script(text("Hi", usage=(20, 9)))
    async with relayed(dock, request(COUNTED)) as reply:
        seen = b""
        while b"[DONE]" not in seen:
            seen += await anext(reply.body)

    assert await counts(dock) == [(20, 9, False)]


@pytest.mark.anyio
async def test_who_leaves_while_the_charge_is_being_made_out_is_charged(
    dock: Dock, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the provider's last byte and the ledger there are questions to the store."""
    upstream.script(lambda call: text("one two", usage=(5, 7)))
    who = await member(dock, limit=1000)
    asking, current = asyncio.Event(), dock.database.configuration.current

    async def slow(**options: Any) -> Any:
        if upstream.calls:
            asking.set()
            await asyncio.sleep(0.2)
        return await current(**options)

    monkeypatch.setattr(dock.database.configuration, "current", slow)
    leaving = asyncio.create_task(body_of(dock, request(COUNTED), who))
    await asking.wait()
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    await dock.settle()

    assert await used(dock) == (12, 0, 0)


@pytest.mark.anyio
async def test_t92_over_budget_nobody_is_asked(dock: Dock, upstream: Upstream, ears: Ears) -> None:
    who = await member(dock, limit=58)

    with pytest.raises(BudgetExceeded, match="at least 59 needed"):
        await body_of(dock, request(), who)

    assert upstream.requests == []
    assert await counts(dock) == []
    assert await told(dock, ears) == ["charge_declined"]
    assert [row.reserved_units for row in await rows(dock, BudgetPeriod)] in ([], [0])


@pytest.mark.anyio
async def test_50_at_once_cannot_overspend(dock: Dock, upstream: Upstream) -> None:
    who = await member(dock, limit=1000)
    upstream.script(text("Hi", usage=(9, 50)))

    async def once() -> bool:
        try:
            await body_of(dock, request(), who)
        except BudgetExceeded:
            return False
        return True

    answered = sum(await asyncio.gather(*(once() for _ in range(50))))

    assert answered == len(upstream.calls) == len(await rows(dock, Charge))
    assert 0 < answered <= 1000 // 59
    assert await used(dock) == (answered * 59, 0, 0)


@pytest.fixture
def quick_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptdock.prompts.dock._SWEEP_SECONDS", 0.05)


@pytest.mark.anyio
@pytest.mark.usefixtures("quick_sweeps")
async def test_what_was_set_aside_for_a_caller_who_left_meanwhile_is_given_back(
    dock: Dock, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[UUID] = []
    give_up = dock.lost

    def remember(holder_id: UUID) -> None:
        lost.append(holder_id)
        give_up(holder_id)

    monkeypatch.setattr(dock, "lost", remember)
    who = await member(dock, limit=1000)
    await body_of(dock, request(), who)
    locked, over = asyncio.Event(), asyncio.Event()

    async def hold(session: Any) -> None:
        await session.exec(select(BudgetPeriod).with_for_update())
        locked.set()
        await over.wait()

    holding = asyncio.create_task(dock.database.write(hold))
    await locked.wait()
    asking = asyncio.create_task(body_of(dock, request(), who))
    await asyncio.sleep(0.2)  # it waits for the period by now
    asking.cancel()
    over.set()
    await holding
    with pytest.raises(asyncio.CancelledError):
        await asking

    async with asyncio.timeout(10):
        while not lost or await used(dock) != (12, 0, 0):
            await asyncio.sleep(0.01)
    assert len(upstream.calls) == 1


@pytest.mark.anyio
@pytest.mark.usefixtures("quick_sweeps")
async def test_what_may_have_been_set_aside_is_given_back(
    dock: Dock, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that goes away in the middle of a commit leaves nobody knowing whether it was made."""
    who = await member(dock, limit=1000)
    write = dock.database.write_short

    async def commit_and_break(work: Any) -> Any:
        await write(work)
        raise StoreUnavailable("gone")

    with monkeypatch.context() as patch:
        patch.setattr(dock.database, "write_short", lambda work: asyncio.ensure_future(commit_and_break(work)))
        with pytest.raises(StoreUnavailable):
            await body_of(dock, request(), who)

    async with asyncio.timeout(10):
        while await used(dock) != (0, 0, 0):
            await asyncio.sleep(0.01)
    assert not upstream.calls


@pytest.mark.anyio
async def test_looking_something_up_is_not_charged_even_over_budget(dock: Dock, upstream: Upstream) -> None:
    who = await member(dock, limit=0)

    status, body = await body_of(dock, request(b"", "/models", method="GET"), who)

    assert (status, json.loads(body)["object"]) == (200, "list")
    assert await counts(dock) == []


@pytest.mark.anyio
async def test_t94_names_of_providers(dock: Dock, upstream: Upstream) -> None:
    for name in ("FAKE", "Fa-ke", "", None):
        assert (await body_of(dock, request(), provider=name))[0] == 200
    with pytest.raises(NotFound, match="fake"):
        await body_of(dock, request(), provider="nobody")
    with pytest.raises(BadRequest, match="has no API key"):
        await body_of(dock, request(), provider="OpenAI")
    with pytest.raises(BadRequest, match="no raw passthrough"):
        await body_of(dock, request(), provider="offline")
    assert len(upstream.calls) == len(await rows(dock, Charge)) == 4


@pytest.mark.anyio
async def test_t95_the_next_request_uses_the_new_default_provider(dock: Dock, upstream: Upstream) -> None:
    assert (await body_of(dock, request(), provider=None))[0] == 200
    dock.service.router.default = "offline"
    with pytest.raises(BadRequest, match="The provider offline"):
        await body_of(dock, request(), provider=None)
    assert len(upstream.calls) == 1


@pytest.mark.anyio
async def test_a_request_without_an_id_gets_one(dock: Dock, upstream: Upstream) -> None:
    await body_of(dock, request(request_id=""))

    (row,) = await rows(dock, Charge)
    assert row.request_id.startswith("req_")


@pytest.mark.anyio
async def test_a_model_that_no_database_can_hold_is_charged_all_the_same(dock: Dock, upstream: Upstream) -> None:
    await body_of(dock, request({**CHAT, "model": "m\0" + "x" * 5000}))

    assert await counts(dock) == [(10, 2, False)]


@pytest.mark.anyio
async def test_a_reply_without_a_body_is_charged_with_its_head(dock: Dock, upstream: Upstream) -> None:
    upstream.script(raw(b"", status=204))
    async with relayed(dock, request()) as reply:
        assert await counts(dock) == [(9, 0, True)]
        assert [piece async for piece in reply.body] == []


class Draft:
    """Makes the journal's row of a passthrough."""

    def __init__(self, **members: Any) -> None:
        self.members = members
        self.made: list[int] = []
        self.given_back = 0

    def row(self, status: int) -> dict[str, Any] | None:
        self.made.append(status)
        row = {"request_id": "req-1", "caller": "ada", "method": "POST", "path": "/x", "command": "prompt"}
        return {**row, "thing": "Provider", "status": status, "ms": 1.0, **self.members}

    def give_back(self) -> None:
        self.given_back += 1


@pytest.mark.anyio
async def test_the_row_in_the_journal_is_there_with_the_charge_before_the_last_piece(
    dock: Dock, upstream: Upstream
) -> None:
    draft = Draft()
    task = RelayTask(principal=OPERATOR, provider="fake", request=request(), journal=draft)
    async with DockedRelay(dock, task) as reply:
        assert draft.made == []
        async for _ in reply.body:
            assert len(await rows(dock, Charge)) == len(await rows(dock, JournalRow)) == 1

    assert (draft.made, draft.given_back) == ([200], 0)


@pytest.mark.anyio
async def test_a_row_that_cannot_be_written_leaves_no_charge_and_is_given_back(dock: Dock, upstream: Upstream) -> None:
    draft = Draft(request_id=None)
    task = RelayTask(principal=OPERATOR, provider="fake", request=request(), journal=draft)
    with pytest.raises(Exception, match=r"(?i)null"):
        async with DockedRelay(dock, task) as reply:
            _ = [piece async for piece in reply.body]

    assert (await rows(dock, Charge), await rows(dock, JournalRow), draft.given_back) == ([], [], 1)


@pytest.mark.anyio
@pytest.mark.parametrize("asked", [request(b"", "/models", method="GET"), request(STREAM)])
async def test_the_row_of_what_is_not_charged_or_breaks_off_is_left_to_others(
    dock: Dock, upstream: Upstream, asked: RelayRequest
) -> None:
    draft = Draft()
    async with DockedRelay(dock, RelayTask(principal=OPERATOR, provider="fake", request=asked, journal=draft)) as reply:
        if asked.method == "GET":
            _ = [piece async for piece in reply.body]

    assert (draft.made, await rows(dock, JournalRow)) == ([], [])
