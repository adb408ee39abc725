"""Filling JSON Schemas from the words of a prompt."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from promptdock.providers.offline.clauses import read_prompt
from promptdock.providers.offline.fill import Filler
from promptdock.providers.offline.supply import Supply


def fill(schema: dict[str, Any], text: str) -> Any:
    value = Filler(schema, Supply(read_prompt(text).whole)).fill()
    jsonschema_rs.validator_for(schema, validate_formats=True).validate(value)
    return value


def one(schema: dict[str, Any], text: str, *, name: str = "value", required: bool = True) -> Any:
    whole = {"type": "object", "properties": {name: schema}, "required": [name] if required else []}
    return fill(whole, text).get(name)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("city", "What's the weather in Paris?", "Paris"),
        ("city", "weather in new york tomorrow", "new york"),
        ("customer_name", "Create a customer named '你好啊集团' (Hello Group)", "你好啊集团"),
        ("customer_name", "「こんにちは株式会社」を作成", "こんにちは株式会社"),
        ("email", "Write to ada@example.org about Bob", "ada@example.org"),
        ("link", "Read https://example.org/x now", "https://example.org/x"),
        ("order_id", "Where is order A-17 of Ada?", "A-17"),
        ("expression", "What is 2 * 21?", "2 * 21"),
        ("origin", "Fly to Rome from Oslo", "Oslo"),
        ("destination", "Fly from Oslo to Rome", "Rome"),
        ("title", "title: Long day, author: Ada", "Long day"),
        ("answer_style", "Using the tool, generate a Pirate greeting.", "Pirate"),
        ("question", "Why is the sky blue?", "Why is the sky blue"),
    ],
)
def test_texts(name: str, text: str, value: str) -> None:
    assert one({"type": "string"}, text, name=name) == value


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({"type": "integer"}, "What is the value of magic(3)?", 3),
        ({"type": "integer"}, "2.5 or -7", -7),
        ({"type": "number"}, "2.5 or -7", 2.5),
        ({"type": "number"}, "twenty-one", 21),
        ({"type": "integer", "minimum": 5}, "nothing here", 5),
        ({"type": "integer", "exclusiveMinimum": 5}, "2", 6),
        ({"type": "number", "maximum": -1.5}, "nothing here", -1.5),
        ({"type": "integer", "maximum": 10}, "99", 10),
        ({"type": "integer", "multipleOf": 7}, "20", 21),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, "none", 0.5),
        ({"type": "integer", "default": 8}, "none", 8),
        ({"type": "boolean"}, "nothing", False),
        ({"const": "x"}, "nothing", "x"),
        ({"type": "null"}, "nothing", None),
        ({"type": ["string", "null"]}, "nothing", None),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "take 4", 4),
        ({"type": "string", "format": "date"}, "on March 1, 2024", "2024-03-01"),
        ({"type": "string", "format": "email"}, "no address", "someone@example.com"),
        ({"type": "string", "pattern": "^[A-Z]{3}$"}, "in usd, please", "USD"),
        ({"type": "string", "pattern": "^\\d{5}$"}, "no digits", "00000"),
        ({"type": "string", "minLength": 12}, "in Rome", "Rome........"),
        ({"type": "string", "maxLength": 2}, "in Rome", "Ro"),
    ],
)
def test_scalars_within_their_limits(schema: dict[str, Any], text: str, value: Any) -> None:
    assert one(schema, text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("How many days from 2024-02-28 to 2024-03-01?", "difference"),
        ("Which is the oldest of these?", "oldest"),
        ("10 days after 2024-01-01", "add"),
        ("10 days before 2024-01-01", "subtract"),
        ("Convert it", "convert"),
        ("nothing said", "difference"),
    ],
)
def test_enumerations_follow_the_words(text: str, value: str) -> None:
    schema = {"type": "string", "enum": ["difference", "oldest", "newest", "convert", "add", "subtract"]}
    assert one(schema, text, name="operation") == value


def test_an_optional_enumeration_needs_its_word_or_what_the_description_says_of_it() -> None:
    unit = {"type": "string", "enum": ["METRIC", "USCS"], "description": "METRIC for celsius, USCS for fahrenheit"}
    assert one(unit, "in fahrenheit", required=False) == "USCS"
    assert one(unit, "in Rome", required=False) is None
    assert one({"enum": ["ISO", "US"]}, "tell us", required=False) is None
    assert one({"enum": ["ISO", "US"]}, "the US form", required=False) == "US"


def test_optional_values_need_evidence_of_their_own() -> None:
    schema = {
        "type": "object",
        "properties": {"sides": {"type": "integer"}, "count": {"type": "integer"}, "label": {"type": "string"}},
    }
    assert fill(schema, "Roll dice with 20 sides in Rome") == {"sides": 20}


def test_yes_and_no() -> None:
    assert one({"type": "boolean"}, "with the punchline", name="punchline") is True
    assert one({"type": "boolean"}, "no punchline", name="punchline") is False


def test_numbers_go_to_the_name_they_stand_beside_and_else_by_order() -> None:
    schema: dict[str, Any] = {"type": "object", "required": ["a", "b"]}
    schema["properties"] = {"a": {"type": "integer"}, "b": {"type": "integer"}}
    assert fill(schema, "What is 3 + 4?") == {"a": 3, "b": 4}
    assert fill(schema, "b = 1, a = 2") == {"a": 2, "b": 1}


def test_arrays_take_all_evidence_of_the_kind_they_ask_for() -> None:
    texts = {"type": "array", "items": {"type": "string"}}
    assert one(texts, "from 2024-02-28 to 2024-03-01", name="dates") == ["2024-02-28", "2024-03-01"]
    assert one(texts, "Paris, Rome and Oslo in one go", name="cities") == ["Paris", "Rome", "Oslo"]
    assert one({"type": "array", "items": {"type": "number"}}, "mean of 1, 2 and 3.5") == [1, 2, 3.5]
    assert one({"type": "array", "items": {"type": "integer"}, "minItems": 3, "uniqueItems": True}, "none") == [0, 1, 2]
    assert one({"type": "array", "items": {"enum": ["red", "blue"]}}, "the blue one") == ["blue"]
    assert one({"type": "array", "maxItems": 0}, "Paris") == []


def test_objects_in_arrays_are_made_as_long_as_there_is_evidence() -> None:
    person: dict[str, Any] = {"type": "object", "required": ["name", "age"]}
    person["properties"] = {"name": {"type": "string"}, "age": {"type": "integer"}}
    schema = {"$defs": {"person": person}, "type": "object", "required": ["people"]}
    schema["properties"] = {"people": {"type": "array", "items": {"$ref": "#/$defs/person"}}}
    people = [{"name": "Alice", "age": 30}, {"name": "Bob", "age": 25}]
    assert fill(schema, "Alice is 30 and Bob is 25") == {"people": people}


def test_an_event_with_a_title_a_day_and_people() -> None:
    schema: dict[str, Any] = {"type": "object", "required": ["name", "day", "people"], "additionalProperties": False}
    schema["properties"] = {
        "name": {"type": "string"},
        "day": {"type": "integer"},
        "people": {"type": "array", "items": {"type": "string"}},
    }
    value = fill(schema, "Alice and Bob go to 'Science Fair' on day 5")
    assert value == {"name": "Science Fair", "day": 5, "people": ["Alice", "Bob"]}


def test_all_of_and_one_of() -> None:
    schema = {
        "allOf": [
            {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
            {"properties": {"when": {"oneOf": [{"type": "null"}, {"type": "integer"}]}}, "required": ["when"]},
        ]
    }
    assert fill(schema, "in Paris") == {"city": "Paris", "when": None}


_NODE = {"type": "object", "properties": {"next": {"$ref": "#"}, "name": {"type": "string"}}, "required": ["next"]}


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"$ref": "https://example.org/elsewhere"},
        {"$ref": "#/$defs/missing"},
        {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]},
        {"type": "array", "minItems": 20, "items": {"$ref": "#"}},
        {"type": "array", "prefixItems": [{"$ref": "#"}] * 10},
        _NODE,
        {"type": "object", "properties": {"a": 5, "b": None}, "required": ["a", 3, "c"]},
        {"foo": "bar"},
        {"enum": []},
        {"type": "integer", "minimum": "x", "multipleOf": 0},
        {"type": "string", "pattern": "(((("},
    ],
)
def test_endless_and_broken_schemas_give_some_value(schema: dict[str, Any]) -> None:
    Filler(schema, Supply(read_prompt("Alice and Bob, 3").whole)).fill()
