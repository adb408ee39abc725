"""The one place where a JSON Schema's keywords are checked: what makes no sense is passed over, the rest is kept.

Schemas come from callers and plugins, and nobody promises that they are valid. The modules that fill them rely on what
:func:`sound` leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

__all__ = ["sound"]

_LARGEST: Final = 1e100
"""Limits beyond it, and steps below its inverse, are none: arithmetic with them would leave the range of floats."""


def sound(schema: object) -> dict[str, Any]:
    """The members of one level of a schema that make sense; schemas within it are left as they are.

    Args:
        schema: What stands where a schema should; true, false and anything else that is no object say nothing.
    """
    if not isinstance(schema, Mapping):
        return {}
    found: dict[str, Any] = {}
    for key, value in schema.items():
        read = _READERS.get(key)
        kept = value if read is None else read(value)
        if read is None or kept is not None:
            found[key] = kept
    return found


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _texts(value: object) -> list[str] | None:
    return [item for item in value if isinstance(item, str)] if isinstance(value, (list, tuple)) else None


def _types(value: object) -> str | list[str] | None:
    return value if isinstance(value, str) else _texts(value) or None


def _members(value: object) -> list[Any] | None:
    return list(value) or None if isinstance(value, (list, tuple)) else None


def _properties(value: object) -> dict[str, Any] | None:
    return {name: item for name, item in value.items() if isinstance(name, str)} if isinstance(value, Mapping) else None


def _schema(value: object) -> object:
    return value if isinstance(value, (Mapping, bool)) else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if abs(value) <= _LARGEST else None


def _step(value: object) -> float | None:
    step = _number(value)
    return step if step is not None and step >= 1 / _LARGEST else None


def _count(value: object) -> int | None:
    count = _number(value)
    return int(count) if count is not None and count >= 0 and count == int(count) else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


_READERS: Final[Mapping[object, Callable[[object], Any]]] = MappingProxyType(
    {
        **dict.fromkeys(("$ref", "title", "description", "format", "pattern"), _text),
        **dict.fromkeys(("allOf", "anyOf", "oneOf", "enum", "prefixItems"), _members),
        **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _number),
        **dict.fromkeys(("minItems", "maxItems", "minLength", "maxLength"), _count),
        "type": _types,
        "required": _texts,
        "properties": _properties,
        "items": _schema,
        "multipleOf": _step,
        "uniqueItems": _flag,
    }
)
"""Keywords that are read here, each with what takes its value and gives it back, or None when it makes no sense."""
