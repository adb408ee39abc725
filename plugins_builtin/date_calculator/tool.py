"""The tool that the model sees."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from promptdock import tool

__all__ = ["calculate_dates"]


@tool(
    name="date_calculator",
    nonblocking=True,
    examples=[
        {"dates": ["2024-02-28", "2024-03-01"], "operation": "difference"},
        {"dates": ["today"], "operation": "add", "days": 30},
        {"dates": ["2024-12-25"], "operation": "convert", "date_format": "EU"},
    ],
)
def calculate_dates(
    dates: list[str],
    operation: Literal["difference", "oldest", "newest", "convert", "add", "subtract"],
    date_format: Literal["ISO", "US", "EU"] | None = None,
    days: int = 0,
) -> list[dict[str, Any]]:
    """Calculate with dates: days between two dates, a date some days later or earlier, the oldest, the newest, formats.

    A date without a time is midnight, and one without a time zone is UTC as soon as another one has a zone; now, today,
    tomorrow and yesterday are those of UTC.
    Examples: dates ["2024-02-28", "2024-03-01"], operation difference; dates ["today"], operation add, days 30; dates
    ["2024-12-25"], operation convert, date_format EU.

    Args:
        dates: The dates, e.g. ["2024-02-28", "2024-03-01"]; two for difference, one for convert, add and subtract. Best
            written YYYY-MM-DD, with a time as YYYY-MM-DDTHH:MM:SS. Also taken: 12/25/2024, 25.12.2024, March 1, 2024,
            1 March 2024, now, today, tomorrow, yesterday.
        operation: What to do: difference (between two dates), oldest, newest, convert (write a date in date_format),
            add or subtract (days).
        date_format: For convert, the format to write: ISO (2024-12-25), US (12/25/2024) or EU (25/12/2024). Otherwise
            how a date such as 03/04/2024 is read: EU means 3 April, US and ISO mean 4 March; when it is left out,
            like the other dates of the list, else 4 March.
        days: Days to add or subtract, e.g. 30.

    Returns:
        A list with one object; ``read_as`` shows how the dates were read when one could be read in two ways.

    Raises:
        ToolError: A date cannot be read, there are too few or too many, or the result is out of the calendar.
    """
    from .operations import run

    return [run(dates, operation, date_format=date_format, days=days, now=datetime.now(UTC))]
