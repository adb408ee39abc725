"""Values in the order of their places, turned into the driver's and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, Uuid

from ...jsontext import dumps_text
from ..types import JsonText, UtcDateTime, sqlite_moment

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import Dialect
    from sqlalchemy.types import TypeEngine

__all__ = ["Convert", "Encoders", "decoder_of", "encoder_of"]

Convert = Callable[[Any], Any]


class Encoders:
    """What turns the values of one statement into the driver's.

    Args:
        kinds: The types of its columns or parameters, in the order of their places.
        dialect: Of the database, with its driver.
    """

    def __init__(self, kinds: Sequence[TypeEngine[Any]], dialect: Dialect) -> None:
        encoders = [encoder_of(kind, dialect) for kind in kinds]
        self._ids = [place for place, encode in enumerate(encoders) if encode is _hex]
        self._others = [
            (place, encode) for place, encode in enumerate(encoders) if encode is not None and encode is not _hex
        ]

    def encode(self, values: list[Any]) -> list[Any]:
        """Turn them, in place."""
        for place in self._ids:  # most columns are ids: written here, as a call for each is half of the work
            value = values[place]
            if value is not None:
                values[place] = f"{value.int:032x}"
        for place, encode in self._others:
            value = values[place]
            if value is not None:
                values[place] = encode(value)
        return values

    def encode_all(self, rows: Sequence[list[Any]]) -> None:
        """Turn those of several rows, in place: column by column, as rows often belong to the same things."""
        for place in self._ids:
            last, text = None, ""
            for row in rows:
                value = row[place]
                if value is not None:
                    if value is not last:
                        last, text = value, f"{value.int:032x}"
                    row[place] = text
        for place, encode in self._others:
            for row in rows:
                value = row[place]
                if value is not None:
                    row[place] = encode(value)


def encoder_of(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """What SQLAlchemy does with a value, in one step where it takes several for each of our own types; None stays."""
    if isinstance(kind, JsonText):
        return dumps_text
    if dialect.name == "sqlite":
        if isinstance(kind, UtcDateTime):
            return sqlite_moment
        if isinstance(kind, Uuid):
            return _hex
        if isinstance(kind, Boolean):
            return int
    return kind.dialect_impl(dialect).bind_processor(dialect)


def decoder_of(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """What makes of the driver's value what was stored; None where it is that already."""
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _hex(value: UUID) -> str:
    return value.hex
