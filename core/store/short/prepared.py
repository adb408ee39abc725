"""Statements, compiled once for a database, with what turns values into the driver's and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from pydantic_core import PydanticUndefined

from ...jsontext import dumps_text
from ..types import JsonText, UtcDateTime, sqlite_moment

if TYPE_CHECKING:
    from sqlalchemy import Column, Dialect
    from sqlalchemy.sql.base import Executable
    from sqlalchemy.types import TypeEngine

    from ..tables import Table
    from .transaction import Query

__all__ = ["Insert", "Preparations", "Prepared", "completed"]

_Convert = Callable[[Any], Any]
_Slot = tuple[str, Any, Callable[[], Any] | None, _Convert | None]
"""A column's name; its default, as the driver takes it; what makes its default; what turns values into the driver's."""


class Prepared:
    """A statement as a driver takes it.

    Args:
        statement: The statement.
        dialect: Of the database, with its driver.

    Attributes:
        sql: The text.
    """

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        compiled: Any = cast("Any", statement).compile(dialect=dialect)
        self.sql: str = compiled.string
        self._slots = [
            (name, _encoder(compiled.binds[name].type, dialect), compiled.params[name])
            for name in compiled.positiontup or ()
        ]
        self._decoders = [_decoder(kind, dialect) for kind in _kinds(statement)]
        self._is_plain = not any(self._decoders)

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """The parameters, in the order of their places.

        Args:
            given: Values by name; the others have those that the statement was made with.
        """
        values = []
        for name, encode, own in self._slots:
            value = given.get(name, own)
            values.append(value if encode is None or value is None else encode(value))
        return values

    def decoded(self, rows: Iterable[Sequence[Any]]) -> list[tuple[Any, ...]]:
        """Rows of the driver's as they were stored."""
        if self._is_plain:
            return [tuple(row) for row in rows]
        decoders = self._decoders
        return [
            tuple(value if decode is None else decode(value) for decode, value in zip(decoders, row, strict=True))
            for row in rows
        ]


class Insert:
    """The statement that adds a row to a table.

    Args:
        table: The table.
        dialect: Of the database, with its driver.
        unless_there: Whether a row that breaks a rule of uniqueness is left out.

    Attributes:
        sql: The text.
    """

    def __init__(self, table: type[Table], dialect: Dialect, *, unless_there: bool) -> None:
        from sqlalchemy import bindparam

        columns = _columns(table)
        statement = _insert(table, dialect, unless_there=unless_there).values(
            {column.name: bindparam(column.name, type_=column.type) for column in columns}
        )
        compiled: Any = statement.compile(dialect=dialect)
        self.sql: str = compiled.string
        by_name = {column.name: column for column in columns}
        self._slots = [_slot(table, by_name[name], dialect) for name in compiled.positiontup]

    def values(self, row: Mapping[str, Any]) -> list[Any]:
        """The parameters, in the order of their places."""
        values = []
        for name, default, make, encode in self._slots:
            if name in row:
                value = row[name]
            elif make is None:
                values.append(default)
                continue
            else:
                value = make()
            values.append(value if encode is None or value is None else encode(value))
        return values


class Preparations:
    """The statements of one database.

    Args:
        dialect: Of the database, with its driver.
    """

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._queries: dict[Callable[[], Executable], Prepared] = {}
        self._inserts: dict[tuple[type[Table], bool], Insert] = {}

    def query(self, query: Query) -> Prepared:
        """A statement; one that a function makes is compiled once."""
        if not callable(query):
            return Prepared(query, self._dialect)
        found = self._queries.get(query)
        if found is None:
            found = self._queries[query] = Prepared(query(), self._dialect)
        return found

    def insert(self, table: type[Table], *, unless_there: bool) -> Insert:
        """What adds rows to a table."""
        found = self._inserts.get((table, unless_there))
        if found is None:
            found = self._inserts[table, unless_there] = Insert(table, self._dialect, unless_there=unless_there)
        return found


def completed(table: type[Table], rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows with the defaults of the columns that they leave out."""
    defaults = [(column.name, *_default(table, column.name)) for column in _columns(table)]
    return [
        {name: row[name] if name in row else default if make is None else make() for name, default, make in defaults}
        for row in rows
    ]


def _kinds(statement: Executable) -> list[TypeEngine[Any]]:
    """The types of what a statement gives: of the columns of a query, or of those that a change returns."""
    described: Any = cast("Any", statement)
    if hasattr(described, "returning_column_descriptions"):
        return [column["type"] for column in described.returning_column_descriptions]
    return [column.type for column in described.selected_columns]


def _columns(table: type[Table]) -> list[Column[Any]]:
    return list(cast("Any", table).__table__.columns)


def _default(table: type[Table], name: str) -> tuple[Any, Callable[[], Any] | None]:
    field = table.model_fields[name]
    make = cast("Callable[[], Any] | None", field.default_factory)
    return (None if field.default is PydanticUndefined else field.default), make


def _slot(table: type[Table], column: Column[Any], dialect: Dialect) -> _Slot:
    default, make = _default(table, column.name)
    encode = _encoder(column.type, dialect)
    return column.name, default if encode is None or default is None else encode(default), make, encode


def _insert(table: type[Table], dialect: Dialect, *, unless_there: bool) -> Any:
    from sqlalchemy.dialects import postgresql, sqlite

    insert: Any = sqlite.insert if dialect.name == "sqlite" else postgresql.insert
    statement = insert(cast("Any", table).__table__)
    return statement.on_conflict_do_nothing() if unless_there else statement


def _encoder(kind: TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    """What SQLAlchemy does with a value, in one step where it takes several for each of our own types; None stays."""
    if isinstance(kind, JsonText):
        return dumps_text
    if isinstance(kind, UtcDateTime) and dialect.name == "sqlite":
        return sqlite_moment
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _decoder(kind: TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    return kind.dialect_impl(dialect).result_processor(dialect, None)
