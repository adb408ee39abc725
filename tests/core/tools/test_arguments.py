"""Arguments: from the model's text to what the function gets."""

from __future__ import annotations

import enum
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, SecretStr

from promptdock import Tool, ToolContext, tool
from promptdock.jsontext import JsonError
from promptdock.tools.arguments import ArgumentFaults, parse_object


class Colour(enum.Enum):
    RED = "red"


class Stop(BaseModel):
    city: str
    minutes: int = 5


@dataclass
class Box:
    width: int


@tool
def travel(
    stops: list[Stop],
    start: datetime,
    colour: Colour = Colour.RED,
    box: Box | None = None,
    seats: Annotated[int, Field(ge=1)] = 1,
    direct: bool = False,
    kind: Literal["bus", "train"] = "train",
    ratio: float = Field(0.5, le=1),
    context: ToolContext | None = None,
) -> None:
    """Travel."""


GOOD: dict[str, Any] = {"stops": [{"city": "Ulm"}], "start": "2024-02-28T00:00:00Z"}


@pytest.mark.parametrize("text", ["", "  ", "\n", "{}", " { } "])
def test_no_text_means_no_arguments(text: str) -> None:
    assert parse_object(text) == {}


@pytest.mark.parametrize(
    "text",
    [
        *["[]", "null", "1", '"{}"', "true", "{", "{'a': 1}", "{}{}", "x" * 9999],
        *['{"a": NaN}', '{"a": Infinity}', '{"a": "\\ud800"}', '{"a": "\ud800"}', '{"a":' * 100_000],
    ],
)
def test_t35_malformed_text_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(JsonError) as caught:
        parse_object(text)
    assert len(str(caught.value)) < 200


def test_objects_arrive_as_such_and_hooks_see_plain_data() -> None:
    checked = travel.arguments.read({**GOOD, "colour": "red", "box": {"width": 2}})
    assert checked.values == {
        "stops": [Stop(city="Ulm")],
        "start": datetime(2024, 2, 28, tzinfo=UTC),
        "colour": Colour.RED,
        "box": Box(2),
        "ratio": 0.5,
    }
    assert checked.data == {**GOOD, "colour": "red", "box": {"width": 2}}


def test_lossless_conversion_is_taken_and_hooks_see_what_the_function_gets() -> None:
    checked = travel.arguments.read({**GOOD, "seats": "2", "direct": "true", "ratio": "0.25"})
    assert {name: checked.values[name] for name in ("seats", "direct", "ratio")} == {
        "seats": 2,
        "direct": True,
        "ratio": 0.25,
    }
    assert checked.data["seats"] == 2
    assert checked.data["direct"] is True


@pytest.mark.parametrize("wrong", ["2.5", 3.5, "two", None, [], {}, "", 0, "9" * 5000])
def test_what_does_not_convert_is_refused(wrong: object) -> None:
    with pytest.raises(ArgumentFaults, match=r"^seats: "):
        travel.arguments.read({**GOOD, "seats": wrong})


def test_every_fault_is_listed_with_its_place() -> None:
    wrong = {"stops": [{"city": "Ulm"}, {"minutes": "x"}], "seats": 0, "kind": "plane", "speed": 3}
    with pytest.raises(ArgumentFaults) as caught:
        travel.arguments.read(wrong)
    assert str(caught.value).split("; ")[:-1] == [
        "stops[1].city: required, but missing",
        "stops[1].minutes: should be a valid integer, unable to parse string as an integer",
        "start: required, but missing",
        "seats: should be greater than or equal to 1",
        "kind: should be 'bus' or 'train'",
        "speed: no such parameter",
    ]
    assert str(caught.value).endswith("known are stops, start, colour, box, seats, direct, kind, ratio")


def test_faults_stay_short_whatever_is_sent() -> None:
    huge = {"x" * 100_000: 1, "stops": [{}] * 1000, "start": "y" * 100_000, "kind": "z" * 100_000}
    with pytest.raises(ArgumentFaults) as caught:
        travel.arguments.read(huge)
    assert len(str(caught.value)) < 3000
    assert "more" in str(caught.value)


def test_the_context_cannot_be_given_by_the_model() -> None:
    with pytest.raises(ArgumentFaults, match="context: no such parameter"):
        travel.arguments.read({**GOOD, "context": {"caller": "root"}})


def test_defaults_of_the_function_are_its_own() -> None:
    @tool
    def collect(into: list[int] = []) -> None:  # noqa: B006
        """Collect."""

    assert collect.arguments.read({}).values == {}


