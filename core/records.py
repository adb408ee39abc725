"""Objects with named fields, be they dataclasses or structs of msgspec, as promptdock's events are.

Fields have the names by which programs know them, whatever a struct calls them in JSON of its own.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec

__all__ = ["is_record", "record_fields"]


def is_record(value: object) -> bool:
    """Whether it is an instance of a dataclass or of a struct."""
    return isinstance(value, msgspec.Struct) or (dataclasses.is_dataclass(value) and not isinstance(value, type))


def record_fields(value: Any) -> tuple[str, ...]:
    """The names of its fields, in their order.

    Args:
        value: What :func:`is_record` is true of.
    """
    if isinstance(value, msgspec.Struct):
        return value.__struct_fields__
    return tuple(field.name for field in dataclasses.fields(value))
