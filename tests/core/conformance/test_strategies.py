"""Arguments drawn from schemas: they fit, they are the same ones each time, and they leave nothing behind."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import jsonschema_rs
import pytest
from pydantic import BaseModel, Field

from promptdock import Tool, tool
from promptdock.conformance.generating import draw
from promptdock.conformance.strategies import Values
from promptdock.conformance.texts import AWKWARD


class Point(BaseModel):
    """Nested."""

    x: int = Field(ge=0, le=5)
    y: float | None = None


class Node(BaseModel):
    """Recursive."""

    name: str
    children: list[Node] = []


@tool
def everything(
    point: Point,
    points: Annotated[list[Point], Field(min_length=1, max_length=3)],
    tree: Node,
    day: dt.date,
    moment: dt.datetime,
    clock: dt.time,
    span: dt.timedelta,
    identity: uuid.UUID,
    choice: Literal["a", "b"],
    counts: dict[str, int],
    pair: tuple[int, str],
    code: Annotated[str, Field(pattern="^[a-z]{2,5}$")],
    words: set[str],
    share: Annotated[float, Field(gt=0, lt=1)],
    even: Annotated[int, Field(multiple_of=2, ge=-10, le=10)],
    note: Annotated[str, Field(min_length=3, max_length=5)] | None = None,
    flag: bool = False,
) -> str:
    """Take one of everything that ``@tool`` can describe."""
    return ""


HAND_WRITTEN: dict[str, dict[str, Any]] = {
    "prefix": {"type": "array", "prefixItems": [{"type": "integer"}, {"const": "x"}], "items": False},
    "one of": {"oneOf": [{"type": "integer", "minimum": 5}, {"type": "string", "maxLength": 2}]},
    "all of": {"allOf": [{"type": "integer", "minimum": 2}, {"maximum": 3}]},
    "several types": {"type": ["string", "null", "boolean"]},
    "no type": {"enum": [1, "two", None]},
    "nothing said": {},
    "open object": {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 1},
    "unique": {"type": "array", "items": {"type": "integer"}, "uniqueItems": True, "minItems": 2},
    "narrow": {"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 3},
    "far": {"type": "number", "minimum": 1e300},
    "e-mail": {"type": "string", "format": "email"},
    "a pattern of another dialect": {"type": "string", "pattern": "^\\p{L}$"},
}


def drawn(made: Tool, count: int = 60) -> tuple[dict[str, Any], ...]:
    """Arguments for a tool."""
    return draw(lambda: Values(made.parameters, made.examples).whole(), count)


def test_what_is_drawn_for_a_typed_function_is_taken_by_it() -> None:
    """All kinds of parameters at once."""
    values = drawn(everything)
    assert len(values) == 60
    for value in values:
        everything.arguments.read(value)
    assert any("note" in value for value in values)
    assert any("note" not in value for value in values)


@pytest.mark.parametrize("schema", HAND_WRITTEN.values(), ids=HAND_WRITTEN)
def test_what_is_drawn_fits_a_schema_written_by_hand(schema: dict[str, Any]) -> None:
    """Whatever the generator does not know of a schema, nothing else is given."""
    whole = {"type": "object", "properties": {"value": schema}, "required": ["value"], "additionalProperties": False}
    values = draw(lambda: Values(whole).whole(), 30)
    assert values
    assert all(jsonschema_rs.is_valid(whole, value) for value in values)


def test_a_schema_that_nothing_fits_gives_nothing() -> None:
    """And no error."""
    never = {"type": "object", "properties": {"value": False}, "required": ["value"]}
    assert draw(lambda: Values(never).whole(), 10) == ()


def test_the_same_values_are_drawn_each_time() -> None:
    """A check that changes its mind is none."""
    assert drawn(everything) == drawn(everything)


def test_extremes_and_awkward_texts_are_among_them() -> None:
    """They are what the drawing is for."""

    @tool
    def say(text: str, number: int) -> str:
        """Say."""
        return text

    values = drawn(say, 200)
    texts = "".join(value["text"] for value in values)
    assert "\x00" in texts
    assert "\u202e" in texts
    assert max(value["number"] for value in values) >= 2**63


def test_examples_are_taken_further() -> None:
    """Arguments that make sense reach the code behind the first check."""

    @tool(examples=[{"expression": "(17 + 4) * 2"}])
    def calculate(expression: str) -> str:
        """Calculate."""
        return expression

    expressions = {value["expression"] for value in drawn(calculate)}
    longer = {text for text in expressions if text.startswith("(17 + 4) * 2") and len(text) > 12}
    assert "(17 + 4) * 2" in expressions
    assert longer


def test_nothing_is_left_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """hypothesis likes to keep a folder in the current one."""
    monkeypatch.chdir(tmp_path)
    drawn(everything)
    assert list(tmp_path.iterdir()) == []


@tool(examples=[{"moment": "2024-01-01T00:00:00Z", "day": "2024-02-29", "amount": "1.50", "note": "lunch"}])
def spend(moment: dt.datetime, day: dt.date, amount: Decimal, note: str) -> str:
    """Spend."""
    return note


def test_what_is_drawn_from_examples_is_taken_by_the_tool() -> None:
    """Of two dates in a row no date comes; a free text goes on."""
    drawn = draw(lambda: Values(spend.parameters, spend.examples).whole(), 200)
    for arguments in drawn:
        spend.arguments.read(arguments)
    notes = [arguments["note"] for arguments in drawn]
    assert any(note.startswith("lunch") and note != "lunch" for note in notes)


@pytest.mark.parametrize("text", [text for text in AWKWARD if "/" in text or "\\" in text])
def test_no_text_leads_to_a_file(text: str) -> None:
    """A tool in native code may remove what it is given, and nobody hears of it."""
    assert not Path(text).exists()
    assert not Path(text.removeprefix("file://")).exists()


def test_no_path_comes_of_drawn_texts() -> None:
    drawn = draw(lambda: Values({"type": "object", "properties": {"x": {"type": "string"}}}).whole(), 300)
    texts = [arguments["x"] for arguments in drawn if "x" in arguments]
    assert {text for text in texts if "/" in text} <= set(AWKWARD)


@pytest.mark.parametrize(
    ("definition", "fits"),
    [
        ({"$ref": "#/$defs/A"}, False),
        ({"$ref": "#"}, False),
        ({"anyOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/A"}]}, False),
        ({"allOf": [{"$ref": "#/$defs/A"}]}, False),
        ({"type": "array", "prefixItems": [{"$ref": "#/$defs/A"}]}, False),
        (
            {
                "anyOf": [
                    {
                        "type": "object",
                        "properties": {"left": {"$ref": "#/$defs/A"}, "right": {"$ref": "#/$defs/A"}},
                        "required": ["left", "right"],
                    },
                    {"type": "integer"},
                ]
            },
            True,
        ),
    ],
    ids=["itself", "root", "choice", "all", "list", "tree"],
)
def test_references_that_never_end_are_left(definition: dict[str, Any], fits: bool) -> None:
    """Nothing is written for them; where there is a way out, it is taken."""
    schema = {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/A"}},
        "required": ["a"],
        "$defs": {"A": definition},
    }
    assert bool(draw(lambda: Values(schema, []).whole(), 10)) is fits
