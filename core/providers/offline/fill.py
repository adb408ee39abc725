"""Filling a JSON Schema from the words of a prompt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .choices import MENTIONED, chosen, presumed, scored, yes_or_no
from .fits import ENOUGH, Fit, fit, is_expression, is_free_text
from .limits import matching, within
from .patterns import example_of
from .properties import Property, read_properties
from .schemas import Subject, alternatives, resolved, subject_of, type_of
from .supply import Supply
from .topic import says_something, topic_of

__all__ = ["Filler"]

_MOST_DEPTH = 6
_MOST_NODES = 400
_MOST_ITEMS = 20
_MOST_WORDS = 200
_MOST_CHOICES = 12
_CALCULABLE = re.compile(r"\d|[-+*/^=<>√π∫]|\b(?:pi|tau|e|x|y)\b")
_NOTHING: Any = object()
"""No value; None is one."""


@dataclass(slots=True)
class Filler:
    """Fills one schema; every value it gives is one that the schema allows, as far as rules can tell.

    Attributes:
        root: The whole schema, which references point into.
        supply: What the prompt offers.
        missing: How many required values had nothing in the prompt to be made of.
        invented: How many of them are made up; the others are words of the prompt, taken for want of better ones.
        needs: The top-level properties that hold made-up values, with their choices where there are any.
    """

    root: Mapping[str, Any]
    supply: Supply
    missing: int = 0
    invented: int = 0
    needs: list[str] = field(default_factory=list)
    _nodes: int = field(default=0)

    def fill(self) -> Any:
        """Give the value of the whole schema."""
        schema = resolved(self.root, self.root)
        return self._value(schema, subject_of("", schema), depth=0, required=True)

    def _value(self, schema: dict[str, Any], subject: Subject, *, depth: int, required: bool) -> Any:
        """A value for a schema, or ``_NOTHING`` for an optional one of which the prompt does not speak."""
        self._nodes += 1
        if depth > _MOST_DEPTH or self._nodes > _MOST_NODES:
            return _ending(schema) if required else _NOTHING
        if "const" in schema:
            return schema["const"] if required else _NOTHING
        if "enum" in schema:
            return self._enumeration(schema, required=required)
        branches = alternatives(schema, self.root)
        if branches:
            return self._alternative(schema, branches, subject, depth=depth, required=required)
        kind = type_of(schema)
        if kind == "object":
            return self._object(schema, depth=depth, required=required)
        if kind == "array":
            return self._array(schema, subject, depth=depth, required=required)
        return self._scalar(schema, subject, required=required)

    def _enumeration(self, schema: dict[str, Any], *, required: bool) -> Any:
        found = chosen(schema["enum"], schema, self.supply, required=required)
        if found:
            return found[0]
        if not required:
            return _NOTHING
        self.missing += "default" not in schema
        likely = presumed(schema) if "default" not in schema else []
        if likely:
            return likely[0]
        self.invented += "default" not in schema and len(schema["enum"]) > 1
        wanted = schema.get("default", _NOTHING)
        return wanted if wanted in schema["enum"] else schema["enum"][0]

    def _alternative(
        self, schema: dict[str, Any], branches: list[dict[str, Any]], subject: Subject, *, depth: int, required: bool
    ) -> Any:
        for branch in branches:
            if type_of(branch) != "null":
                value = self._value(branch, subject, depth=depth + 1, required=False)
                if value is not _NOTHING:
                    return value
        if not required:
            return _NOTHING
        if "default" in schema:
            return schema["default"]
        if any(type_of(branch) == "null" for branch in branches):
            return None
        return self._value(branches[0], subject, depth=depth + 1, required=True)

    def _scalar(self, schema: dict[str, Any], subject: Subject, *, required: bool) -> Any:
        kind = type_of(schema)
        if kind == "boolean":
            answer = yes_or_no(subject, self.supply)
            if answer is None:
                return bool(schema.get("default", False)) if required else _NOTHING
            return answer
        best = self._best(schema, subject, required=required)
        if best is not _NOTHING:
            return best
        return self._plain(schema, subject) if required else _NOTHING

    def _best(self, schema: dict[str, Any], subject: Subject, *, required: bool) -> Any:
        fits = [
            (found, item)
            for item in self.supply.left()
            if (found := fit(item, schema, subject, self.supply)) and found.score >= ENOUGH
        ]
        usable = [pair for pair in fits if required or pair[0].specific]
        if not usable:
            return _NOTHING
        best, item = max(usable, key=lambda pair: pair[0].score)
        self.supply.take(item)
        return self._settled(best.value, schema)

    def _settled(self, value: Any, schema: dict[str, Any]) -> Any:
        if not isinstance(value, str) or "pattern" not in schema:
            return within(value, schema)
        clause = self.supply.clause
        words = [value, *(str(item.value) for item in clause.evidence), *clause.text.split()[:_MOST_WORDS]]
        tries = [text for word in words for text in (word, word.strip(".,!?"), word.upper())]
        found = matching(schema["pattern"], [*tries, example_of(schema["pattern"])])
        return found if found is not None else within(value, schema)

    def _plain(self, schema: dict[str, Any], subject: Subject) -> Any:
        """A value that the prompt gives no evidence for."""
        if "default" in schema:
            return schema["default"]
        self.missing += 1
        if type_of(schema) != "string" or schema.get("format"):
            likely = presumed(schema)
            self.invented += type_of(schema) != "null" and not likely
            return within(likely[0] if likely else None, schema)
        free = is_free_text(subject)
        self.missing -= free
        text = topic_of(self.supply, whole=free)
        self.invented += not _can_be(text, subject, self.supply)
        return self._settled(text or subject.name or "text", schema)

    def _array(self, schema: dict[str, Any], subject: Subject, *, depth: int, required: bool) -> Any:
        items = resolved(schema.get("items"), self.root)
        least, most = schema.get("minItems", 0), schema.get("maxItems", _MOST_ITEMS)
        values: list[Any] = []
        if "prefixItems" in schema:
            parts = [resolved(part, self.root) for part in schema["prefixItems"][:_MOST_ITEMS]]
            values = [self._value(part, subject, depth=depth + 1, required=True) for part in parts]
        elif most:
            values = self._items(items, subject, depth=depth, required=required)[:most]
        if not values and not required:
            return _NOTHING
        if not values and isinstance(schema.get("default"), list):
            return schema["default"]
        if not values and depth < _MOST_DEPTH and most and type_of(items) != "object":
            values = [self._value(items, subject, depth=depth + 1, required=True)]
        while len(values) < min(least, _MOST_ITEMS) and depth < _MOST_DEPTH:
            values.append(self._value(items, subject, depth=depth + 1, required=True))
        return _distinct(values, items) if schema.get("uniqueItems") else values

    def _items(self, items: dict[str, Any], subject: Subject, *, depth: int, required: bool) -> list[Any]:
        if "enum" in items:
            return [value for score, value in scored(items["enum"], items, self.supply) if score >= MENTIONED]
        if type_of(items) in ("object", "array") or alternatives(items, self.root):
            return self._many(items, subject, depth=depth)
        fits: list[tuple[Fit, Any]] = []
        for item in self.supply.left():
            found = fit(item, items, subject, self.supply)
            if found and found.score >= ENOUGH and (required or found.specific):
                fits.append((found, item))
        if not fits:
            return []
        best = max(fits, key=lambda pair: pair[0].score)[1].kind
        taken = [(found, item) for found, item in fits if item.kind == best][:_MOST_ITEMS]
        for _, item in taken:
            self.supply.take(item)
        return [self._settled(found.value, items) for found, _ in taken]

    def _many(self, items: dict[str, Any], subject: Subject, *, depth: int) -> list[Any]:
        """Objects, as long as the prompt has something for each."""
        values: list[Any] = []
        while len(values) < _MOST_ITEMS and depth < _MOST_DEPTH and self._nodes < _MOST_NODES:
            trial = Filler(self.root, self.supply.copy(), _nodes=self._nodes)
            value = trial._value(items, subject, depth=depth + 1, required=True)
            self._nodes = trial._nodes
            if len(trial.supply.taken) == len(self.supply.taken):
                break
            self.supply.take_all(trial.supply)
            values.append(value)
        return values

    def _object(self, schema: dict[str, Any], *, depth: int, required: bool) -> Any:
        properties = read_properties(schema, self.root)
        before = len(self.supply.taken)
        values: dict[str, Any] = {}
        self._by_name(properties, values)
        self._by_score(properties, values)
        for entry in properties:
            if entry.name not in values:
                invented = self.invented
                value = self._value(entry.schema, entry.subject, depth=depth + 1, required=entry.required)
                if depth == 0 and self.invented > invented:
                    self.needs.append(_asked_for(entry))
                if value is not _NOTHING:
                    values[entry.name] = value
        if not required and len(self.supply.taken) == before:
            return _NOTHING
        return {entry.name: values[entry.name] for entry in properties if entry.name in values}

    def _by_name(self, properties: list[Property], values: dict[str, Any]) -> None:
        """Take what the prompt says by name: ``city: Paris``."""
        for entry in properties:
            value = entry.stated(self.supply)
            if value is not None:
                values[entry.name] = self._settled(value, entry.scalar or {})

    def _by_score(self, properties: list[Property], values: dict[str, Any]) -> None:
        """Give each piece of evidence to the property that it suits best; ties go by order."""
        ranked: list[tuple[int, int, int, Any, Property, Any]] = []
        for place, entry in enumerate(properties):
            if entry.scalar is None or entry.name in values:
                continue
            for number, item in enumerate(self.supply.left()):
                found = fit(item, entry.scalar, entry.subject, self.supply)
                if found and found.score >= ENOUGH and (entry.required or found.specific):
                    ranked.append((-found.score, place, number, found.value, entry, item))
        for _, _, _, value, entry, item in sorted(ranked, key=lambda rank: rank[:3]):
            if entry.name not in values and self.supply.taken.isdisjoint(item.span):
                values[entry.name] = self._settled(value, entry.scalar or {})
                self.supply.take(item)


def _can_be(text: str, subject: Subject, supply: Supply) -> bool:
    """Whether words of the prompt may be what is asked for: any that say something, or a sum for an expression."""
    if is_expression(subject):
        return _CALCULABLE.search(text) is not None
    return is_free_text(subject) or says_something(text, supply)


def _asked_for(entry: Property) -> str:
    """A property as a person may be asked for it."""
    choices = [str(choice) for choice in entry.schema.get("enum", ())]
    if not choices:
        return entry.name
    more = ", …" if len(choices) > _MOST_CHOICES else ""
    return f"{entry.name} ({', '.join(choices[:_MOST_CHOICES])}{more})"


def _ending(schema: Mapping[str, Any]) -> Any:
    """What ends a schema that refers to itself, where no value can be right."""
    if "const" in schema or "enum" in schema:
        return schema["const"] if "const" in schema else schema["enum"][0]
    kind = type_of(schema)
    if "anyOf" in schema or "oneOf" in schema:
        return None
    return {} if kind == "object" else [] if kind == "array" else within(None, schema)


def _distinct(values: list[Any], items: Mapping[str, Any]) -> list[Any]:
    """Values that differ; a text that was there already gets a number."""
    found: list[Any] = []
    for value in values:
        if value not in found:
            found.append(value)
        elif isinstance(value, str) and "enum" not in items and "pattern" not in items:
            found.append(f"{value} {len(found) + 1}")
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            found.append(value + len(found))
    return found
