"""Arguments that fit a JSON schema, drawn by hypothesis.

A generator of our own for what ``@tool`` writes and strict tools allow: ``hypothesis-jsonschema`` knows draft 7 only,
so neither ``prefixItems`` nor ``$defs``, and has not been kept up. What the generator does not know of a schema is left
to a filter: nothing that does not fit is ever given.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from hypothesis import strategies as st

from ..jsontext import JsonObject
from .texts import texts

__all__ = ["Values"]

Schema: TypeAlias = "Mapping[str, Any] | bool"

_DEEPEST = 4
"""Levels of recursive references; beyond them only what a schema demands is written."""
_HOPELESS = 12
"""Levels beyond which nothing is written: references that lead to themselves, or demand themselves, have no end."""
_EXTREME_WHOLE = (0, 1, -1, 2**31, -(2**31) - 1, 2**53 + 1, 2**63, -(2**63) - 1, 10**25)
_EXTREME_REAL = (0.0, -0.0, 0.1, 1e-9, 5e-324, 1e16, -1e16, 1.7976931348623157e308, -1.7976931348623157e308)
_FURTHER_NAMES = ("a", "key", "Schlüssel", "x-y", "0", "__proto__")
_ANNOTATIONS = frozenset({"title", "description", "default", "examples", "deprecated", "$defs", "$schema", "$comment"})


class Values:
    """Strategies for the parts of one schema.

    Args:
        root: The whole schema, which references lead into.
        examples: Values that make sense to whoever reads them, so that more than the first check of a tool is tried.
    """

    def __init__(self, root: Mapping[str, Any], examples: Sequence[JsonObject] = ()) -> None:
        self._root = root
        self._examples = list(examples)

    def whole(self) -> st.SearchStrategy[JsonObject]:
        """Values that fit the whole schema; half of them are examples of which some members were changed."""
        import jsonschema_rs

        fits = jsonschema_rs.validator_for(dict(self._root), validate_formats=False).is_valid
        drawn = self.of(self._root)
        if self._examples:
            changed = st.tuples(st.sampled_from(self._examples), drawn, st.integers(0, 255)).map(self._mixed)
            drawn = st.one_of(drawn, changed)
        return drawn.filter(fits)

    def _mixed(self, parts: tuple[JsonObject, JsonObject, int]) -> JsonObject:
        """An example with some members of what was drawn, or with a text that goes on differently."""
        example, drawn, choice = parts
        mixed = dict(example)
        for place, (name, value) in enumerate(drawn.items()):
            if choice >> (place % 7) & 1:
                known = mixed.get(name)
                goes_on = choice & 128 and isinstance(known, str) and isinstance(value, str) and self._is_free(name)
                mixed[name] = f"{known}{value}" if goes_on else value
        return mixed

    def _is_free(self, name: str) -> bool:
        """Whether any text fits a member: two dates in a row are no date."""
        member = self._root.get("properties", {}).get(name)
        return (
            isinstance(member, Mapping) and member.get("type") == "string" and not {"format", "pattern"} & set(member)
        )

    def of(self, schema: Schema, depth: int = 0) -> st.SearchStrategy[Any]:
        """Values that most probably fit a part of the schema.

        Args:
            schema: The part.
            depth: How many references lie above it.

        Returns:
            The strategy.
        """
        if isinstance(schema, bool):
            return _ANYTHING if schema else st.nothing()
        if depth > _HOPELESS:
            return st.nothing()
        if "$ref" in schema:
            rest = {key: value for key, value in schema.items() if key != "$ref" and key not in _ANNOTATIONS}
            return self.of({**self._target(str(schema["$ref"])), **rest}, depth + 1)
        if "const" in schema:
            return st.just(schema["const"])
        if "enum" in schema:
            return st.sampled_from(list(schema["enum"]))
        for key in ("anyOf", "oneOf"):
            if key in schema:
                rest = {name: value for name, value in schema.items() if name != key and name not in _ANNOTATIONS}
                branches = schema[key] if depth < _DEEPEST else _ways_out(schema[key])
                return st.one_of(*[self._joined([rest, branch], depth) for branch in branches])
        if "allOf" in schema:
            rest = {name: value for name, value in schema.items() if name != "allOf" and name not in _ANNOTATIONS}
            return self._joined([rest, *schema["allOf"]], depth)
        return self._typed(schema, depth)

    def _typed(self, schema: Mapping[str, Any], depth: int) -> st.SearchStrategy[Any]:
        kind = schema.get("type") or _implied_type(schema)
        if not isinstance(kind, str):
            return st.one_of(*[self._typed({**schema, "type": one}, depth) for one in kind]) if kind else _ANYTHING
        match kind:
            case "object":
                return self._objects(schema, depth)
            case "array":
                return self._arrays(schema, depth)
            case "string":
                return texts(schema)
            case "integer":
                return _whole_numbers(schema)
            case "number":
                return st.one_of(_real_numbers(schema), _whole_numbers(schema))
            case "boolean":
                return st.booleans()
            case "null":
                return st.none()
        return st.nothing()

    def _joined(self, parts: Sequence[Schema], depth: int) -> st.SearchStrategy[Any]:
        """Values of several schemas at once, their members put together; what contradicts itself is filtered out."""
        joined: JsonObject = {}
        for part in parts:
            if isinstance(part, bool):
                if not part:
                    return st.nothing()
                continue
            while "$ref" in part:
                depth += 1
                if depth > _HOPELESS:
                    return st.nothing()
                rest = {key: value for key, value in part.items() if key != "$ref"}
                part = {**self._target(str(part["$ref"])), **rest}
            for key, value in part.items():
                if key == "properties":
                    joined[key] = {**joined.get(key, {}), **value}
                elif key == "required":
                    joined[key] = [*joined.get(key, ()), *value]
                else:
                    joined[key] = value
        return self.of(joined, depth)

    def _objects(self, schema: Mapping[str, Any], depth: int) -> st.SearchStrategy[JsonObject]:
        properties: Mapping[str, Schema] = schema.get("properties", {})
        demanded = set(schema.get("required", ()))
        required = {
            name: st.deferred(lambda name=name: self.of(properties.get(name, True), depth))  # type: ignore[misc]
            for name in sorted(demanded)
        }
        optional = {
            name: st.deferred(lambda part=part: self.of(part, depth))  # type: ignore[misc]
            for name, part in properties.items()
            if name not in demanded
        }
        known = st.fixed_dictionaries(required, optional=optional if depth < _DEEPEST else {})
        others = schema.get("additionalProperties", False)
        if others is False or depth >= _DEEPEST:
            return known
        names = st.sampled_from([name for name in _FURTHER_NAMES if name not in properties])
        least = max(0, int(schema.get("minProperties", 0)) - len(required))
        extra = st.dictionaries(names, st.deferred(lambda: self.of(others, depth)), min_size=least, max_size=least + 2)
        return st.tuples(extra, known).map(lambda pair: pair[0] | pair[1])

    def _arrays(self, schema: Mapping[str, Any], depth: int) -> st.SearchStrategy[list[Any]]:
        first: Sequence[Schema] = schema.get("prefixItems", ())
        items: Schema = schema.get("items", True)
        least = max(0, int(schema.get("minItems", 0)) - len(first))
        most = int(schema.get("maxItems", len(first) + least + 4)) - len(first)
        if depth >= _DEEPEST or items is False:
            most = least
        head = st.tuples(*[self.of(part, depth) for part in first]).map(list)
        if most <= 0:
            return head
        rest = st.lists(
            st.deferred(lambda: self.of(items, depth)),
            min_size=least,
            max_size=min(most, least + 4),
            unique_by=repr if schema.get("uniqueItems") else None,
        )
        return st.tuples(head, rest).map(lambda pair: pair[0] + pair[1])

    def _target(self, reference: str) -> Mapping[str, Any]:
        found: Any = self._root
        for step in reference.removeprefix("#").strip("/").split("/"):
            if step:
                found = found[step.replace("~1", "/").replace("~0", "~")]
        return found if isinstance(found, Mapping) else {}


_ANYTHING: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(-99, 99), texts({}), st.just([]), st.just({}), st.just([{"a": [None]}])
)


def _ways_out(branches: Sequence[Schema]) -> Sequence[Schema]:
    """The choices that lead no further; where all of them do, one."""
    return [branch for branch in branches if "'$ref':" not in repr(branch)] or branches[:1]


def _implied_type(schema: Mapping[str, Any]) -> str | None:
    for key, kind in (("properties", "object"), ("items", "array"), ("prefixItems", "array"), ("pattern", "string")):
        if key in schema:
            return kind
    return None


def _whole_numbers(schema: Mapping[str, Any]) -> st.SearchStrategy[int]:
    lows = [math.ceil(schema["minimum"])] if "minimum" in schema else []
    lows += [math.floor(schema["exclusiveMinimum"]) + 1] if "exclusiveMinimum" in schema else []
    highs = [math.floor(schema["maximum"])] if "maximum" in schema else []
    highs += [math.ceil(schema["exclusiveMaximum"]) - 1] if "exclusiveMaximum" in schema else []
    least, most = max(lows, default=None), min(highs, default=None)
    step = schema.get("multipleOf", 1)
    if least is not None and most is not None and least > most:
        return st.nothing()
    if isinstance(step, int) and step > 1:
        factors = st.integers(None if least is None else -(-least // step), None if most is None else most // step)
        return factors.map(lambda factor: factor * step)
    edges = [edge for edge in (least, most) if edge is not None]
    fitting = [
        value
        for value in (*edges, *_EXTREME_WHOLE)
        if (least is None or value >= least) and (most is None or value <= most)
    ]
    drawn = st.integers(least, most)
    return st.one_of(drawn, st.sampled_from(fitting)) if fitting else drawn


def _real_numbers(schema: Mapping[str, Any]) -> st.SearchStrategy[float]:
    low = schema.get("exclusiveMinimum", schema.get("minimum"))
    high = schema.get("exclusiveMaximum", schema.get("maximum"))
    drawn = st.floats(
        None if low is None else float(low),
        None if high is None else float(high),
        exclude_min="exclusiveMinimum" in schema,
        exclude_max="exclusiveMaximum" in schema,
        allow_nan=False,
        allow_infinity=False,
    )
    fitting = [value for value in _EXTREME_REAL if (low is None or value > low) and (high is None or value < high)]
    return st.one_of(drawn, st.sampled_from(fitting)) if fitting else drawn
