"""A turn that is open: its events, and the transaction that closes it before anybody hears its end."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from ..error_table import describe
from ..errors import BudgetExceeded
from ..jsontext import JsonObject
from ..service_events import ChargeRecorded
from ..store.tables import JournalRow
from ..store.turns import TurnLost, close_turn
from ..turn.events import Event, TurnFailed, TurnFinished
from ..turn.observe import CANCELLED
from .notices import recorded
from .record import TurnRecord
from .reply import reply_data
from .spending import TurnCharges, charges_of
from .threads import KeptThread
from .wire import STREAM_VERSION, StreamedEvents

if TYPE_CHECKING:
    from ..store.short import Transaction
    from ..store.turns import TurnEnd
    from .dock import Dock
    from .opening import Opening
    from .task import PromptTask

__all__ = ["OpenTurn"]

_log = logging.getLogger("promptdock.prompts")

_NOT_UPSTREAM: Final = frozenset({BudgetExceeded.code, CANCELLED.code})
"""Codes of turns that no provider let fail."""
_ANSWERED: Final = 200
"""The status of a reply that tells of a failure like a success."""


class OpenTurn:
    """One turn, from its opening to its end. Hear :meth:`events` to the end, or close them: that closes the turn.

    Args:
        dock: Where it runs.
        task: What was asked.
        opening: What was opened.
        streamed: Whether its events are kept, for callers who lose the connection.

    Attributes:
        opening: As given.
        task: As given.
        record: What has happened so far.
        streamed: The entries of a streamed turn; of any other, none.
    """

    def __init__(self, dock: Dock, task: PromptTask, opening: Opening, *, streamed: bool = False) -> None:
        self._dock = dock
        self.task = task
        self.opening = opening
        self.streamed = StreamedEvents()
        self.record = TurnRecord(opening.turn_id, opening.planned.said, self.streamed if streamed else None)
        if streamed:
            self.streamed.append("turn.opened", self._introduction())
        self._closed = self._runs = False

    @property
    def attached_plugins(self) -> frozenset[str]:
        """Ids of the plugins whose tools the turn may see."""
        return self.opening.planned.plan.attached

    @property
    def is_strangers(self) -> bool:
        """Whether the caller may prompt the LLM client and not read all of it."""
        client, principal = self.task.client, self.task.principal
        return client is not None and not principal.is_superuser and principal.account_id != client.account_id

    def _introduction(self) -> JsonObject:
        opening = self.opening
        return {
            "version": STREAM_VERSION,
            "turn_id": opening.planned.plan.turn_id,
            "turn": str(opening.turn_id),
            "number": opening.number,
            "session_key": opening.session_key,
            "request_id": opening.planned.plan.request.request_id,
        }

    async def events(self) -> AsyncGenerator[Event, None]:
        """Run the turn.

        Yields:
            Its events. Before the last one is given, the turn is closed in the store: whoever hears the end may be sure
            of it. Closing the generator cancels the turn and stores it as cancelled.

        Raises:
            StoreUnavailable: The turn's end could not be stored; it is found as interrupted later.
        """
        try:
            async with aclosing(self._begun()) as events:
                async for event in events:
                    if isinstance(event, (TurnFinished, TurnFailed)):
                        await self._close()
                    yield event
        finally:
            await self._ended()

    async def run(self) -> Event:
        """Run the turn to its end, for those who hear nothing but that; closed and cancelled as :meth:`events` are.

        Returns:
            The last event, once the turn is closed in the store.

        Raises:
            StoreUnavailable: The turn's end could not be stored; it is found as interrupted later.
        """
        try:
            async with aclosing(self._begun()) as events:
                async for _ in events:
                    pass
        finally:
            await self._ended()
        return self.record.last

    def _begun(self) -> AsyncGenerator[Event, None]:
        plan = self.opening.planned.plan
        meter = self.opening.set_aside.meter(plan.counter)
        running = self._dock.service.run_plan(plan, meter=meter, observers=[self.record])
        self._runs = True
        return running

    async def _ended(self) -> None:
        self._runs = False
        if not self._closed:
            await self._close()

    async def abandon(self) -> None:
        """Close a turn that nobody hears, e.g. because its caller has gone by now; does nothing to one that ended."""
        if self._closed:
            return
        if self._runs:  # something in it ignores that it was cancelled, and it must not be begun again
            self._dock.lost(self.opening.turn_id)
            return
        try:
            async with aclosing(self.events()) as events:
                await anext(events, None)
        finally:
            if not self._closed:  # it broke before its first event
                self._dock.lost(self.opening.turn_id)

    async def _close(self) -> None:
        """Store the end, whatever becomes of this task meanwhile."""
        if self._closed or not self.record.events:
            return
        self._closed = True
        await self._dock.to_its_end(self._store())

    async def _store(self) -> None:
        ending = None if self.record.streamed is None else self._last_entry()
        charges: TurnCharges | None = None
        try:
            charges = await self._charges()
            end = self.record.end(ending)
            count = await self._write(end, charges)
        except Exception as error:
            if self.task.journal is not None:
                self.task.journal.give_back()
            _log.error(
                "The end of turn %s (request %s) could not be stored: %s",
                self.opening.turn_id,
                self.task.request.request_id,
                error,
            )
            self._dock.lost(self.opening.turn_id)
            if isinstance(error, TurnLost) and charges is not None:
                await self._charge(charges)  # what was spent was spent
            raise
        self._keep_thread(end, count)
        if ending is not None:
            self.streamed.entries.append(ending)  # not before: who reads it may be sure that it is stored
        if self._dock.host.wants(ChargeRecorded):
            for notice in recorded(self.task, self.opening.planned.plan.turn_id, charges.charges):
                self._dock.host.tell(notice)

    def _last_entry(self) -> JsonObject:
        """The last entry of the stream: what a caller who does not stream would get."""
        last = self.record.last
        if isinstance(last, TurnFailed) and not self.answers_failures:
            kind = "turn.cancelled" if last.error.code == CANCELLED.code else "turn.failed"
            return self.streamed.next(kind, {"error": asdict(last.error)})
        key = None if self.task.journal is None else self.task.journal.key
        finished = self.streamed.next("turn.finished", reply_data(self))
        return finished if key is None else {**finished, "key": str(key)}

    def break_off(self, error: BaseException) -> None:
        """End the stream of a turn that broke, so that its readers hear an end in any case."""
        if not self.streamed.is_ended:
            self.streamed.append("turn.failed", {"error": asdict(describe(error))})

    @property
    def answers_failures(self) -> bool:
        """Whether an upstream failure is answered like a success; see ``PromptedClient.errors_as_replies``."""
        last = self.record.last
        upstream = isinstance(last, TurnFailed) and last.error.code not in _NOT_UPSTREAM
        return upstream and self.task.client is not None and self.task.client.errors_as_replies

    async def _charges(self) -> TurnCharges:
        return await charges_of(
            self._dock.database.configuration,
            self.record,
            spender=self.opening.spender,
            request_id=self.task.request.request_id,
            turn_id=self.opening.turn_id,
            set_aside=self.opening.set_aside,
            since=self.task.known_since,
        )

    async def _write(self, end: TurnEnd, charges: TurnCharges) -> int:
        row = self._journal_row()
        turn_id, spender = self.opening.turn_id, self.opening.spender
        session_id, said = self.opening.session_id, len(self.opening.planned.said)

        async def work(transaction: Transaction) -> int:
            count = await close_turn(transaction, turn_id, end, session_id=session_id, said=said)
            await charges.write(transaction, spender=spender, turn_id=turn_id)
            if row is not None:
                await transaction.insert(JournalRow, [row])
            return count

        return await self._dock.database.write_short(work)

    def _keep_thread(self, end: TurnEnd, count: int) -> None:
        """Keep the thread as it is now, unless something else was added to it meanwhile."""
        session, planned = self.opening.session, self.opening.planned
        if session is None or count != session.messages + len(planned.said) + len(end.messages):
            return
        now = replace(session, turns=self.opening.number, messages=count)
        before = planned.thread
        if before is None:
            before = KeptThread(session=session, messages=(), count=0, older=0, tokens=0)
        limit = self._dock.settings.max_messages
        self._dock.threads.keep(before.grown(now, [*planned.said, *end.messages], limit=limit))

    async def _charge(self, charges: TurnCharges) -> None:
        turn_id, spender = self.opening.turn_id, self.opening.spender

        async def work(transaction: Transaction) -> None:
            await charges.write(transaction, spender=spender, turn_id=turn_id)

        await self._dock.database.write_short(work)

    def _journal_row(self) -> dict[str, Any] | None:
        draft = self.task.journal
        row = None if draft is None else draft.row(self.record.last, self.opening.turn_id)
        return {**row, "status": _ANSWERED} if row is not None and self.answers_failures else row
