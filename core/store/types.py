"""Column types that mean the same on SQLite and PostgreSQL: aware times, exact money, JSON of any text."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from sqlalchemy import BigInteger, DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator

from ..jsontext import dumps_text, loads

__all__ = ["MONEY_STEP", "MOST_MONEY", "JsonText", "Money", "UtcDateTime", "as_money", "sqlite_moment", "utc_now"]

MONEY_STEP: Final = Decimal("0.000000000001")
"""The smallest amount that is told apart: prices are per million tokens, and a token may cost very little."""
_MOMENT: Final = len("2026-01-02 03:04:05.678901")
MOST_MONEY: Final = Decimal(9_000_000)
"""The largest amount that one row can hold, in round numbers."""


def utc_now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


def as_money(amount: Decimal) -> Decimal:
    """An amount as it is stored: rounded to :data:`MONEY_STEP`, half to even."""
    return amount.quantize(MONEY_STEP, rounding=ROUND_HALF_EVEN)


def sqlite_moment(value: datetime) -> str:
    """An aware time as SQLite's columns hold it: the text that :class:`UtcDateTime` comes to there."""
    if value.tzinfo is not UTC:
        if value.tzinfo is None:
            raise ValueError("a stored time must have a zone")
        value = value.astimezone(UTC)
    return value.isoformat(" ", "microseconds")[:_MOMENT]


class UtcDateTime(TypeDecorator[datetime]):
    """A time in UTC, aware in and aware out; SQLite itself would forget the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Take an aware time; a naive one is a defect of ours."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time must have a zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give an aware time."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Money(TypeDecorator[Decimal]):
    """A decimal as whole multiples of :data:`MONEY_STEP`, so that sums are exact wherever they are made."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Store the amount as a whole number."""
        return None if value is None else int(as_money(value) / MONEY_STEP)

    def process_result_value(self, value: int | Decimal | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        """Read it back; PostgreSQL gives sums as decimals."""
        return None if value is None else int(value) * MONEY_STEP


class JsonText(TypeDecorator[Any]):
    """Any JSON value as text, written by our own encoder.

    PostgreSQL's own types refuse U+0000, which models and people do send; here it stays an escape inside the text.
    None is SQL's null.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Write the value."""
        return None if value is None else dumps_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Read the value."""
        return None if value is None else loads(value)
