"""Changes of schemas: each is told, with what it means for those who call the tool."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from promptdock import tool as decorate
from promptdock.testing.schema_changes import tool_changes

SIDES: dict[str, Any] = {"type": "integer", "description": "Faces.", "minimum": 1, "default": 6}


def roll(**changes: Any) -> dict[str, Any]:
    """A tool with one required parameter, whose schema has been changed."""
    return tool({"sides": {**SIDES, **changes}}, required=["sides"])


def tool(properties: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {
        "name": "roll",
        "description": "Roll.",
        "parameters": {"type": "object", "properties": properties, "required": [], **members},
    }


def changes(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    return list(tool_changes({"dice.roll": before}, {"dice.roll": now}))


def test_nothing_changed() -> None:
    assert changes(roll(), roll()) == []


def test_tools_come_and_go() -> None:
    assert list(tool_changes({"dice.roll": roll()}, {"dice.throw": roll()})) == [
        "breaking: the tool dice.roll is gone",
        "additive: the tool dice.throw is new",
    ]


@pytest.mark.parametrize(
    ("now", "change"),
    [
        ({**roll(), "name": "throw"}, "breaking: dice.roll was called 'roll', and is called 'throw'"),
        ({**roll(), "description": "X"}, "cosmetic: dice.roll reads 'X' instead of 'Roll.'"),
        (tool({}), "breaking: the parameter 'sides' of dice.roll is gone"),
        (tool({"sides": SIDES}), "additive: the parameter 'sides' of dice.roll is optional now"),
        (
            tool({"sides": SIDES, "by": {}}, required=["sides", "by"]),
            "breaking: the parameter 'by' of dice.roll is new, and required",
        ),
        (
            tool({"sides": SIDES, "by": {}}, required=["sides"]),
            "additive: the parameter 'by' of dice.roll is new",
        ),
        (
            tool({"sides": SIDES}, required=["sides"], additionalProperties=False),
            "breaking: dice.roll has additionalProperties false instead of no additionalProperties",
        ),
        (roll(description="Y"), "cosmetic: the parameter 'sides' of dice.roll reads 'Y' instead of 'Faces.'"),
        (roll(default=8), "breaking: the parameter 'sides' of dice.roll has default 8 instead of default 6"),
        (roll(minimum=2), "breaking: the parameter 'sides' of dice.roll has minimum 2 instead of minimum 1"),
        (roll(minimum=0), "additive: the parameter 'sides' of dice.roll has minimum 0 instead of minimum 1"),
        (roll(maximum=9), "breaking: the parameter 'sides' of dice.roll has maximum 9 instead of no maximum"),
        (roll(type="number"), "additive: the parameter 'sides' of dice.roll takes \"number\", too (type)"),
        (roll(type=["integer", "null"]), "additive: the parameter 'sides' of dice.roll takes \"null\", too (type)"),
        (roll(type="string"), "breaking: the parameter 'sides' of dice.roll takes \"integer\" no more (type)"),
        (roll(enum=[4, 6]), "breaking: the parameter 'sides' of dice.roll has enum [4, 6] instead of no enum"),
    ],
)
def test_each_change_is_weighed(now: dict[str, Any], change: str) -> None:
    assert change in changes(roll(), now)


@pytest.mark.parametrize(
    "place",
    [
        lambda schema: {"type": "object", "properties": {"inner": schema}},
        lambda schema: {"type": "array", "items": schema},
    ],
    ids=["a member", "an item"],
)
def test_what_lies_within_is_weighed_as_well(place: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    before, now = (tool({"outer": place({"enum": names})}) for names in (["a", "b"], ["a", "c"]))
    lost, more = changes(before, now)
    assert lost.startswith("breaking: ")
    assert lost.endswith(" of the parameter 'outer' of dice.roll takes \"b\" no more (enum)")
    assert more.startswith("additive: ")
    assert more.endswith('takes "c", too (enum)')


def test_definitions_are_weighed_as_well() -> None:
    before, now = (tool({}, **{"$defs": {"Die": {"description": text}}}) for text in ("Old.", "New."))
    assert changes(before, now) == ["cosmetic: the definition 'Die' of dice.roll reads 'New.' instead of 'Old.'"]


def test_what_functions_became() -> None:
    """Schemas as they are made of signatures."""

    @decorate
    def before(sides: int, count: int = 1) -> int:
        """Roll."""
        return sides * count

    @decorate
    def now(sides: int | None, count: int = 2) -> int:
        """Roll."""
        return (sides or 6) * count

    assert changes({"parameters": before.parameters}, {"parameters": now.parameters}) == [
        "breaking: the parameter 'count' of dice.roll has default 2 instead of default 1",
        'additive: the parameter \'sides\' of dice.roll takes {"type": "null"}, too (anyOf)',
    ]