def test_names_that_pydantic_keeps_to_itself_arrive() -> None:
    @tool
    def odd(schema: int, json: int, model_config: int, _x: int, self_: int = 0) -> None:
        """Take odd names."""

    given_ = {"schema": 1, "json": 2, "model_config": 3, "_x": 4}
    checked = odd.arguments.read(given_)
    assert (checked.values, checked.data) == (given_, given_)


def test_secrets_do_not_show_in_what_hooks_see() -> None:
    @tool
    def login(password: SecretStr) -> None:
        """Log in."""

    checked = login.arguments.read({"password": "hunter2"})
    assert checked.values["password"].get_secret_value() == "hunter2"
    assert "hunter2" not in str(checked.data)


_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "pattern": "^(a+)+$"},
        "days": {"$ref": "#/$defs/days"},
        "stops": {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "integer"}}}},
    },
    "required": ["city"],
    "$defs": {"days": {"type": "integer", "maximum": 7}},
}


def _forecast(city: str, context: ToolContext, days: int = 1, stops: object = None) -> None: ...


EXPLICIT = Tool(name="forecast", description="Forecast.", parameters=_SCHEMA, function=_forecast)


def test_an_explicit_schema_takes_the_data_as_it_is() -> None:
    checked = EXPLICIT.arguments.read({"city": "aa", "days": 3})
    assert checked.values == checked.data == {"city": "aa", "days": 3}
    assert EXPLICIT.arguments.contexts == ("context",)


@pytest.mark.parametrize(
    ("data", "faults"),
    [
        ({}, ['arguments: "city" is a required property']),
        ({"city": 1}, ['city: the value is not of type "string"']),
        ({"city": "a", "days": "3"}, ['days: the value is not of type "integer"']),
        ({"city": "a", "days": 8}, ["days: the value is greater than the maximum of 7"]),
        ({"city": "a", "stops": [{}, {"n": "x"}]}, ['stops[1].n: the value is not of type "integer"']),
        ({"city": "a", "other": 1}, ["other: no such parameter"]),
        ({"city": "a", "context": 1}, ["context: no such parameter"]),
    ],
)
def test_faults_against_an_explicit_schema(data: dict[str, Any], faults: list[str]) -> None:
    with pytest.raises(ArgumentFaults) as caught:
        EXPLICIT.arguments.read(data)
    assert str(caught.value).split("; ") == faults


def test_patterns_take_linear_time_and_values_are_not_quoted() -> None:
    started = time.perf_counter()
    with pytest.raises(ArgumentFaults) as caught:
        EXPLICIT.arguments.read({"city": "a" * 50_000 + "!"})
    assert time.perf_counter() - started < 2
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("depth", [150, 250, 900])
def test_deep_nesting_is_read_or_refused_and_crashes_nothing(depth: int) -> None:
    """A schema that refers to itself follows the data down."""
    nested: dict[str, Any] = {"type": "object", "properties": {"a": {"anyOf": [{"$ref": "#"}, {"type": "integer"}]}}}
    explicit = Tool(name="deep", description="Deep.", parameters=nested, function=lambda **given: given)

    @tool
    def typed(a: Any) -> None:
        """Take anything."""

    data = parse_object('{"a":' * depth + "1" + "}" * depth)
    assert explicit.arguments.read(data).data == data
    if depth > 200:
        with pytest.raises(ArgumentFaults, match="recursion limit"):
            typed.arguments.read(data)
    else:
        assert typed.arguments.read(data).data == data


def test_additional_properties_reach_a_function_that_takes_any_name() -> None:
    made = Tool(name="any", description="Any.", parameters={"type": "object"}, function=lambda **given: given)
    assert made.arguments.read({"user-id": 1}).values == {"user-id": 1}


@given(st.integers(), st.text(), st.booleans(), st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_what_fits_the_schema_arrives_unchanged(number: int, text: str, flag: bool, many: list[float]) -> None:
    data = {"number": number, "text": text, "flag": flag, "many": many}
    checked = _ECHO.arguments.read(parse_object(json.dumps(data)))
    assert checked.values == checked.data == data


@tool
def _echo(number: int, text: str, flag: bool, many: list[float]) -> None:
    """Echo."""


_ECHO = _echo


def test_a_function_that_changes_its_arguments_changes_nobody_elses() -> None:
    """Events and hooks see what the model wrote."""
    made = Tool(name="any", description="Any.", parameters={"type": "object"}, function=lambda **given: given)
    read = made.arguments.read({"items": [{"a": [1, 2]}]})
    read.values["items"][0]["a"].clear()
    assert read.data == {"items": [{"a": [1, 2]}]}
