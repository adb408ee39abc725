"""What is done with dates once they are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from promptdock import ToolError

from .parse import Moment, parse

__all__ = ["MAX_DATES", "OPERATIONS", "run"]

MAX_DATES = 1_000
"""Dates of one call."""

_DAYS_A_YEAR = 365.25
_DAYS_A_MONTH = 30.44
_DAYS_A_WEEK = 7


def run(
    dates: Sequence[str], operation: str, *, date_format: str | None = None, days: int = 0, now: datetime
) -> dict[str, Any]:
    """Do one operation.

    Args:
        dates: The dates as text; see :func:`.parse.parse`.
        operation: One of ``OPERATIONS``.
        date_format: ``ISO``, ``US`` or ``EU``. For ``convert`` it is the format to write, and a date that can be read
            in two ways is taken to be in the other one, or else there would be nothing to convert. For the other
            operations ``EU`` reads such a date day first, ``US`` and ``ISO`` month first; without a format it is read
            as the other dates of the call are written, or month first when they do not tell.
        days: Days to add or to subtract.
        now: The present time, with its zone.

    Returns:
        The operation's result; with ``read_as``, all dates in ISO form, when one of them could be read in two ways.

    Raises:
        ToolError: The operation or the format is unknown, the number of dates is wrong, a date cannot be read, or the
            result is out of the calendar, which ends with the year 9999.
    """
    perform = OPERATIONS.get(operation)
    if perform is None:
        raise ToolError(f"The operation {operation!r} is unknown; take one of {', '.join(OPERATIONS)}.")
    if date_format not in {None, "ISO", "US", "EU"}:
        raise ToolError(f"The date_format {date_format!r} is unknown; take ISO, US or EU.")
    if not dates:
        raise ToolError("There are no dates. Give them as a list, e.g. ['2024-02-28', '2024-03-01'].")
    if len(dates) > MAX_DATES:
        raise ToolError(f"{len(dates)} dates are too many: at most {MAX_DATES} are taken.")
    moments = _read(dates, operation, date_format, now)
    try:
        result = perform(_comparable([moment.value for moment in moments]), date_format, days)
    except OverflowError:
        raise ToolError("The result is out of the calendar, which goes from the year 1 to the year 9999.") from None
    if any(moment.ambiguous for moment in moments):
        result["read_as"] = [moment.value.date().isoformat() for moment in moments]
    return result


def _read(dates: Sequence[str], operation: str, date_format: str | None, now: datetime) -> list[Moment]:
    day_first = date_format == ("US" if operation == "convert" else "EU")
    moments = [parse(text, day_first=day_first, now=now) for text in dates]
    if date_format is None:
        certain = {moment.day_first for moment in moments if not moment.ambiguous} - {None}
        if certain == {True}:
            return [parse(text, day_first=True, now=now) for text in dates]
    return moments


def _comparable(values: list[datetime]) -> list[datetime]:
    """Dates with and without a zone cannot be compared; when one has a zone, those without are taken as UTC."""
    if all(value.tzinfo is None for value in values):
        return values
    return [value if value.tzinfo else value.replace(tzinfo=UTC) for value in values]


def _exactly(count: int, values: list[datetime], operation: str) -> list[datetime]:
    if len(values) != count:
        plural = "dates" if count > 1 else "date"
        raise ToolError(f"The operation {operation} takes exactly {count} {plural}, not {len(values)}.")
    return values


def _difference(values: list[datetime], _format: str | None, _days: int) -> dict[str, Any]:
    first, second = _exactly(2, values, "difference")
    days = abs(second - first).days
    return {
        "difference_days": days,
        "difference_years": round(days / _DAYS_A_YEAR, 2),
        "difference_months": round(days / _DAYS_A_MONTH, 2),
        "difference_weeks": round(days / _DAYS_A_WEEK, 2),
    }


def _oldest(values: list[datetime], _format: str | None, _days: int) -> dict[str, Any]:
    return {"oldest": min(values).isoformat()}


def _newest(values: list[datetime], _format: str | None, _days: int) -> dict[str, Any]:
    return {"newest": max(values).isoformat()}


def _convert(values: list[datetime], date_format: str | None, _days: int) -> dict[str, Any]:
    (value,) = _exactly(1, values, "convert")
    if date_format is None:
        raise ToolError("The operation convert needs a date_format: ISO, US or EU.")
    day, month, year = f"{value.day:02}", f"{value.month:02}", f"{value.year:04}"
    forms = {"ISO": value.isoformat(), "US": f"{month}/{day}/{year}", "EU": f"{day}/{month}/{year}"}
    return {"converted": forms[date_format]}


def _add(values: list[datetime], _format: str | None, days: int) -> dict[str, Any]:
    (value,) = _exactly(1, values, "add")
    return {"result": (value + timedelta(days=days)).isoformat()}


def _subtract(values: list[datetime], _format: str | None, days: int) -> dict[str, Any]:
    (value,) = _exactly(1, values, "subtract")
    return {"result": (value - timedelta(days=days)).isoformat()}


OPERATIONS: dict[str, Callable[[list[datetime], str | None, int], dict[str, Any]]] = {
    "difference": _difference,
    "oldest": _oldest,
    "newest": _newest,
    "convert": _convert,
    "add": _add,
    "subtract": _subtract,
}
