"""Statements, compiled once for a database, with what turns values into the driver's and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, cast

from pydantic_core import PydanticUndefined
from sqlalchemy import Boolean, Uuid

from ...jsontext import dumps_text
from ..types import JsonText, UtcDateTime, sqlite_moment, utc_now
from ..uniqueness import insertion

if TYPE_CHECKING:
    from sqlalchemy import Column, Dialect
    from sqlalchemy.sql.base import Executable
    from sqlalchemy.types import TypeEngine

    from ..tables import Table
    from .transaction import Query

__all__ = ["Insert", "Preparations", "Prepared", "completed"]

_Convert = Callable[[Any], Any]
_hex: _Convert = attrgetter("hex")


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
        names = compiled.positiontup or ()
        self._own = {name: compiled.params[name] for name in names}
        self._row = _Row([(name, compiled.binds[name].type) for name in names], dialect)
        self._decoders = [_decoder(kind, dialect) for kind in _kinds(statement)]
        self._is_plain = not any(self._decoders)

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """The parameters, in the order of their places.

        Args:
            given: Values by name; the others have those that the statement was made with.
        """
        return self._row.values({**self._own, **given})

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
        width: How many values a row has.
        place_of_id: Which of them is its id; None where rows have none, or are left out when they are there already.
        is_there: Asks whether a row has an id.
        is_repeatable: Whether the rows are there once however often they are added: those that are there are left out,
            or known by their ids.
    """

    def __init__(self, table: type[Table], dialect: Dialect, *, unless_there: bool) -> None:
        from sqlalchemy import bindparam

        from ..tables.base import Row

        columns = _columns(table)
        statement = _insert(table, dialect, unless_there=unless_there).values(
            {column.name: bindparam(column.name, type_=column.type) for column in columns}
        )
        compiled: Any = statement.compile(dialect=dialect)
        self.sql: str = compiled.string
        has_id = issubclass(table, Row)
        self.width = len(compiled.positiontup)
        self.place_of_id: int | None = compiled.positiontup.index("id") if has_id and not unless_there else None
        self.is_there = f"SELECT 1 FROM {table.__tablename__} WHERE id = $1"  # noqa: S608  (a name of ours)
        self.is_repeatable = unless_there or has_id
        kinds = {column.name: column.type for column in columns}
        self._row = _Row([(name, kinds[name]) for name in compiled.positiontup], dialect)
        defaults = [(column.name, *_default(table, column.name)) for column in columns]
        self._defaults = {name: default for name, default, make in defaults if make is None}
        self._makers = [(name, make) for name, _, make in defaults if make is not None and make is not utc_now]
        self._moments = [name for name, _, make in defaults if make is utc_now]

    def values(self, row: Mapping[str, Any]) -> list[Any]:
        """The parameters, in the order of their places."""
        return self.values_of([row])[0]

    def values_of(self, rows: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
        """The same of several rows; where they leave out when they were made, that is one moment for all."""
        shared = {**self._defaults, **dict.fromkeys(self._moments, utc_now())} if self._moments else self._defaults
        filled = []
        for row in rows:
            whole = {**shared, **row}
            for name, make in self._makers:
                if name not in whole:
                    whole[name] = make()
            filled.append(whole)
        # most are one row, which shares nothing with others
        return [self._row.values(filled[0])] if len(filled) == 1 else self._row.values_of(filled)


class _Row:
    """Values in the order of their places, as the driver takes them.

    Args:
        kinds: Their names, and the types of their columns.
        dialect: Of the database, with its driver.
    """

    def __init__(self, kinds: Sequence[tuple[str, TypeEngine[Any]]], dialect: Dialect) -> None:
        names = [name for name, _ in kinds]
        # of one name it would give the value itself
        self._pick: Callable[[Mapping[str, Any]], Sequence[Any]] = (
            itemgetter(*names) if len(names) > 1 else lambda given: [given[name] for name in names]
        )
        encoders = [_encoder(kind, dialect) for _, kind in kinds]
        self._ids = [place for place, encode in enumerate(encoders) if encode is _hex]
        self._encoders = [
            (place, encode) for place, encode in enumerate(encoders) if encode is not None and encode is not _hex
        ]

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        values = list(self._pick(given))
        for place in self._ids:  # most columns are ids: written here, as a call for each is half of the work
            value = values[place]
            if value is not None:
                values[place] = f"{value.int:032x}"
        for place, encode in self._encoders:
            value = values[place]
            if value is not None:
                values[place] = encode(value)
        return values

    def values_of(self, rows: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
        """The same of several rows; what they share, such as the turn that they are of, is turned once."""
        filled = [list(self._pick(row)) for row in rows]
        for place in self._ids:
            for values in filled:
                value = values[place]
                if value is not None:
                    values[place] = f"{value.int:032x}"
        for place, encode in self._encoders:
            known = told = None
            for values in filled:
                value = values[place]
                if value is not None:
                    if value is not known:
                        known, told = value, encode(value)
                    values[place] = told
        return filled


class Preparations:
    """The statements of one database.

    Args:
        dialect: Of the database, with its driver.
    """

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._queries: dict[Callable[[], Executable], Prepared] = {}
        self._inserts: dict[tuple[type[Table], bool], Insert] = {}
        self._texts: dict[tuple[tuple[Insert, bool], ...], str] = {}

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


def _insert(table: type[Table], dialect: Dialect, *, unless_there: bool) -> Any:
    statement = insertion(table, dialect)
    return statement.on_conflict_do_nothing() if unless_there else statement


def _encoder(kind: TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    """What SQLAlchemy does with a value, in one step where it takes several for each of our own types; None stays."""
    if isinstance(kind, JsonText):
        return dumps_text
    if dialect.name == "sqlite":
        if isinstance(kind, UtcDateTime):
            return sqlite_moment
        if isinstance(kind, Uuid):
            return _hex
        if isinstance(kind, Boolean):
            return int
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _decoder(kind: TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    return kind.dialect_impl(dialect).result_processor(dialect, None)
