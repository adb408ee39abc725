"""What tools return, as the model reads it."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from promptdock.tools.results import ResultNotSerialisable, ResultTooLarge, result_text, sendable


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Word(StrEnum):
    YES = "yes"


class Point(NamedTuple):
    x: int
    y: int


@dataclass
class Place:
    name: str
    colour: Colour


class Forecast(BaseModel):
    at: datetime
    degrees: float = Field(alias="temperature")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ('text stays, with "quotes" and ü', 'text stays, with "quotes" and ü'),
        ("", ""),
        (None, "null"),
        (True, "true"),
        (7, "7"),
        (10**30, "1" + "0" * 30),
        (1.5, "1.5"),
        ([1, "ü"], '[1,"ü"]'),
        ((1, 2), "[1,2]"),
        ({1}, "[1]"),
        (frozenset({"a"}), '["a"]'),
        (deque([1]), "[1]"),
        (range(3), "[0,1,2]"),
        ({"a": {"b": None}}, '{"a":{"b":null}}'),
        ({3: "three"}, '{"3":"three"}'),
        (MappingProxyType({"a": 1}), '{"a":1}'),
        (Point(1, 2), "[1,2]"),
        (Colour.RED, "red"),
        (Word.YES, "yes"),
        (Level.HIGH, "3"),
        ([Colour.RED, Word.YES, Level.HIGH], '["red","yes",3]'),
        (Decimal("1.10"), '"1.10"'),
        (date(2024, 2, 28), '"2024-02-28"'),
        (datetime(2024, 2, 28, 1, 2, tzinfo=UTC), '"2024-02-28T01:02:00+00:00"'),
        (time(1, 2), '"01:02:00"'),
        (timedelta(minutes=1.5), "90.0"),
        (UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (PurePosixPath("a/b"), '"a/b"'),
        (Place("here", Colour.RED), '{"name":"here","colour":"red"}'),
        ([Place("here", Colour.RED)], '[{"name":"here","colour":"red"}]'),
        (
            Forecast(at=datetime(2024, 1, 1, tzinfo=UTC), temperature=2.5),
            '{"at":"2024-01-01T00:00:00Z","temperature":2.5}',
        ),
    ],
)
def test_forms(value: object, text: str) -> None:
    assert result_text(value, 1000) == text


def _generator() -> Iterator[int]:
    yield 1


def _loop() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def _deep() -> list[Any]:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (float("nan"), "NaN"),
        ([float("-inf")], "infinity"),
        (Decimal("NaN"), "NaN"),
        (Forecast.model_construct(at=None, degrees=float("nan")), "NaN"),
        (b"bytes", "type bytes"),
        ({"a": bytearray(b"x")}, "type bytearray"),
        (object(), "type object"),
        (_generator(), "type generator"),
        (map(str, [1]), "type map"),
        (Forecast, "type ModelMetaclass"),
        (Place, "type type"),
        (_loop(), "contains itself"),
        (_deep(), "too deeply"),
        ({(1, 2): 3}, "keys are not text"),
        ("\ud800", "lone surrogate"),
        (["\udfff"], "lone surrogate"),
        ({"\ud800": 1}, "lone surrogate"),
    ],
)
def test_refused(value: object, reason: str) -> None:
    with pytest.raises(ResultNotSerialisable, match=reason):
        result_text(value, 1_000_000)


@pytest.mark.parametrize("value", ["x" * 11, ["12345678"], range(10**12), list(range(11)), {"a": range(10**12)}])
def test_over_the_limit(value: object) -> None:
    with pytest.raises(ResultTooLarge, match="at most 10"):
        result_text(value, 10)


def test_the_limit_itself_is_allowed_and_counts_characters() -> None:
    assert result_text("ü" * 10, 10) == "ü" * 10
    assert result_text(["üüüüüü"], 10) == '["üüüüüü"]'


def test_a_mapping_of_a_third_kind_is_an_object() -> None:
    class Lower(Mapping[str, int]):
        def __getitem__(self, key: str) -> int:
            return {"a": 1}[key]

        def __iter__(self) -> Iterator[str]:
            return iter(["a"])

        def __len__(self) -> int:
            return 1

    assert result_text(Lower(), 100) == '{"a":1}'


_json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(_json_values.filter(lambda value: not isinstance(value, str)))
def test_json_data_survives(value: object) -> None:
    assert json.loads(result_text(value, 10**9)) == value


@given(st.text(alphabet=st.characters(codec=None)))
def test_any_text_can_be_made_sendable(text: str) -> None:
    assert len(sendable(text, 20).encode()) <= 80
