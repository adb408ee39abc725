"""What seldom changes, remembered for as long as it has not: keys, LLM clients, prices, budgets.

A number in the database changes with every change of these, whoever makes it (see
:class:`~promptdock.store.tables.ConfigurationVersion`), and it is asked for each time. So nothing that is found here is
older than the question: a key that is switched off is refused at once, by every process.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from sqlmodel import select

from .tables import ConfigurationVersion

if TYPE_CHECKING:
    from sqlalchemy.sql.base import Executable
    from sqlmodel.ext.asyncio.session import AsyncSession

    from .database import Database
    from .short import Transaction

__all__ = ["Answers", "Configuration"]

_T = TypeVar("_T")
_UNKNOWN: Final = object()
_MOST: Final = 10_000
"""Answers that are kept; callers make up names of models, and each has an answer."""
_NEW_ENOUGH: Final = 1.0
"""Seconds for which what was asked for one request serves the rest of it."""


class Answers:
    """What is known of the configuration as it was at one moment.

    Args:
        database: Where more can be found.
        version: The configuration's.

    Attributes:
        version: As given.
    """

    def __init__(self, database: Database, version: int) -> None:
        self.version = version
        self._database = database
        self._known: dict[Hashable, Any] = {}
        self._sought: dict[Hashable, asyncio.Future[Any]] = {}

    async def get(self, question: Hashable, work: Callable[[AsyncSession], Awaitable[_T]]) -> _T:
        """The answer to a question.

        Args:
            question: Names the question, and everything that the answer depends on beside the configuration.
            work: Finds the answer. It is shared by all who ask, so nobody changes it.

        Raises:
            StoreUnavailable: The database cannot be reached.
            Exception: Whatever ``work`` raises; that is not remembered.
        """
        known = self._known.get(question, _UNKNOWN)
        if known is not _UNKNOWN:
            answer: _T = known
            return answer
        finding = self._sought.get(question)
        if finding is None:  # of many who ask at once, one looks
            finding = self._sought[question] = asyncio.ensure_future(self._find(question, work))
            finding.add_done_callback(_heard)
        return cast("_T", await asyncio.shield(finding))

    async def _find(self, question: Hashable, work: Callable[[AsyncSession], Awaitable[_T]]) -> _T:
        # the version was read before: an answer may be newer than it, and is found again then; none is older
        try:
            answer = await self._database.read(work)
        finally:
            del self._sought[question]
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[question] = answer
        return answer


def _heard(finding: asyncio.Future[Any]) -> None:
    """Whoever asked may have gone by now, and a failure is then no one's."""
    if not finding.cancelled():
        finding.exception()


class Configuration:
    """Answers to questions about the configuration of one database.

    Args:
        database: The database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._answers: Answers | None = None
        self._asked_at = 0.0
        self._together: list[asyncio.Future[Answers | None]] | None = None
        self._is_of_this_turn = False

    async def current(self, *, since: float | None = None) -> Answers:
        """What is known of the configuration as it is now.

        Those who ask in one turn of the event loop are told the same: whatever let the later one ask was there before
        the first one did.

        Args:
            since: A moment, by ``time.monotonic``: what it was then, or at any time after, will do as well, unless that
                is more than a second ago. Whoever asks twice for one request need not have the database asked twice.

        Raises:
            StoreUnavailable: The database cannot be reached.
        """
        answers, began = self._answers, time.monotonic()
        if answers is not None:
            if self._is_of_this_turn:
                self._asked_at = began  # for the rest of this request, which was there before that was asked
                return answers
            if since is not None and self._asked_at >= since > began - _NEW_ENOUGH:
                return answers
        asyncio.get_running_loop().call_soon(self._end_turn)
        rows = self._database.at_once(_versions)
        if rows is not None:
            self._is_of_this_turn = True
            return self._as_of(rows, began)
        if self._together is None:
            return await self._asked(began)
        # somebody asked in this very turn, and waits for the answer
        answer: asyncio.Future[Answers | None] = asyncio.get_running_loop().create_future()
        self._together.append(answer)
        told = await answer
        if told is None:  # they have gone
            return await self.current(since=since)
        if self._answers is told:
            self._asked_at = max(self._asked_at, began)
        return told

    def _as_of(self, rows: Sequence[Sequence[Any]], began: float) -> Answers:
        """What is known of the configuration of a version, which was asked for at a moment or later."""
        version, answers = int(rows[0][0]), self._answers
        if answers is None or answers.version != version:
            answers = Answers(self._database, version)
        if began >= self._asked_at:  # of two who ask at once, the later one knows better
            self._answers, self._asked_at = answers, began
        return answers

    async def _asked(self, began: float) -> Answers:
        together = self._together = []
        asyncio.get_running_loop().call_soon(self._stop_waiting, together)
        try:
            rows = await self._database.peek(_version)
        except BaseException as error:
            self._stop_waiting(together)
            for one in together:
                _tell(one, error)
            raise
        self._stop_waiting(together)
        answers = self._as_of(rows, began)
        for one in together:
            _tell(one, answers)
        return answers

    def _stop_waiting(self, together: list[asyncio.Future[Answers | None]]) -> None:
        """Let nobody join any more: whoever comes now may have heard of something that was changed since."""
        if self._together is together:
            self._together = None

    def _end_turn(self) -> None:
        """Likewise."""
        self._is_of_this_turn = False

    async def get(
        self,
        question: Hashable,
        work: Callable[[AsyncSession], Awaitable[_T]],
        *,
        since: float | None = None,
    ) -> _T:
        """The answer to one question; see :meth:`current` and :meth:`Answers.get`."""
        return await (await self.current(since=since)).get(question, work)


def _tell(waiting: asyncio.Future[Answers | None], outcome: Answers | BaseException) -> None:
    if waiting.done():  # whoever waited has gone
        return
    if isinstance(outcome, Answers):
        waiting.set_result(outcome)
    elif isinstance(outcome, Exception):
        waiting.set_exception(outcome)
    else:  # whoever asked has gone
        waiting.set_result(None)


async def _version(transaction: Transaction) -> list[tuple[Any, ...]]:
    return await transaction.rows(_versions)


def _versions() -> Executable:
    return select(ConfigurationVersion.version)
