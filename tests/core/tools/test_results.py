"""What tools return, as the model reads it."""

from __future__ import annotations

import json
import tracemalloc
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, RootModel, field_serializer, model_serializer

from promptdock import Usage
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
            {"rounds": [Usage(prompt_tokens=1, completion_tokens=2, total_tokens=3)]},
            '{"rounds":[{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"details":null}]}',
        ),
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


# --- huge results, which must not cost more than the limit -----------------------------------------------------


class Box(BaseModel):
    items: list[Any]


@dataclass
class Crate:
    items: Any


class Level60k(Enum):
    LONG = "x" * 60_000


def _doubled(wrap: Any, levels: int = 60) -> Any:
    """Each level holds the one below twice: written out it would not fit into any memory."""
    value: Any = ["leaf"]
    for _ in range(levels):
        value = wrap(value)
    return value


@pytest.mark.parametrize(
    "value",
    [
        _doubled(lambda inner: [inner, inner]),
        _doubled(lambda inner: (inner, inner)),
        _doubled(lambda inner: {"a": inner, "b": inner}),
        _doubled(lambda inner: MappingProxyType({"a": inner, "b": inner})),
        _doubled(lambda inner: deque([inner, inner])),
        _doubled(lambda inner: [Crate(inner), Crate(inner)]),
        _doubled(lambda inner: [Box.model_construct(items=[inner]), Box.model_construct(items=[inner])]),
        _doubled(lambda inner: RootModel[Any].model_construct([inner, inner])),
        ["x" * 60_000] * 4_000,
        {"rows": ["x" * 60_000] * 4_000},
        ({"x" * 60_000: 1},) * 4_000,
        [Level60k.LONG] * 4_000,
        [10**4_000] * 4_000,
        [Decimal(10) ** 27] * 100_000,
        [PurePosixPath("x" * 60_000)] * 4_000,
        Box(items=[b"x" * 60_000] * 4_000),
        Box(items=["x" * 60_000] * 4_000),
        [Box(items=["x" * 60_000])] * 4_000,
    ],
    ids=range(18),
)
def test_a_result_that_grows_when_it_is_written_is_refused_before(value: object) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ResultTooLarge, match="at most 65536"):
            result_text(value, 65_536)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_no_more_elements_are_looked_at_than_the_limit_allows() -> None:
    seen = 0

    class Endless(Mapping[str, int]):
        def __getitem__(self, key: str) -> int:
            return 1

        def __iter__(self) -> Iterator[str]:
            nonlocal seen
            while True:
                seen += 1
                yield "key"

        def __len__(self) -> int:
            return 1

    with pytest.raises(ResultTooLarge):
        result_text([Endless()], 1000)
    assert seen <= 1000
    with pytest.raises(ResultTooLarge, match="20000000 elements"):
        result_text({"rows": range(20_000_000)}, 1000)


def _knot(kind: str) -> Any:
    made: dict[str, Any] = {"dict": {}, "deque": deque(), "crate": Crate(None), "box": Box(items=[])}
    value = made[kind]
    match value:
        case dict():
            value["self"] = [value]
        case deque():
            value.append({"a": value})
        case Crate():
            value.items = (value,)
        case Box():
            value.items.append(value)
    return value


@pytest.mark.parametrize("kind", ["dict", "deque", "crate", "box"])
def test_a_cycle_of_any_kind_is_no_json_and_not_too_large(kind: str) -> None:
    with pytest.raises(ResultNotSerialisable, match="contains itself"):
        result_text([_knot(kind)], 1000)


class Quiet(BaseModel):
    """Written shorter than it is."""

    model_config = ConfigDict(extra="allow")
    raw: bytes = Field(exclude=True)
    summary: Annotated[str, PlainSerializer(len)]
    other: str

    @field_serializer("other")
    def _shorten(self, value: str) -> str:
        return value[:3]


class Whole(BaseModel):
    text: str

    @model_serializer
    def _say(self) -> str:
        return self.text[:3]


class Rows(RootModel[list[int]]):
    def __iter__(self) -> Iterator[int]:  # type: ignore[override]
        return iter(self.root)


def test_what_a_model_leaves_out_or_shortens_does_not_count() -> None:
    long = "x" * 5_000
    quiet = Quiet(raw=long.encode() * 10, summary=long, other=long, more="m")  # type: ignore[call-arg]
    assert result_text(quiet, 60) == '{"summary":5000,"other":"xxx","more":"m"}'
    assert result_text([Whole(text=long)], 60) == '["xxx"]'
    assert result_text(Rows([1, 2]), 60) == "[1,2]"


def test_the_least_size_is_never_over_the_real_one() -> None:
    value = [8, 255, 1.0, None, True, Level.HIGH, Colour.RED, Decimal("1E+9"), PurePosixPath("a"), (), {}, {"": ""}]
    text = result_text(value, 1000)
    assert result_text(value, len(text)) == text
