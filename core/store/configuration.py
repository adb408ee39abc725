"""What seldom changes, remembered for as long as it has not: keys, LLM clients, prices, budgets.

A number in the database changes with every change of these, whoever makes it (see
:class:`~promptdock.store.tables.ConfigurationVersion`), and it is asked for each time. So nothing that is found here is
older than the question: a key that is switched off is refused at once, by every process.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from sqlmodel import select

from .tables import ConfigurationVersion

if TYPE_CHECKING:
    from sqlalchemy.sql.base import Executable
    from sqlmodel.ext.asyncio.session import AsyncSession

    from .database import Database
    from .short import Transaction

__all__ = ["Configuration"]

_T = TypeVar("_T")
_MOST: Final = 10_000
"""Answers that are kept; callers make up names of models, and each has an answer."""


class Configuration:
    """Answers to questions about the configuration of one database.

    Args:
        database: The database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._version: int | None = None
        self._known: dict[Hashable, Any] = {}

    async def get(self, question: Hashable, work: Callable[[AsyncSession], Awaitable[_T]]) -> _T:
        """The answer to a question, from memory where nothing has changed since it was found.

        Args:
            question: Names the question, and everything that the answer depends on beside the configuration.
            work: Finds the answer. It is shared by all who ask, so nobody changes it.

        Raises:
            StoreUnavailable: The database cannot be reached.
            Exception: Whatever ``work`` raises; that is not remembered.
        """
        version = await self._database.peek(_version)
        if version != self._version:
            self._known.clear()
            self._version = version
        if question in self._known:
            return cast("_T", self._known[question])
        # after the version: an answer that is newer than it is asked for again, and one that is older there is none
        answer = await self._database.read(work)
        if version == self._version:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[question] = answer
        return answer


async def _version(transaction: Transaction) -> int:
    rows = await transaction.rows(_versions)
    return int(rows[0][0])


def _versions() -> Executable:
    return select(ConfigurationVersion.version)
