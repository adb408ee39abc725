"""Schemas from signatures."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional

import jsonschema_rs
import pytest
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from promptdock import ToolContext, tool
from promptdock.errors import ConfigurationError

if TYPE_CHECKING:
    from decimal import Decimal as OnlyForTheTypeChecker


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Stop(BaseModel):
    """A place."""

    title: str
    minutes: int = Field(5, description="How long.")


@dataclass
class Box:
    width: int


class Extra(TypedDict):
    note: str


class NotJson:
    pass


def properties(function: Callable[..., Any]) -> dict[str, Any]:
    """The properties of a function's schema, which is a valid one."""
    function.__doc__ = function.__doc__ or "Do it."
    schema = tool(function).parameters
    jsonschema_rs.meta.validate(schema)
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    found: dict[str, Any] = schema["properties"]
    return found


def test_plain_types_and_defaults() -> None:
    def f(a: int, b: str = "x", *, c: bool = False, d: float | None = None) -> None: ...

    assert properties(f) == {
        "a": {"type": "integer"},
        "b": {"type": "string", "default": "x"},
        "c": {"type": "boolean", "default": False},
        "d": {"anyOf": [{"type": "number"}, {"type": "null"}], "default": None},
    }
    assert tool(f).parameters["required"] == ["a"]


def test_narrowed_types() -> None:
    def f(
        sides: Annotated[int, Field(ge=2, description="Faces.")],
        colour: Colour,
        unit: Literal["c", "f"] = "c",
        count: int = Field(1, le=9),
    ) -> None:
        """Do it.

        Args:
            sides: Loses against the annotation.
            colour: Of the die.
        """

    found = properties(f)
    assert found["sides"] == {"type": "integer", "minimum": 2, "description": "Faces."}
    assert found["colour"] == {"$ref": "#/$defs/Colour", "description": "Of the die."}
    assert found["unit"] == {"type": "string", "enum": ["c", "f"], "default": "c"}
    assert found["count"] == {"type": "integer", "maximum": 9, "default": 1}
    assert tool(f).parameters["$defs"]["Colour"] == {"type": "string", "enum": ["red", "blue"]}


def test_nested_types_keep_their_definitions_and_lose_titles_but_not_a_property_of_that_name() -> None:
    def f(stops: list[Stop], box: Box, extra: Extra, when: datetime, by: dict[str, date], tag: set[str]) -> None: ...

    found = properties(f)
    assert found["stops"] == {"type": "array", "items": {"$ref": "#/$defs/Stop"}}
    definition = tool(f).parameters["$defs"]["Stop"]
    assert definition["properties"] == {
        "title": {"type": "string"},
        "minutes": {"type": "integer", "default": 5, "description": "How long."},
    }
    assert "title" not in definition
    assert found["when"] == {"type": "string", "format": "date-time"}
    assert found["tag"]["uniqueItems"] is True


def test_names_that_pydantic_keeps_to_itself() -> None:
    def f(
        schema: int, json: int, copy: int, model_config: int, _hidden: int, model_fields: int, construct: int
    ) -> None: ...

    assert list(properties(f)) == ["schema", "json", "copy", "model_config", "_hidden", "model_fields", "construct"]


def test_a_default_without_json_form_is_only_left_out_of_the_schema() -> None:
    def f(a: Any = object(), b: Any = NotJson) -> None: ...  # noqa: B008

    assert properties(f) == {"a": {}, "b": {}}
    assert "required" not in tool(f).parameters


def test_the_context_is_not_shown() -> None:
    def plain(a: int, context: ToolContext) -> None: ...
    def optional(a: int, context: Optional[ToolContext] = None) -> None: ...  # noqa: UP045
    def union(a: int, context: ToolContext | None = None) -> None: ...
    def annotated(a: int, *, context: Annotated[ToolContext, "ours"]) -> None: ...

    for function in (plain, optional, union, annotated):
        assert list(properties(function)) == ["a"], function
        assert tool(function).arguments.contexts == ("context",)


def test_the_context_may_be_imported_for_the_type_checker_only() -> None:
    namespace: dict[str, Any] = {}
    exec("def f(a: int, context: 'ToolContext') -> None: 'Do it.'", namespace)
    assert list(properties(namespace["f"])) == ["a"]


def _unannotated() -> Callable[..., Any]:
    namespace: dict[str, Any] = {}
    exec("def f(a: int, b) -> None: 'Do it.'", namespace)
    found: Callable[..., Any] = namespace["f"]
    return found


def _positional(a: int, /) -> None:
    """Do it."""


def _values(*a: int) -> None:
    """Do it."""


def _names(**a: int) -> None:
    """Do it."""


def _unresolved(a: OnlyForTheTypeChecker) -> None:
    """Do it."""


def _not_json(fine: int, odd: NotJson) -> None:
    """Do it."""


def _look_around(fine: int, odd: Annotated[str, Field(pattern="(?=a)b")]) -> None:
    """Do it."""


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (_unannotated(), r"'b' .* has no type\. Annotate it, e\.g\. 'b: str'"),
        (_positional, "'a: .*positional-only"),
        (_values, r"'\*a: .*write one parameter of type list"),
        (_names, r"'\*\*a: .*explicit schema"),
        (_unresolved, "_unresolved cannot be resolved: name 'OnlyForTheTypeChecker' is not defined"),
        (_not_json, "Parameter 'odd' of .*_not_json has a type that JSON cannot carry: .*NotJson"),
        (_look_around, "Parameter 'odd' of .*look-around"),
    ],
)
def test_what_no_schema_can_be_made_of(function: Callable[..., Any], reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        tool(function).check()


def test_decimals_are_numbers_or_texts_that_are_decimals() -> None:
    """Of a bounded one only the number: no schema bounds a text."""

    @tool
    def pay(amount: Decimal, most: Annotated[Decimal, Field(le=5)]) -> str:
        """Pay."""
        return f"{amount} of {most}"

    properties = pay.parameters["properties"]
    text = properties["amount"]["anyOf"][1]
    assert properties["amount"]["anyOf"][0] == {"type": "number"}
    assert re.search(text["pattern"], "-12.50")
    assert not re.search(text["pattern"], "much")
    assert properties["most"] == {"type": "number", "maximum": 5.0}
