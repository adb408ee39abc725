"""Bringing a value within what its schema allows, and values for when a prompt says nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from .schemas import type_of

__all__ = ["matching", "within"]

_MOST_LENGTH = 4_000
_MOST_PADDING = 10_000
_EXAMPLES = {
    "date": "2000-01-01",
    "date-time": "2000-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "duration": "P1D",
    "email": "someone@example.com",
    "idn-email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "iri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def within(value: Any, schema: Mapping[str, Any]) -> Any:
    """A scalar, brought within the limits of its schema.

    Args:
        value: A text or number of the right type, or None for the plainest value there is.
        schema: Schema of the scalar, resolved, without alternatives.
    """
    kind = type_of(schema)
    if kind in ("integer", "number"):
        return _number(value if isinstance(value, (int, float)) else 0, schema, whole=kind == "integer")
    if kind == "boolean":
        return bool(value)
    if kind == "null":
        return None
    if schema.get("format") in _EXAMPLES and value is None:
        return _EXAMPLES[schema["format"]]
    return _text(str(value) if value is not None else "", schema)


def _number(value: float, schema: Mapping[str, Any], *, whole: bool) -> int | float:
    step = schema.get("multipleOf") or (1 if whole else 0)
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    gap = step or (abs(below - above) / 2 if above is not None and below is not None else 1)
    if above is not None:
        low = max(above + gap, low if low is not None else -math.inf)
    if below is not None:
        high = min(below - gap, high if high is not None else math.inf)
    if low is not None and value < low:
        value = math.ceil(low / step) * step if step else low
    if high is not None and value > high:
        value = math.floor(high / step) * step if step else high
    if step and not math.isclose(value / step, round(value / step)):
        value = math.ceil(value / step) * step
    return int(value) if whole or (step >= 1 and float(value).is_integer()) else value


def _text(value: str, schema: Mapping[str, Any]) -> str:
    longest: int = schema.get("maxLength", _MOST_LENGTH)
    shortest: int = schema.get("minLength", 0)
    value = value[:longest]
    return value + "." * (min(shortest, _MOST_PADDING) - len(value))


def matching(pattern: str, candidates: Iterable[str]) -> str | None:
    """The first candidate that a ``pattern`` takes; patterns run in an engine that knows no catastrophes."""
    takes = _pattern(pattern)
    return next((text for text in candidates if takes(text)), None)


@lru_cache(maxsize=32)
def _pattern(pattern: str) -> Callable[[str], bool]:
    import jsonschema_rs

    try:
        return jsonschema_rs.validator_for({"type": "string", "pattern": pattern}).is_valid
    except ValueError:  # a pattern that the engine does not know
        return lambda text: False  # noqa: ARG005
