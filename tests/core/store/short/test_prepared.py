"""Statements as drivers take them: what SQLAlchemy would make of the values, in fewer steps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import URL, Dialect, bindparam
from sqlmodel import col, select

from promptdock.store.engine import make_engine
from promptdock.store.short.prepared import Insert, Prepared
from promptdock.store.tables import Fact, JournalRow, TurnRow
from promptdock.store.types import UtcDateTime, sqlite_moment


def dialect_of(name: str) -> Dialect:
    return make_engine(URL.create(name, database="nothing")).dialect


SQLITE = "sqlite+aiosqlite"
POSTGRES = "postgresql+asyncpg"
# years that a time zone leads out of have no form in UTC
MOMENTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=st.timezones() | st.just(UTC))  # noqa: DTZ001
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(MOMENTS)
def test_a_time_is_written_as_sqlalchemy_writes_it(moment: datetime) -> None:
    dialect = dialect_of(SQLITE)
    encode: Any = UtcDateTime().dialect_impl(dialect).bind_processor(dialect)
    assert sqlite_moment(moment) == encode(moment)


def test_a_time_without_a_zone_is_a_defect() -> None:
    with pytest.raises(ValueError, match="must have a zone"):
        sqlite_moment(datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize("driver", [SQLITE, POSTGRES])
@given(JSON, st.text())
def test_the_values_of_a_row_are_those_that_sqlalchemy_would_send(driver: str, body: Any, path: str) -> None:
    dialect = dialect_of(driver)
    row = JournalRow(
        request_id="r", caller="c", method="GET", path=path, command="get", thing="", status=200, ms=1.5, body=body
    ).model_dump()
    table: Any = JournalRow
    columns = {column.name: column.type for column in table.__table__.columns}
    insert = Insert(JournalRow, dialect, unless_there=False)

    def by_sqlalchemy(name: str) -> Any:
        encode = columns[name].dialect_impl(dialect).bind_processor(dialect)
        return row[name] if encode is None else encode(row[name])

    assert insert.values(row) == [by_sqlalchemy(name) for name in columns]


def test_what_a_row_leaves_out_has_its_default() -> None:
    insert = Insert(TurnRow, dialect_of(SQLITE), unless_there=False)
    given_values = {"worker_id": None, "request_id": "r", "state": "running", "provider": "p", "model": "m"}
    first, second = (dict(zip(TurnRow.model_fields, insert.values(given_values), strict=True)) for _ in range(2))
    assert (first["number"], first["is_streamed"], first["decisions"], first["error"]) == (0, 0, "[]", None)
    assert first["id"] != second["id"]
    assert first["created_at"] <= second["created_at"]


def test_a_statement_keeps_the_values_that_it_was_made_with() -> None:
    prepared = Prepared(
        select(Fact.value).where(col(Fact.name) == bindparam("fact"), col(Fact.value) != "no"), dialect_of(SQLITE)
    )
    assert prepared.values({"fact": "a"}) == ["a", "no"]
    assert prepared.decoded([("x",)]) == [("x",)]
