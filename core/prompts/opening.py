"""Opening a turn: wait for the session, read its thread, plan, and write that it runs; or refuse and leave nothing."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast
from uuid import UUID

import msgspec

from ..ids import new_id
from ..selection.decision_sets import StoredDecisions, stored_decisions
from ..service_events import SessionOpened
from ..store.budgets import BudgetDeclined
from ..store.database import StoreUnavailable
from ..store.recovery import recover
from ..store.short import Taken
from ..store.turns import Outcome, is_next, keep_decision_set, leave_queue, open_turn, queue_turn
from ..tasks import watched
from .meant_session import MeantSession
from .notices import authorizations, declined, session_opened
from .patience import Patience
from .planning import PlannedTurn, plan_stored_turn
from .running import OpenTurn
from .spending import Costing, SetAside, cost_turn
from .turn_row import turn_row

if TYPE_CHECKING:
    from ..store.charges import Spender
    from ..store.sessions import Conversation
    from ..store.short import Transaction
    from .dock import Dock
    from .task import PromptTask

__all__ = ["Opening", "OpeningTurn"]

_log = logging.getLogger("promptdock.prompts")

_FIRST_LOOK: Final = 0.01
_LONGEST_LOOK: Final = 0.2
_LOOK_FOR_THE_DEAD: Final = 2.0


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """A turn that was opened.

    Attributes:
        turn_id: Its row.
        number: Its number in the session; 0 without one.
        session: The session as it was before; None without one.
        planned: What runs.
        set_aside: What it may use.
        spender: Who spends.
    """

    turn_id: UUID
    number: int
    session: Conversation | None
    planned: PlannedTurn
    set_aside: SetAside
    spender: Spender

    @property
    def session_id(self) -> UUID | None:
        """The session's row; None without one."""
        return None if self.session is None else self.session.id

    @property
    def session_key(self) -> str | None:
        """The session's key; None without one."""
        return None if self.session is None else self.session.key


class _Written(msgspec.Struct, frozen=True):
    """What the transaction that opens a turn came to."""

    outcome: Outcome
    planned: PlannedTurn
    number: int = 0
    share: SetAside | None = None
    session: Conversation | None = None


