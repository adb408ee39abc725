"""Looking over a tool's result before it is written, so that a huge one is refused at the cost of a small one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from enum import Enum
from itertools import chain
from pathlib import PurePath
from typing import Any

import msgspec

from ..records import is_record, record_fields

__all__ = ["ResultNotSerialisable", "ResultTooLarge", "check_size"]

_SCALARS = frozenset({int, float, bool, type(None), str})
_CONTAINERS = frozenset({list, tuple, dict})
"""What nearly all results are made of, told by their types at once."""


class ResultNotSerialisable(ValueError):
    """The result has no JSON form; the text says which part of it and why."""


class ResultTooLarge(ValueError):
    """The result is over the limit; the text says by how much."""


class _Open(msgspec.Struct):
    """A container that is being looked over.

    Attributes:
        value: The container; held, so that no other object takes its identity meanwhile.
        parts: What of it is still to be seen.
        dumped: Whether pydantic writes it, which takes more types than JSON does.
    """

    value: object
    parts: Iterator[object]
    dumped: bool


def check_size(value: object, limit: int) -> None:
    """Count the least number of characters that a value can take as JSON, and stop as soon as they are too many.

    An object that is met again counts again, as it is written again; nothing is copied.

    Args:
        value: What a tool returned.
        limit: The most characters.

    Raises:
        ResultNotSerialisable: It contains itself.
        ResultTooLarge: It takes more characters than the limit.
    """
    counted = 0
    path = [_Open(None, iter((value,)), dumped=False)]
    identities: set[int] = set()
    while path:
        top = path[-1]
        for part in top.parts:
            counted += _least(part, dumped=top.dumped)
            if counted > limit:
                raise ResultTooLarge(f"it is longer than {limit} characters; at most {limit} are taken")
            below = None if type(part) in _SCALARS else _open(part, limit, dumped=top.dumped)
            if below is not None:
                if id(part) in identities:
                    raise ResultNotSerialisable("it contains itself")
                identities.add(id(part))
                path.append(below)
                break
        else:
            identities.discard(id(top.value))
            path.pop()


def _least(value: Any, *, dumped: bool) -> int:
    """How many characters the value itself takes at least, without what it contains."""
    if type(value) in _CONTAINERS:
        return 1
    if isinstance(value, Enum):
        return 0  # its value is written, and counted, instead
    if isinstance(value, str):
        return len(value) + 2
    if isinstance(value, int):
        return max(1, value.bit_length() // 4)
    if isinstance(value, (Decimal, PurePath)):
        return len(str(value))
    if dumped and isinstance(value, (bytes, bytearray)):
        return max(1, len(value) // 4)
    return 1


def _open(value: Any, limit: int, *, dumped: bool) -> _Open | None:
    """The value's parts, or None when it has none."""
    if type(value) in _CONTAINERS or isinstance(value, (list, tuple, Mapping, AbstractSet, deque, range)):
        if len(value) > limit:
            raise ResultTooLarge(f"it has {len(value)} elements; at most {limit} characters are taken")
        parts = chain.from_iterable(value.items()) if isinstance(value, Mapping) else iter(value)
        return _Open(value, parts, dumped=dumped)
    if isinstance(value, Enum):
        return _Open(value, iter((value.value,)), dumped=dumped)
    if is_record(value):
        names = record_fields(value)
        return _Open(value, (part for name in names for part in (name, getattr(value, name))), dumped=dumped)
    parts_of_model = _parts_of_model(value)
    return None if parts_of_model is None else _Open(value, parts_of_model, dumped=True)


def _parts_of_model(value: Any) -> Iterator[object] | None:
    """What pydantic writes of a model: what it leaves out, or hands to code of the model's own, is not looked at."""
    from pydantic import BaseModel, PlainSerializer, WrapSerializer

    if not isinstance(value, BaseModel):
        return None
    own = type(value).__pydantic_decorators__
    if own.model_serializers:
        return iter(())
    theirs = {name for serializer in own.field_serializers.values() for name in serializer.info.fields}
    written = (
        name
        for name, field in type(value).model_fields.items()
        if theirs.isdisjoint((name, "*"))
        and not field.exclude
        and not any(isinstance(note, (PlainSerializer, WrapSerializer)) for note in field.metadata)
    )
    # not by iterating the model: many of one's own give something else then
    fields = (value.__dict__.get(name) for name in written)
    return chain(fields, (value.__pydantic_extra__ or {}).values())
