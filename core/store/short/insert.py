"""The statement that adds rows to a table: it names what they bring, and fills in what they leave out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from pydantic_core import PydanticUndefined
from sqlalchemy import bindparam, column, table

from ...ids import new_hex, new_id
from ..types import JsonText, utc_now
from ..uniqueness import insertion
from .values import Encoders

if TYPE_CHECKING:
    from sqlalchemy import Column, Dialect

    from ..tables import Table

__all__ = ["Insert", "completed"]


class Insert:
    """The statement that adds rows that bring the same columns.

    A column that they leave out is no part of it where it is null by default. The others' values are those that the
    driver takes, and are not turned into that for each row.

    Args:
        stored: The table.
        given: The columns that the rows bring, in their order.
        dialect: Of the database, with its driver.
        unless_there: Whether a row that breaks a rule of uniqueness is left out.

    Raises:
        TypeError: The rows leave out a column whose default is made anew for each in a way that is not known here.

    Attributes:
        names: Its columns, in the order of their values.
        sql: The text.
        width: How many values a row has.
        place_of_id: Which of them is its id; None where rows have none, or are left out when they are there already.
        is_there: Asks whether a row has an id.
        is_repeatable: Whether the rows are there once however often they are added: those that are there are left out,
            or known by their ids.
    """

    def __init__(self, stored: type[Table], given: Sequence[str], dialect: Dialect, *, unless_there: bool) -> None:
        from ..tables.base import Row

        columns = _columns(stored)
        left = {name: _default(stored, name) for name in columns if name not in given}
        constants = {name: default for name, (default, make) in left.items() if make is None and default is not None}
        moments = [name for name, (_, make) in left.items() if make is utc_now]
        ids = [name for name, (_, make) in left.items() if make is new_id and name == "id"]
        made = {name: make for name, (_, make) in left.items() if make not in {None, utc_now} and name not in ids}
        for name, make in made.items():
            if not isinstance(columns[name].type, JsonText):
                raise TypeError(f"each row has to bring the column {name} of {stored.__tablename__}")
            constants[name] = make()  # a list or an object, which is a text by then

        self._given = tuple(given)
        self.names = (*given, *constants, *moments, *ids)
        self.width = len(self.names)
        has_id = issubclass(stored, Row)
        self.sql = _text(stored, [columns[name] for name in self.names], dialect, unless_there=unless_there)
        self.place_of_id: int | None = self.names.index("id") if has_id and not unless_there else None
        self.is_there = f"SELECT 1 FROM {stored.__tablename__} WHERE id = $1"  # noqa: S608  (a name of ours)
        self.is_repeatable = unless_there or has_id

        self._encoders = _encoders(columns, given, dialect)
        self._constants = _encoders(columns, constants, dialect).encode([*constants.values()])
        self._moments = len(moments)
        self._new_id: Callable[[], Any] | None = None
        if ids:
            self._new_id = new_hex if dialect.name == "sqlite" else new_id

    def values_of(self, rows: Sequence[Mapping[str, Any]], now: object) -> list[list[Any]]:
        """The values of rows, in the order of their places.

        Args:
            rows: Values by column; a single one brings the columns that the statement was made for.
            now: When they were made, where they leave it out, as the driver takes it.

        Raises:
            ValueError: They do not bring the same columns.
        """
        rest = [*self._constants, *[now] * self._moments]
        filled = [[*row.values(), *rest] for row in rows]
        if len(filled) == 1:
            self._encoders.encode(filled[0])
        else:
            for row in rows:
                if tuple(row) != self._given:
                    raise ValueError("rows that are added together bring the same columns, in the same order")
            self._encoders.encode_all(filled)
        if self._new_id is not None:
            for values in filled:
                values.append(self._new_id())
        return filled


def completed(stored: type[Table], rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows with the defaults of the columns that they leave out."""
    defaults = [(name, *_default(stored, name)) for name in _columns(stored)]
    return [
        {name: row[name] if name in row else default if make is None else make() for name, default, make in defaults}
        for row in rows
    ]


def _columns(stored: type[Table]) -> dict[str, Column[Any]]:
    return {one.name: one for one in cast("Any", stored).__table__.columns}


def _default(stored: type[Table], name: str) -> tuple[Any, Callable[[], Any] | None]:
    field = stored.model_fields[name]
    make = cast("Callable[[], Any] | None", field.default_factory)
    return (None if field.default is PydanticUndefined else field.default), make


def _encoders(columns: Mapping[str, Column[Any]], names: Iterable[str], dialect: Dialect) -> Encoders:
    return Encoders([columns[name].type for name in names], dialect)


def _text(stored: type[Table], columns: Sequence[Column[Any]], dialect: Dialect, *, unless_there: bool) -> str:
    # a statement of the table itself would name the columns in an order of its own
    target = table(str(stored.__tablename__), *[column(one.name, one.type) for one in columns])
    statement = insertion(target, dialect).values({one.name: bindparam(one.name, type_=one.type) for one in columns})
    if unless_there:
        statement = statement.on_conflict_do_nothing()
    return str(statement.compile(dialect=dialect))