class OpeningTurn:
    """One attempt to open a turn, from the first look at the session until it runs.

    Args:
        dock: Where it will run.
        task: What is asked.
        patience: How long to wait for others of its session.
    """

    def __init__(self, dock: Dock, task: PromptTask, patience: Patience) -> None:
        self._dock = dock
        self._task = task
        self._patience = patience
        self._spender = task.spender
        self._turn_id = new_id()  # its place in the queue, too, should it have to wait: ids sort by time
        self._ticket: UUID | None = None
        self._session = MeantSession(dock, task)
        self._writing: asyncio.Future[_Written] | None = None

    async def open(self) -> Opening:
        """Open the turn, waiting for others of its session.

        Raises:
            SessionBusy: They take too long.
            PromptdockError: It cannot be opened; nothing was written.
        """
        await self._session.find()
        try:
            while True:
                opening = await self._attempt()
                if opening is not None:
                    return opening
                await self._wait_until_next()
        except BaseException:
            await self._dock.apart(self._take_back())
            raise

    async def _take_back(self) -> None:
        """Leave nothing behind; a transaction that nobody waits for any more goes on, and may have opened the turn."""
        try:
            written = None if self._writing is None else await self._writing
        except StoreUnavailable:
            self._dock.lost(self._turn_id)  # nobody knows whether it was written
            return
        except Exception:  # noqa: BLE001  (whoever asked for the turn hears of it; what was written before stays to do)
            written = None
        try:
            if written is not None and written.outcome is Outcome.OPENED:
                await OpenTurn(self._dock, self._task, self._opening(written)).abandon()
            elif self._ticket is not None or (written is not None and written.outcome is Outcome.BUSY):
                await self._dock.database.write_short(lambda transaction: leave_queue(transaction, self._turn_id))
        except Exception:  # noqa: BLE001  (whatever fails now is tried again soon)
            _log.exception("Request %s could not be taken back", self._task.request.request_id)
            self._dock.lost(self._turn_id)

    async def _attempt(self) -> Opening | None:
        """Read, plan and try to open; None when somebody else of the session is before us."""
        while True:
            thread = await self._session.thread()
            planned = await plan_stored_turn(self._dock.service, self._task, thread, turn_id=self._turn_id)
            configuration, settings = self._dock.database.configuration, self._dock.settings
            costing = await cost_turn(
                configuration, planned, settings=settings, spender=self._spender, since=self._task.known_since
            )
            seen = self._session.conversation if thread is None else thread.session
            decisions = stored_decisions(planned.plan.tool_set.decisions)
            is_known = self._dock.decision_sets.knows(decisions.set_id)
            work = partial(
                self._write,
                planned=planned,
                row=turn_row(self._turn_id, self._dock.worker_id, self._task, planned, decisions),
                seen=seen,
                costing=costing,
                decisions=None if is_known else decisions,
            )
            self._writing = self._dock.database.write_short(work)
            try:
                await watched(self._writing)
                written = self._writing.result()
            except BudgetDeclined as error:
                self._dock.host.tell(declined(self._task, error))
                raise
            except Taken:
                if thread is not None or not await self._session.was_made_meanwhile():
                    raise
                continue
            if written.outcome is Outcome.BUSY:
                self._ticket = self._turn_id
                return None
            if written.outcome is Outcome.OPENED:
                if not is_known:
                    self._dock.decision_sets.add(decisions.set_id)
                self._tell_opened(written, self._session.conversation if thread is None else None)
                return self._opening(written)

    def _opening(self, written: _Written) -> Opening:
        return Opening(
            turn_id=self._turn_id,
            number=written.number,
            session=written.session,
            planned=written.planned,
            set_aside=cast("SetAside", written.share),
            spender=self._spender,
        )

    async def _write(
        self,
        transaction: Transaction,
        *,
        planned: PlannedTurn,
        row: dict[str, Any],
        seen: Conversation | None,
        costing: Costing,
        decisions: StoredDecisions | None,
    ) -> _Written:
        """Open it; with its set of decisions where this process has stored none with that id yet."""
        opened = await open_turn(
            transaction, row, planned.said, conversation=seen, is_new=self._session.is_new, ticket=self._ticket
        )
        if opened.outcome is Outcome.BUSY and self._ticket is None and seen is not None:
            await queue_turn(transaction, self._turn_id, seen.id, self._dock.worker_id)
        if opened.outcome is not Outcome.OPENED:
            return _Written(opened.outcome, planned)
        if decisions is not None:
            await keep_decision_set(transaction, decisions.set_id, decisions.base_as_json())
        share = await costing.reserve(
            transaction, spender=self._spender, turn_id=self._turn_id, worker_id=self._dock.worker_id
        )
        return _Written(opened.outcome, planned, opened.number, share, seen)

    async def _wait_until_next(self) -> None:
        """Look again and again whether it is our turn; whoever died before us is put aside meanwhile."""
        conversation, ticket = self._session.conversation, self._ticket
        if conversation is None or ticket is None:
            return
        loop = asyncio.get_running_loop()
        pause, look_for_the_dead = _FIRST_LOOK, loop.time() + _LOOK_FOR_THE_DEAD
        while not await self._dock.database.peek(lambda transaction: is_next(transaction, conversation.id, ticket)):
            self._patience.check()
            await asyncio.sleep(pause)
            pause = min(_LONGEST_LOOK, pause * 1.5)
            if loop.time() >= look_for_the_dead:
                await recover(self._dock.database, self._dock.lease)
                look_for_the_dead = loop.time() + _LOOK_FOR_THE_DEAD

    def _tell_opened(self, written: _Written, new_session: Conversation | None) -> None:
        if new_session is not None and self._dock.host.wants(SessionOpened):
            for event in session_opened(self._task, new_session.id):
                self._dock.host.tell(event)
        if written.share is not None:
            for event in authorizations(self._task, written.planned.plan.turn_id, written.share.grant):
                self._dock.host.tell(event)
