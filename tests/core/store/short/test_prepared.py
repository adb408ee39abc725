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
from promptdock.store.short.prepared import Prepared
from promptdock.store.tables import Fact
from promptdock.store.types import UtcDateTime, sqlite_moment


def dialect_of(name: str) -> Dialect:
    return make_engine(URL.create(name, database="nothing")).dialect


SQLITE = "sqlite+aiosqlite"
# years that a time zone leads out of have no form in UTC
MOMENTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=st.timezones() | st.just(UTC))  # noqa: DTZ001


@given(MOMENTS)
def test_a_time_is_written_as_sqlalchemy_writes_it(moment: datetime) -> None:
    dialect = dialect_of(SQLITE)
    encode: Any = UtcDateTime().dialect_impl(dialect).bind_processor(dialect)
    assert sqlite_moment(moment) == encode(moment)


def test_a_time_without_a_zone_is_a_defect() -> None:
    with pytest.raises(ValueError, match="must have a zone"):
        sqlite_moment(datetime(2026, 1, 1))  # noqa: DTZ001


def test_a_statement_keeps_the_values_that_it_was_made_with() -> None:
    prepared = Prepared(
        select(Fact.value).where(col(Fact.name) == bindparam("fact"), col(Fact.value) != "no"), dialect_of(SQLITE)
    )
    assert prepared.values({"fact": "a"}) == ["a", "no"]
    assert prepared.decoded([("x",)]) == [("x",)]


def test_a_value_that_nobody_gave_is_a_defect() -> None:
    prepared = Prepared(select(Fact.value).where(col(Fact.name) == bindparam("fact")), dialect_of(SQLITE))
    with pytest.raises(KeyError, match="fact"):
        prepared.values({})
