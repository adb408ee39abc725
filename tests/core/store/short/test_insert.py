"""Rows as drivers take them: what SQLAlchemy would make of them, and defaults for what they leave out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import URL, Dialect

from promptdock.store.engine import make_engine
from promptdock.store.short.insert import Insert
from promptdock.store.tables import Fact, JournalRow, TurnRow


def dialect_of(name: str) -> Dialect:
    return make_engine(URL.create(name, database="nothing")).dialect


SQLITE = "sqlite+aiosqlite"
POSTGRES = "postgresql+asyncpg"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
TURN: dict[str, Any] = {"worker_id": None, "request_id": "r", "state": "running", "provider": "p", "model": "m"}


@pytest.mark.parametrize("driver", [SQLITE, POSTGRES])
@given(JSON, st.text(), st.permutations(list(JournalRow.model_fields)))
def test_the_values_of_a_row_are_those_that_sqlalchemy_would_send(
    driver: str, body: Any, path: str, order: list[str]
) -> None:
    dialect = dialect_of(driver)
    whole = JournalRow(
        request_id="r", caller="c", method="GET", path=path, command="get", thing="", status=200, ms=1.5, body=body
    ).model_dump()
    row = {name: whole[name] for name in order}
    table: Any = JournalRow
    columns = {column.name: column.type for column in table.__table__.columns}
    insert = Insert(JournalRow, order, dialect, unless_there=False)

    def by_sqlalchemy(name: str) -> Any:
        encode = columns[name].dialect_impl(dialect).bind_processor(dialect)
        return row[name] if encode is None else encode(row[name])

    assert insert.names == tuple(order)
    assert insert.values_of([row], None) == [[by_sqlalchemy(name) for name in order]]


@pytest.mark.parametrize("driver", [SQLITE, POSTGRES])
def test_what_a_row_leaves_out_has_its_default(driver: str) -> None:
    insert = Insert(TurnRow, tuple(TURN), dialect_of(driver), unless_there=False)
    first, second = (dict(zip(insert.names, values, strict=True)) for values in insert.values_of([TURN, TURN], "now"))
    assert (first["number"], first["is_streamed"], first["decisions"]) == (0, False, "[]")
    assert "error" not in first  # null by itself
    assert first["id"] != second["id"]
    assert UUID(str(first["id"])).version == 7
    assert first["created_at"] == second["created_at"] == "now"


@pytest.mark.parametrize("other", [{"name": "b"}, {"value": "", "name": "b"}, {"name": "b", "value": "", "more": 1}])
def test_rows_that_do_not_bring_the_same_columns_are_a_defect(other: dict[str, Any]) -> None:
    insert = Insert(Fact, ("name", "value"), dialect_of(SQLITE), unless_there=False)
    with pytest.raises(ValueError, match="the same columns"):
        insert.values_of([{"name": "a", "value": ""}, other], None)


def test_a_default_that_is_made_for_each_row_is_not_made_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Fact.model_fields["value"], "default_factory", lambda: "a secret")
    with pytest.raises(TypeError, match="each row has to bring the column value of facts"):
        Insert(Fact, ("name",), dialect_of(SQLITE), unless_there=False)
