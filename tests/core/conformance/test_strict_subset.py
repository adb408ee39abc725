"""What vendors take of JSON Schema, and what one of them refuses."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import AnyUrl, BaseModel, Field

from promptdock import tool
from promptdock.conformance.strict_subset import departures


class Unit(StrEnum):
    METRIC = "metric"
    IMPERIAL = "imperial"


class Place(BaseModel):
    name: str
    country: str | None = None


class Route(BaseModel):
    stops: list[Place]
    unit: Unit = Unit.METRIC


class Tree(BaseModel):
    leaves: list[Tree] = []


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


@tool
def ordinary(
    route: Route,
    via: Place | None = None,
    count: Annotated[int, Field(ge=1, lt=9)] = 1,
    factor: float = 0.5,
    words: Annotated[list[Annotated[str, Field(min_length=1)]], Field(max_length=3)] = [],  # noqa: B006
    day: datetime | None = None,
    key: UUID | None = None,
    page: AnyUrl | None = None,
    mode: Literal["fast", "slow"] = "fast",
    pet: Cat | Dog | None = None,
    code: Annotated[str, Field(pattern=r"^[A-Z]{2}\d+$", examples=["AB12"])] = "AB1",
) -> str:
    """Do anything."""
    return ""


def test_what_ordinary_signatures_give_is_inside() -> None:
    assert list(departures(ordinary.parameters)) == []


def of(hint: Any) -> str:
    """Where the schema of a tool with one parameter of a type leaves the subset."""

    def function(x: Any) -> str:
        """Do it."""
        return ""

    function.__annotations__["x"] = hint
    return "; ".join(f"{found.path}: {found.what}" for found in departures(tool(function).parameters))


@pytest.mark.parametrize(
    ("hint", "what"),
    [
        (dict[str, int], "x: it takes properties of any name"),
        (dict[str, list[int]] | None, "x.anyOf[0]: it takes properties of any name"),
        (list, "x: it is a list whose items have no type"),
        (Any, "x: it has no type"),
        (set[str], "x: it uses uniqueItems"),
        (tuple[int, str], "x: it uses prefixItems"),
        (Tree, "x.leaves[]: Tree contains itself"),
        (bytes, "x: it has the format 'binary', which no vendor knows"),
        (Path, "x: it has the format 'path', which no vendor knows"),
        (Annotated[Cat | Dog, Field(discriminator="kind")], "x: it uses discriminator; x: it uses oneOf"),
        (list[dict[str, str]], "x[]: it takes properties of any name"),
    ],
)
def test_types_that_a_vendor_refuses(hint: Any, what: str) -> None:
    assert of(hint) == what


def object_of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "path", "what"),
    [
        ({"type": "array", "items": {"type": "string"}}, "", "its root is not of type object"),
        (object_of() | {"anyOf": [{"required": ["a"]}]}, "", "anyOf stands at its root"),
        (object_of() | {"oneOf": [{"required": ["a"]}]}, "", "oneOf stands at its root"),
        (object_of() | {"$schema": "https://json-schema.org/draft/2020-12/schema"}, "", "it uses $schema"),
        (object_of() | {"patternProperties": {"^x": {}}}, "", "it uses patternProperties"),
        (object_of(a={"type": "object"}), "a", "it is an object that names no properties"),
        (object_of(a=True), "a", "it is true where a schema with a type has to be"),
        (object_of(a={"not": {"type": "null"}}), "a", "it uses not"),
        (object_of(a={"type": "string", "pattern": "(?=.*x).*"}), "a", "its pattern uses '(?='"),
        (object_of(a={"type": "string", "pattern": "(?<!x)y"}), "a", "its pattern uses '(?<!'"),
        (object_of(a={"type": "string", "pattern": r"(a)\1"}), "a", "its pattern uses '\\\\1'"),
        (object_of(a={"type": "string", "pattern": r"^\p{L}+$"}), "a", "its pattern uses '\\\\p{'"),
        (object_of(a={"enum": [{"b": 1}]}), "a", "its enumeration holds objects or lists"),
        (object_of(a={"$ref": "https://example.com/x.json"}), "a", "it refers to https://example.com/x.json"),
        (object_of(a={"$ref": "#/$defs/B"}), "a", "it refers to #/$defs/B, which is not in its own $defs"),
        (object_of(a={"type": "string", "x-order": 1}), "a", "it uses x-order"),
        (object_of(a={"type": "integer", "enum": list(range(1001))}), "", "it has 1,001 values in enumerations"),
        (object_of(**{f"p{n}": {"type": "string"} for n in range(5001)}), "", "it has 5,001 properties"),
        (object_of(a={"enum": ["x" * 130_000]}), "", "it has 130,001 characters in names and enumerations"),
    ],
)
def test_schemas_that_a_vendor_refuses(schema: dict[str, Any], path: str, what: str) -> None:
    assert any(found.path == path and found.what.startswith(what) for found in departures(schema)), list(
        departures(schema)
    )


def test_objects_may_lie_ten_deep() -> None:
    nested: dict[str, Any] = {"type": "string"}
    for _ in range(10):
        nested = object_of(a=nested)
    assert list(departures(nested)) == []
    assert [found.what for found in departures(object_of(a=nested))] == ["it lies 11 objects deep; 10 are taken"]


def test_a_description_may_stand_beside_a_reference_and_a_pattern_may_not() -> None:
    definitions = {"$defs": {"B": {"type": "string"}}}
    assert list(departures(object_of(a={"$ref": "#/$defs/B", "description": "What"}) | definitions)) == []
    (found,) = departures(object_of(a={"$ref": "#/$defs/B", "pattern": "x"}) | definitions)
    assert found.what == "pattern stands beside $ref"


def test_a_definition_that_nothing_uses_is_looked_at_too() -> None:
    (found,) = departures(object_of() | {"$defs": {"B": {"type": "array"}}})
    assert found.path == "$defs.B"


def test_definitions_that_contain_each_other_are_found() -> None:
    definitions = {"$defs": {"A": object_of(b={"$ref": "#/$defs/B"}), "B": object_of(a={"$ref": "#/$defs/A"})}}
    found = [departure.what for departure in departures(object_of(a={"$ref": "#/$defs/A"}) | definitions)]
    assert found == ["A contains itself"]


def test_escaped_backslashes_are_no_back_references() -> None:
    assert list(departures(object_of(a={"type": "string", "pattern": r"^\\1$"}))) == []
