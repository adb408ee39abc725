"""Hostile calls: what kinds there are, and that each of them is what it says."""

from __future__ import annotations

import json

from promptdock.conformance.hostile import hostile_calls

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "array", "items": {"type": "integer"}}},
    "required": ["city"],
    "additionalProperties": False,
}
CALLS = {call.what: call.raw for call in hostile_calls(SCHEMA, {"city": "Ulm", "days": [1]})}


def test_texts_that_are_no_object_are_among_them() -> None:
    """Cut off, wrapped, or something else."""
    for what in ("half of the text", "no JSON", "two objects", "a text around the object", "single quotes"):
        try:
            json.loads(CALLS[what])
        except ValueError:
            continue
        raise AssertionError(what)


def test_members_are_missing_too_many_and_of_wrong_types() -> None:
    """Each member in turn."""
    assert json.loads(CALLS["city is missing"]) == {"days": [1]}
    assert json.loads(CALLS["an extra member"])["promptdock_no_such_parameter"] == 1
    assert json.loads(CALLS["city is None"]) == {"city": None, "days": [1]}
    assert json.loads(CALLS["days is 'null'"])["days"] == "null"
    assert json.loads(CALLS["days holds {}"])["days"] == [{}]


def test_texts_and_numbers_go_to_extremes() -> None:
    """Sizes that nobody expects, and text that is none."""
    assert len(json.loads(CALLS["city is a huge text"])["city"]) == 200_000
    assert '"city": NaN' in CALLS["city is NaN"]
    assert CALLS["days is a deeply nested array"].count("[") == 5_000
    assert "\\ud800" in CALLS["city is a lone surrogate"]
    assert "\ud800" in CALLS["city is a raw surrogate"]
