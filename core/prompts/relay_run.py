"""A raw passthrough that is under way: what is set aside for it, its pieces, and its charge."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable
from datetime import datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from ..error_table import describe
from ..errors import PromptdockError
from ..ids import new_id
from ..providers.relay import RelayReply
from ..service_events import ChargeRecorded, RelayFailed, RelayReceived, RelayRequested
from ..store.budgets import BudgetDeclined, Grant, is_bounded
from ..store.charges import CompletionSpend, price_charges, record_charges
from ..store.database import StoreUnavailable
from ..store.prices import PriceList
from ..store.tables import JournalRow
from ..store.types import utc_now
from ..turn.observe import CANCELLED
from .notices import about, authorizations, declined, recorded
from .relay_ask import RelayAsk
from .relay_meter import ReplyMeter
from .relay_pieces import ChargedPieces
from .relay_reading import ReplyReading
from .relay_spending import charge_relay, set_aside_relay, spent

if TYPE_CHECKING:
    from ..store.charges import NewCharge
    from ..store.configuration import Answers
    from ..store.short import Transaction
    from ..store.tables import Price
    from .dock import Dock
    from .relaying import RelayTask

__all__ = ["OpenRelay"]

_log = logging.getLogger("promptdock.prompts")
_UNBOUNDED: Final = Grant()
"""What is granted where there is no budget, which is the rule."""


class OpenRelay:
    """One passthrough, from what is set aside for it to its charge.

    Args:
        dock: Where it runs.
        task: What is asked; its request has an id.
        provider: Name of the provider.
        ask: What its body says.
    """

    def __init__(self, dock: Dock, task: RelayTask, provider: str, ask: RelayAsk) -> None:
        self.task = task
        self._dock = dock
        self._provider = provider
        self._ask = ask
        self._spender = task.spender
        self._grant = _UNBOUNDED
        self._began = time.perf_counter()
        self._status: int | None = None
        self._meter: ReplyMeter | None = None
        self._closed = False

    @cached_property
    def _holder_id(self) -> UUID:
        """Whose is what is set aside: this passthrough's."""
        return new_id()

    async def open(self) -> None:
        """Set aside what it may use, and tell that the provider is asked."""
        if self._ask.is_metered:
            self._grant = await self._granted()
            for event in authorizations(self.task, "", self._grant):
                self._dock.host.tell(event)
        self._began = time.perf_counter()
        if self._dock.host.wants(RelayRequested):
            self._dock.host.tell(RelayRequested(**self._facts()))

    def pieces(self, reply: RelayReply) -> ChargedPieces:
        """The reply's body as it comes; what completes it comes when it is charged."""
        self._status = reply.status
        self._meter = meter = ReplyMeter(reply.headers)
        return ChargedPieces(reply, meter, self.end)

    def end(self) -> Awaitable[None]:
        """Charge a reply that has come to its end.

        Raises:
            StoreUnavailable: It could not be stored.
        """
        return self._close(None, is_whole=True)

    async def break_off(self, error: BaseException | None) -> None:
        """Charge a reply that nobody reads on, unless it has come to its end.

        Args:
            error: Why; None when its reader has had enough.
        """
        if self._closed:
            return
        try:
            await self._close(error or GeneratorExit(), is_whole=False)
        except PromptdockError:
            return  # it is logged, and the first error counts

    async def _close(self, error: BaseException | None, *, is_whole: bool) -> None:
        """Store the end; the transaction goes on even when this task is cancelled."""
        if self._closed:
            return
        self._closed = True
        reading = ReplyReading() if self._meter is None else self._meter.reading()
        was_heard = is_whole or reading.is_whole
        is_charged = self._may_have_cost(error)
        spend = spent(self._provider, self._ask, reading, is_whole=was_heard) if is_charged else None
        self._tell_end(reading, error, was_heard=was_heard)
        if spend is not None or self._grant.authorized:
            await self._dock.to_its_end(self._store(spend, with_row=is_whole))

    def _tell_end(self, reading: ReplyReading, error: BaseException | None, *, was_heard: bool) -> None:
        host, status = self._dock.host, self._status
        if status is None or not was_heard:
            host.tell(self._failed(error))
        elif host.wants(RelayReceived):
            host.tell(RelayReceived(**self._facts(), status=status, ms=self._ms(), usage=reading.usage))

    def _may_have_cost(self, error: BaseException | None) -> bool:
        if not self._ask.is_metered:
            return False
        if self._status is None:
            # a provider that could not be reached took nothing; one that was not waited for is at work
            return not isinstance(error, Exception)
        return 200 <= self._status < 300

    async def _store(self, spend: CompletionSpend | None, *, with_row: bool) -> None:
        try:
            answers, now = await self._configuration(), utc_now()
            charges = await price_charges(
                PriceList(answers),
                spender=self._spender,
                request_id=self.task.request.request_id,
                turn_id=None,
                completions=() if spend is None else (spend,),
                kind="relay",
                at=now,
            )
            await self._write(answers, charges, at=now, with_row=with_row)
        except Exception as error:
            asked = self.task.request.request_id
            _log.error("request %s could not be charged: %s", asked, error, extra={"request_id": asked})
            self._dock.lost(self._holder_id)
            raise
        if self._dock.host.wants(ChargeRecorded):
            for notice in recorded(self.task, "", charges):
                self._dock.host.tell(notice)

    async def _write(self, answers: Answers, charges: tuple[NewCharge, ...], *, at: datetime, with_row: bool) -> None:
        """Store the charge, and with it the journal's row of a reply that came to its end.

        The row of one that broke off waits for what becomes of its request.
        """
        spender = self._spender
        bounded = bool(self._grant.authorized) or await is_bounded(answers, spender)
        draft = self.task.journal if with_row else None
        row = None if draft is None or self._status is None else draft.row(self._status)

        async def work(transaction: Transaction) -> None:
            if bounded:
                await charge_relay(transaction, charges, spender=spender, holder_id=self._holder_id, at=at)
            else:
                await record_charges(transaction, charges)
            if row is not None:
                await transaction.insert(JournalRow, [row])

        try:
            await self._dock.database.write_short(work)
        except Exception:
            # not when this task is cancelled: what is begun is written
            if draft is not None:
                draft.give_back()
            raise

    async def _granted(self) -> Grant:
        answers = await self._configuration()
        if not await is_bounded(answers, self._spender):
            return _UNBOUNDED
        price = await PriceList(answers).of_model(self._provider, self._ask.model, at=utc_now())
        writing = self._dock.database.write_short(partial(self._set_aside, price=price))
        try:
            return await asyncio.shield(writing)
        except asyncio.CancelledError:
            writing.add_done_callback(self._unwanted)
            raise
        except StoreUnavailable:
            self._dock.lost(self._holder_id)  # nobody knows whether it was written
            raise
        except BudgetDeclined as error:
            self._dock.host.tell(declined(self.task, error))
            raise

    def _configuration(self) -> Awaitable[Answers]:
        return self._dock.database.configuration.current(since=self.task.known_since)

    def _unwanted(self, writing: asyncio.Future[Grant]) -> None:
        """What was set aside, or may have been, for a caller who has gone by now is given back."""
        if not writing.cancelled() and isinstance(writing.exception(), StoreUnavailable | None):
            self._dock.lost(self._holder_id)

    async def _set_aside(self, transaction: Transaction, *, price: Price | None) -> Grant:
        return await set_aside_relay(
            transaction,
            self._ask,
            price=price,
            answer_tokens=self._dock.settings.budget_answer_tokens,
            spender=self._spender,
            holder_id=self._holder_id,
            worker_id=self._dock.worker_id,
        )

    def _failed(self, error: BaseException | None) -> RelayFailed:
        info = describe(error) if isinstance(error, Exception) else CANCELLED
        status = info.status if self._status is None or info is CANCELLED else self._status
        return RelayFailed(**self._facts(), status=status, code=info.code, ms=self._ms())

    def _facts(self) -> dict[str, Any]:
        request = self.task.request
        where = {"provider": self._provider, "method": request.method, "path": request.path}
        return {**about(self.task), **where}

    def _ms(self) -> float:
        return (time.perf_counter() - self._began) * 1000
