"""A transaction of PostgreSQL's: each statement is a way to the server and back, so it sends as few as there can be.

Rows that are added wait until something else is asked for, or until the end, and go there as one statement; what only
adds rows is that statement, which needs no ``BEGIN`` and no ``COMMIT`` around it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..outages import is_outage
from ..types import utc_now
from .transaction import Taken

if TYPE_CHECKING:
    from datetime import datetime

    from ..tables import Table
    from .insert import Insert
    from .prepared import Preparations
    from .transaction import Query

__all__ = ["NeverBegun", "PostgresConnection", "PostgresTransaction", "Unanswered"]

_VALUES: Final = re.compile(r" VALUES \((.*)\)", re.DOTALL)
_PARAMETER: Final = re.compile(r"\$(\d+)::([A-Z ]+)")


class NeverBegun(ConnectionError):
    """The connection is of no use, and nothing was done on it."""


class Unanswered(ConnectionError):
    """The connection was lost before the server said whether it has added rows.

    Args:
        sql: The statement that adds them.
        values: Its values; the rows' ids are among them.
        witness: A question whether one of the rows is there, with all of them, and that row's id; None where rows that
            are there already are left out.
    """

    def __init__(self, sql: str, values: Sequence[Any], witness: tuple[str, Any] | None) -> None:
        super().__init__("the connection was lost")
        self._sql = sql
        self._values = values
        self._witness = witness

    async def repeat(self, connection: Any) -> None:
        """Send them again: with ids that are nobody else's, they are there once, however often they are sent.

        Raises:
            Taken: Another row is there already.
        """
        from asyncpg.exceptions import UniqueViolationError

        try:
            await connection.execute(self._sql, *self._values)
        except UniqueViolationError as error:
            # which rule is named first, of those that a row breaks by being there already, is the server's choice
            if self._witness is None or await connection.fetchval(*self._witness) is None:
                raise Taken from error


class PostgresConnection:
    """What is asked on a connection, each statement for itself.

    Args:
        connection: Of asyncpg.
        preparations: Its statements.
    """

    def __init__(self, connection: Any, preparations: Preparations) -> None:
        self._connection = connection
        self._preparations = preparations

    async def rows(self, query: Query, /, **values: Any) -> list[tuple[Any, ...]]:
        """See :class:`~promptdock.store.short.Transaction`."""
        prepared = self._preparations.query(query)
        return prepared.decoded(await self._connection.fetch(prepared.sql, *prepared.values(values)))

    async def run(self, query: Query, /, **values: Any) -> int:
        """See :class:`~promptdock.store.short.Transaction`."""
        prepared = self._preparations.query(query)
        status = await self._sent(prepared.sql, prepared.values(values))
        return int(status.rpartition(" ")[2])

    async def insert(
        self, table: type[Table], rows: Sequence[Mapping[str, Any]], /, *, unless_there: bool = False
    ) -> None:
        """See :class:`~promptdock.store.short.Transaction`."""
        if rows:
            await self._added([_Addition(self._preparations.insert(table, rows, unless_there=unless_there), rows)])

    async def _added(self, additions: Sequence[_Addition]) -> None:
        await self._sent(*self._adding(additions))

    def _adding(self, additions: Sequence[_Addition]) -> tuple[str, list[Any]]:
        shape, now = tuple((one.insert, len(one.rows) > 1) for one in additions), utc_now()
        return self._preparations.text(shape, _statement), [value for one in additions for value in one.values(now)]

    async def _sent(self, sql: str, values: Sequence[Any]) -> str:
        from asyncpg.exceptions import UniqueViolationError

        try:
            status: str = await self._connection.execute(sql, *values)
        except UniqueViolationError as error:
            raise Taken from error
        return status


class PostgresTransaction(PostgresConnection):
    """A transaction on a connection; :meth:`commit` or :meth:`roll_back` ends it."""

    def __init__(self, connection: Any, preparations: Preparations) -> None:
        super().__init__(connection, preparations)
        self._has_begun = False
        self._waiting: list[_Addition] = []

    async def rows(self, query: Query, /, **values: Any) -> list[tuple[Any, ...]]:
        """See :class:`~promptdock.store.short.Transaction`."""
        await self._get_ready()
        return await super().rows(query, **values)

    async def run(self, query: Query, /, **values: Any) -> int:
        """See :class:`~promptdock.store.short.Transaction`."""
        await self._get_ready()
        return await super().run(query, **values)

    async def insert(
        self, table: type[Table], rows: Sequence[Mapping[str, Any]], /, *, unless_there: bool = False
    ) -> None:
        """See :class:`~promptdock.store.short.Transaction`; that a row is there already is said later."""
        if rows:
            self._waiting.append(_Addition(self._preparations.insert(table, rows, unless_there=unless_there), rows))

    async def commit(self) -> None:
        """Store it for good.

        Raises:
            Taken: A row that was added is there already.
            Unanswered: The connection was lost, and nobody knows whether the rows were added.
        """
        if self._has_begun:
            await self._add_waiting()
            if await self._connection.execute("COMMIT") != "COMMIT":
                raise RuntimeError("the transaction went on after a statement of it had failed; nothing was stored")
        elif self._waiting:
            await self._add_alone()

    async def roll_back(self) -> None:
        """Undo it."""
        if self._has_begun:
            await self._connection.execute("ROLLBACK")

    async def _get_ready(self) -> None:
        if not self._has_begun:
            try:
                await self._connection.execute("BEGIN")
            except Exception as error:
                if not is_outage(error):
                    raise
                raise NeverBegun(str(error)) from error
            self._has_begun = True
        await self._add_waiting()

    async def _add_waiting(self) -> None:
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            await self._added(waiting)

    async def _add_alone(self) -> None:
        """Add what waits by a statement that is the whole transaction."""
        sql, values = self._adding(self._waiting)
        try:
            await self._sent(sql, values)
        except Exception as error:
            if not is_outage(error) or not all(one.insert.is_repeatable for one in self._waiting):
                raise
            raise Unanswered(sql, values, _witness(self._waiting, values)) from error


class _Addition(NamedTuple):
    """Rows for one table."""

    insert: Insert
    rows: Sequence[Mapping[str, Any]]

    def values(self, now: datetime) -> Sequence[Any]:
        """Those of one row; of several, those of each column as a list."""
        filled = self.insert.values_of(self.rows, now)
        return filled[0] if len(filled) == 1 else [*zip(*filled, strict=True)]


def _witness(additions: Sequence[_Addition], values: Sequence[Any]) -> tuple[str, Any] | None:
    """Asks for one row among those that are added together: it is there when they are."""
    before = 0
    for one in additions:
        if one.insert.place_of_id is not None:
            found = values[before + one.insert.place_of_id]
            return one.insert.is_there, found if len(one.rows) == 1 else found[0]
        before += one.insert.width
    return None


def _statement(shape: Sequence[tuple[Insert, bool]]) -> str:
    """One statement that adds rows to several tables: for each, how one is added, and whether it is several rows."""
    parts: list[str] = []
    places = 0
    for insert, is_many in shape:
        before, values, after = _VALUES.split(insert.sql)
        parts.append(f"{before}{_placed(values, places, is_many=is_many)}{after}")
        places += len(_PARAMETER.findall(values))
    others = ", ".join(f"added_{number} AS ({part})" for number, part in enumerate(parts[:-1]))
    return f"WITH {others} {parts[-1]}" if others else parts[-1]


def _placed(values: str, places: int, *, is_many: bool) -> str:
    """Where values come from that follow others: one for each column, or a list of them for each."""
    many = "[]" if is_many else ""
    placed = _PARAMETER.sub(lambda one: f"${int(one[1]) + places}::{one[2]}{many}", values)
    return f" SELECT * FROM unnest({placed})" if is_many else f" VALUES ({placed})"  # noqa: S608  (names of ours)
