"""Which part of a list a request asks for: ``?name=value`` for each of the columns that a list may be searched by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from litestar import Request
from sqlalchemy import ColumnElement
from sqlmodel import col

from ...errors import BadRequest
from ...store.moments import made_before, made_since
from ...store.tables import Row
from .rows import in_utc

__all__ = ["PERIOD", "filtered", "within_period"]

_PAGING: Final = frozenset({"limit", "after"})
_MOST: Final = 200
"""Characters of a value."""

PERIOD: Final = {
    "since": "Only from this moment on, e.g. 2026-01-31T12:00:00Z",
    "until": "Only before this moment",
}


def filtered(request: Request[Any, Any, Any], *also: str, **columns: Any) -> list[ColumnElement[bool]]:
    """Read the conditions that a request's query sets.

    Args:
        request: The request.
        *also: Further parameters that the route takes.
        **columns: Columns by the name of their parameter; ids are compared as ids.

    Raises:
        BadRequest: There is no such parameter, it comes twice, or its value is not of the column's kind.
    """
    known = columns.keys() | _PAGING | set(also)
    conditions = []
    for name, values in request.query_params.dict().items():
        if name not in known:
            names = ", ".join(sorted(known))
            raise BadRequest(f"There is no parameter {name[:64]!r} here; there are {names}.", param=name[:64])
        if name in columns:
            conditions.append(col(columns[name]) == _value(name, values, columns[name]))
    return conditions


def within_period(request: Request[Any, Any, Any], table: type[Row]) -> list[ColumnElement[bool]]:
    """The conditions that a table's rows were made in the period of :data:`PERIOD` that a request's query names.

    Raises:
        BadRequest: One of its ends is no time with an offset, or comes twice.
    """
    since, until = (_given_moment(request, name) for name in PERIOD)
    conditions = []
    if since is not None:
        conditions.append(made_since(table.id, table.created_at, since))
    if until is not None:
        conditions.append(made_before(table.id, table.created_at, until))
    return conditions


def _given_moment(request: Request[Any, Any, Any], name: str) -> datetime | None:
    values = request.query_params.getall(name, [])
    found: datetime | None = None
    if values:
        found = _parsed(name, values, _moment, "a time such as 2026-01-31T12:00:00Z")
    return found


def _value(name: str, values: list[str], column: Any) -> Any:
    if column.type.python_type is UUID:
        return _parsed(name, values, UUID, "an id")
    if column.type.python_type is int:
        return _parsed(name, values, _whole, "a whole number")
    return _parsed(name, values, _text, f"text of at most {_MOST} characters")


def _parsed(name: str, values: list[str], parse: Callable[[str], Any], kind: str) -> Any:
    if len(values) > 1:
        raise BadRequest(f"'{name}' is given more than once.", param=name)
    try:
        return parse(values[0])
    except ValueError:
        raise BadRequest(f"'{name}' must be {kind}.", param=name) from None


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise ValueError
    return int(text)


def _text(text: str) -> str:
    if "\0" in text or len(text) > _MOST or not text.isprintable():
        raise ValueError
    return text


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError
    return in_utc(moment)
