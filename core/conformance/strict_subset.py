"""The part of JSON Schema that vendors take for tools, strict modes included, and where a schema leaves it.

The host sends schemas as they are. A client that asks a vendor for strict mode first makes the change that all of them
want: each object closed, each property required, what was optional nullable, and what only narrows a value or comments
on it moved into the text where the vendor does not know it. So the subset asks two things of a schema. Its *shape*
(objects, lists, unions, references) must be one that every vendor has. A *narrowing* of one value must be known to at
least one of them, since the others lose nothing of the shape by dropping it; promptdock checks it in any case.
``docs/conformance.md`` has the table with where each fact comes from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from ..jsontext import JsonObject

__all__ = ["FORMATS", "KEYWORDS", "REMEDIES", "Departure", "departures"]

KEYWORDS: Final = frozenset(
    {
        *("type", "enum", "const", "anyOf", "$ref", "$defs"),
        *("properties", "required", "additionalProperties", "items"),
        *("pattern", "format", "minLength", "maxLength"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems", "maxItems"),
        *("title", "description", "default", "examples", "deprecated"),
    }
)
"""The keywords that may be used; the last line only comments."""

FORMATS: Final = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid", "uri"}
)
"""The formats that a vendor knows."""

REMEDIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "oneOf": "Take a plain union, which becomes anyOf: leave pydantic's discriminator out.",
        "discriminator": "Leave pydantic's discriminator out; a Literal field in each model tells them apart.",
        "allOf": "Write the parts as one schema.",
        "prefixItems": "Take an object with a name for each part instead of a tuple.",
        "uniqueItems": "Take a list instead of a set, and drop what comes twice in the tool.",
        "patternProperties": "Take a list of objects with a name and a value.",
        "propertyNames": "Take a list of objects with a name and a value.",
        "$schema": "Leave it out: promptdock reads 2020-12.",
        "definitions": "Call it $defs.",
    }
)
_REMEDY: Final = "Leave it out; say in the description what it demands, and check that in the tool."

_TYPED: Final = ("type", "$ref", "anyOf", "enum", "const")
_BESIDE_REF: Final = frozenset({"$ref", "description", "default", "title", "$defs"})
_NOT_AT_ROOT: Final = ("anyOf", "oneOf", "allOf", "not", "if", "enum", "const", "$ref")
_PATTERN: Final = re.compile(r"\(\?<?[=!]|\(\?P=|\\[1-9]|\\[pP]\{")
_DEEPEST: Final = 10
_MOST_PROPERTIES: Final = 5_000
_MOST_VALUES: Final = 1_000
_MOST_CHARACTERS: Final = 120_000


class Departure(NamedTuple):
    """One place where a schema leaves the subset: where, what is there, and what to write instead."""

    path: str
    what: str
    remedy: str


def departures(schema: JsonObject) -> Iterator[Departure]:
    """Find where a schema of arguments leaves the subset.

    Args:
        schema: A valid JSON schema.

    Yields:
        Each place, from the root down.
    """
    if schema.get("type") != "object":
        yield Departure("", "its root is not of type object", "Give the root 'type': 'object'.")
    for keyword in _NOT_AT_ROOT:
        if keyword in schema:
            yield Departure(
                "", f"{keyword} stands at its root", "Make a property of it: the root only has properties, no choices."
            )
    walk = _Walk(schema)
    yield from walk.node(schema, "", 1, ())
    for name, defined in _objects(schema.get("$defs")):
        if name not in walk.visited:
            yield from walk.node(defined, f"$defs.{name}", 1, (name,))
    yield from walk.sizes()


class _Walk:
    """One walk over one schema, which counts what is limited over all of it."""

    def __init__(self, root: JsonObject) -> None:
        self._definitions = dict(_objects(root.get("$defs")))
        self.visited: set[str] = set()
        self._properties = self._values = 0
        self._characters = sum(map(len, self._definitions))

    def node(self, schema: Any, path: str, depth: int, inside: tuple[str, ...]) -> Iterator[Departure]:
        """Look at one schema and at all below it."""
        if not isinstance(schema, dict):
            yield Departure(
                path, f"it is {str(schema).lower()} where a schema with a type has to be", "Give it a type."
            )
            return
        for keyword in sorted(schema.keys() - KEYWORDS):
            if path or keyword not in _NOT_AT_ROOT:
                yield Departure(path, f"it uses {keyword}", REMEDIES.get(keyword, _REMEDY))
        if not any(keyword in schema for keyword in (*_TYPED, "oneOf", "allOf")):
            yield Departure(path, "it has no type", "Annotate it with a type that JSON has, not with Any or object.")
        yield from _narrowings(schema, path)
        self._count(schema)
        if "$ref" in schema:
            yield from self._reference(schema, path, depth, inside)
        for place, choice in enumerate(schema.get("anyOf", ())):
            yield from self.node(choice, f"{path}.anyOf[{place}]".lstrip("."), depth, inside)
        if "object" in _types(schema):
            yield from self._object(schema, path, depth, inside)
        if "array" in _types(schema) and "prefixItems" not in schema:
            yield from self._array(schema, path, depth, inside)

    def _object(self, schema: JsonObject, path: str, depth: int, inside: tuple[str, ...]) -> Iterator[Departure]:
        if schema.get("additionalProperties", False) is not False:
            yield Departure(
                path,
                "it takes properties of any name",
                "Name the properties (a pydantic model, a dataclass), or take a list of objects with a name and a "
                "value. In a schema of your own: 'additionalProperties': false.",
            )
        elif "properties" not in schema:
            yield Departure(path, "it is an object that names no properties", "Name its properties.")
        if depth > _DEEPEST:
            yield Departure(path, f"it lies {depth} objects deep; {_DEEPEST} are taken", "Make it flatter.")
            return
        for name, member in _objects(schema.get("properties")):
            yield from self.node(member, f"{path}.{name}".lstrip("."), depth + 1, inside)

    def _array(self, schema: JsonObject, path: str, depth: int, inside: tuple[str, ...]) -> Iterator[Departure]:
        items = schema.get("items")
        if not isinstance(items, dict) or not any(keyword in items for keyword in (*_TYPED, "oneOf", "allOf")):
            yield Departure(path, "it is a list whose items have no type", "Say what is in it: list[str], say.")
        else:
            yield from self.node(items, f"{path}[]", depth, inside)

    def _reference(self, schema: JsonObject, path: str, depth: int, inside: tuple[str, ...]) -> Iterator[Departure]:
        target = str(schema["$ref"])
        name = target.removeprefix("#/$defs/")
        if name == target or name not in self._definitions:
            yield Departure(path, f"it refers to {target}, which is not in its own $defs", "Refer to '#/$defs/…'.")
            return
        beside = sorted((schema.keys() & KEYWORDS) - _BESIDE_REF)
        if beside:
            yield Departure(
                path, f"{', '.join(beside)} stands beside $ref", "Put it into the definition; a description may stay."
            )
        if name in inside:
            yield Departure(path, f"{name} contains itself", "Limit the depth: a model of its own for each level.")
        elif name not in self.visited:
            self.visited.add(name)
            yield from self.node(self._definitions[name], path, depth, (*inside, name))

    def _count(self, schema: JsonObject) -> None:
        names = list(schema.get("properties", ()))
        values = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else [])]
        self._properties += len(names)
        self._values += len(values)
        self._characters += sum(map(len, names)) + sum(len(value) for value in values if isinstance(value, str))

    def sizes(self) -> Iterator[Departure]:
        """Compare what was counted with the limits."""
        for count, most, what in (
            (self._properties, _MOST_PROPERTIES, "properties"),
            (self._values, _MOST_VALUES, "values in enumerations"),
            (self._characters, _MOST_CHARACTERS, "characters in names and enumerations"),
        ):
            if count > most:
                yield Departure("", f"it has {count:,} {what}; {most:,} are taken", "Make several tools of it.")


def _narrowings(schema: JsonObject, path: str) -> Iterator[Departure]:
    known = schema.get("format")
    if known is not None and known not in FORMATS:
        yield Departure(
            path,
            f"it has the format {known!r}, which no vendor knows",
            "Take text (str), say in the description how it is written, and read it in the tool.",
        )
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and (found := _PATTERN.search(pattern.replace("\\\\", ""))):
        yield Departure(
            path,
            f"its pattern uses {found.group()!r}",
            "Write it without look-around, back-references and \\p{…}; check the rest in the tool.",
        )
    if any(isinstance(value, (dict, list)) for value in schema.get("enum", ())):
        yield Departure(path, "its enumeration holds objects or lists", "Enumerate texts or numbers.")


def _types(schema: JsonObject) -> tuple[Any, ...]:
    kind = schema.get("type")
    return tuple(kind) if isinstance(kind, list) else (kind,)


def _objects(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from value.items()
