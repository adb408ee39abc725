"""The properties of an object schema, as the filler needs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .dates import iso_date
from .numbers import find_numbers
from .schemas import Subject, alternatives, resolved, subject_of, type_of
from .supply import Supply
from .words import split_name

__all__ = ["Property", "read_properties"]

_MOST_PROPERTIES = 100


@dataclass(frozen=True, slots=True)
class Property:
    """A property of an object.

    Attributes:
        name: Its name.
        schema: Its schema, resolved.
        subject: What it is about.
        required: Whether the object needs it.
        scalar: The schema of the text or number that it takes; None when it takes something else.
    """

    name: str
    schema: dict[str, Any]
    subject: Subject
    required: bool
    scalar: dict[str, Any] | None

    def stated(self, supply: Supply) -> Any:
        """What the prompt says by the property's name, taken from the supply; None when it says nothing fitting."""
        if self.scalar is None:
            return None
        pair = supply.pair(self.name) or supply.pair(" ".join(split_name(self.name)))
        if pair is None:
            return None
        start, end, written = pair
        value = _read(written, self.scalar)
        if value is not None:
            supply.taken.update(range(start, end))
        return value


def _read(written: str, schema: Mapping[str, Any]) -> Any:
    kind = type_of(schema)
    if kind == "string":
        return iso_date(written) if schema.get("format") == "date" else written
    numbers = [value for _, _, value in find_numbers(written) if not isinstance(value, str)]
    if not numbers or (kind == "integer" and numbers[0] != int(numbers[0])):
        return None
    return int(numbers[0]) if kind == "integer" else numbers[0]


def read_properties(schema: Mapping[str, Any], root: Mapping[str, Any]) -> list[Property]:
    """Read the properties of an object schema, resolved, in their order."""
    required = set(schema.get("required", ()))
    found: list[Property] = []
    for name, inner in list(schema.get("properties", {}).items())[:_MOST_PROPERTIES]:
        whole = resolved(inner, root)
        found.append(Property(name, whole, subject_of(name, whole), name in required, _scalar(whole, root)))
    return found + [
        Property(name, {}, subject_of(name, {}), True, {"type": "string"})
        for name in sorted(required - {entry.name for entry in found})
    ]


def _scalar(schema: dict[str, Any], root: Mapping[str, Any]) -> dict[str, Any] | None:
    """The text or number that a property takes, with or without null beside it."""
    if "enum" in schema or "const" in schema:
        return None
    branches = [branch for branch in alternatives(schema, root) if type_of(branch) != "null"]
    if len(branches) > 1 or (branches and ("enum" in branches[0] or "const" in branches[0])):
        return None
    inner = branches[0] if branches else schema
    return inner if type_of(inner) in ("string", "integer", "number") else None
