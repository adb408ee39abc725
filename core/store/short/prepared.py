"""Statements, compiled once for a database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from .insert import Insert
from .values import Encoders, decoder_of

if TYPE_CHECKING:
    from sqlalchemy import Dialect
    from sqlalchemy.sql.base import Executable
    from sqlalchemy.types import TypeEngine

    from ..tables import Table
    from .transaction import Query

__all__ = ["Preparations", "Prepared"]


class Prepared:
    """A statement as a driver takes it.

    Args:
        statement: The statement.
        dialect: Of the database, with its driver.

    Attributes:
        sql: The text.
        is_plain: Whether the driver's rows are what was stored, and need not be decoded.
    """

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        compiled: Any = cast("Any", statement).compile(dialect=dialect)
        self.sql: str = compiled.string
        self._names: Sequence[str] = compiled.positiontup or ()
        self._own = {name: compiled.params[name] for name in self._names if not compiled.binds[name].required}
        self._encoders = Encoders([compiled.binds[name].type for name in self._names], dialect)
        self._decoders = [decoder_of(kind, dialect) for kind in _kinds(statement)]
        self.is_plain = not any(self._decoders)

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """The parameters, in the order of their places.

        Args:
            given: Values by name; the others have those that the statement was made with.
        """
        if not self._names:
            return []
        if self._own:
            given = {**self._own, **given}
        return self._encoders.encode([given[name] for name in self._names])

    def decoded(self, rows: Iterable[Sequence[Any]]) -> list[tuple[Any, ...]]:
        """Rows of the driver's as they were stored."""
        if self.is_plain:
            return [tuple(row) for row in rows]
        decoders = self._decoders
        return [
            tuple(value if decode is None else decode(value) for decode, value in zip(decoders, row, strict=True))
            for row in rows
        ]


class Preparations:
    """The statements of one database.

    Args:
        dialect: Of the database, with its driver.
    """

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._queries: dict[Callable[[], Executable], Prepared] = {}
        self._inserts: dict[tuple[type[Table], tuple[str, ...], bool], Insert] = {}
        self._texts: dict[tuple[tuple[Insert, bool], ...], str] = {}

    def query(self, query: Query) -> Prepared:
        """A statement; one that a function makes is compiled once."""
        if not callable(query):
            return Prepared(query, self._dialect)
        found = self._queries.get(query)
        if found is None:
            found = self._queries[query] = Prepared(query(), self._dialect)
        return found

    def insert(self, table: type[Table], rows: Sequence[Mapping[str, Any]], *, unless_there: bool) -> Insert:
        """What adds rows to a table; it is made for the columns that they bring, of which each caller has its own."""
        kind = (table, tuple(rows[0]), unless_there)
        found = self._inserts.get(kind)
        if found is None:
            found = self._inserts[kind] = Insert(table, kind[1], self._dialect, unless_there=unless_there)
        return found

    def text(
        self,
        shape: tuple[tuple[Insert, bool], ...],
        make: Callable[[Sequence[tuple[Insert, bool]]], str],
    ) -> str:
        """The text of a statement that is made of others, and made once for each shape of it."""
        found = self._texts.get(shape)
        if found is None:
            found = self._texts[shape] = make(shape)
        return found


def _kinds(statement: Executable) -> list[TypeEngine[Any]]:
    """The types of what a statement gives: of the columns of a query, or of those that a change returns."""
    described: Any = cast("Any", statement)
    if hasattr(described, "returning_column_descriptions"):
        return [column["type"] for column in described.returning_column_descriptions]
    return [column.type for column in described.selected_columns]
