"""What a transaction offers to those who write for the short way, whatever database is below it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from sqlalchemy.sql.base import Executable
    from sqlmodel.ext.asyncio.session import AsyncSession

    from ..tables import Table

__all__ = ["Query", "SessionTransaction", "Taken", "Transaction", "Work"]

_T = TypeVar("_T")

Query: TypeAlias = "Callable[[], Executable] | Executable"
"""A function that makes a statement, which is called once and whose statement is compiled once; or a statement."""

Work: TypeAlias = "Callable[[Transaction], Coroutine[Any, Any, _T]]"
"""What is done in a transaction. It awaits nothing but its transaction, and has no other effects: it may run again."""


class Taken(Exception):
    """What was to be written once is there already: another transaction was quicker."""


class Transaction(Protocol):
    """One transaction: all of it is written, or nothing."""

    async def rows(self, query: Query, /, **values: Any) -> list[tuple[Any, ...]]:
        """Read.

        Args:
            query: What to read; its columns are named one by one.
            **values: For the parameters of the query.
        """
        ...

    async def run(self, query: Query, /, **values: Any) -> int:
        """Change rows.

        Args:
            query: What to change.
            **values: For the parameters of the query.

        Returns:
            How many rows there were to change.

        Raises:
            Taken: A rule of uniqueness forbids it.
        """
        ...

    async def insert(
        self, table: type[Table], rows: Sequence[Mapping[str, Any]], /, *, unless_there: bool = False
    ) -> None:
        """Add rows.

        Args:
            table: Where to.
            rows: Values by column, the same columns in each; what is left out has the table's default.
            unless_there: Whether rows that break a rule of uniqueness are left out.

        Raises:
            Taken: A rule of uniqueness forbids one of them.
        """
        ...


class SessionTransaction:
    """The same over a session, for transactions that do other things, too.

    Args:
        session: The transaction's. What was added to it is sent to the database first.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def rows(self, query: Query, /, **values: Any) -> list[tuple[Any, ...]]:
        """See :class:`Transaction`."""
        result = await self._executed(query, values)
        return [tuple(row) for row in result.all()]

    async def run(self, query: Query, /, **values: Any) -> int:
        """See :class:`Transaction`."""
        return int((await self._executed(query, values)).rowcount)

    async def insert(
        self, table: type[Table], rows: Sequence[Mapping[str, Any]], /, *, unless_there: bool = False
    ) -> None:
        """See :class:`Transaction`."""
        from ..uniqueness import insert_unless_there
        from .insert import completed

        filled = completed(table, rows)
        if not filled:
            return
        if unless_there:
            await self._session.flush()
            await insert_unless_there(self._session, table, filled)
            return
        columns: Any = table.__table__  # type: ignore[attr-defined]
        await self._sent(columns.insert(), filled)

    async def _executed(self, query: Query, values: Mapping[str, Any]) -> Any:
        return await self._sent(query() if callable(query) else query, dict(values))

    async def _sent(self, statement: Executable, values: Any) -> Any:
        from sqlalchemy.exc import IntegrityError

        from ..uniqueness import is_unique_violation

        await self._session.flush()
        connection = await self._session.connection()
        try:
            return await connection.execute(statement, values)
        except IntegrityError as error:
            if is_unique_violation(error):
                raise Taken from error
            raise
