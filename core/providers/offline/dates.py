"""Dates in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

__all__ = ["find_dates", "iso_date"]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_DATE = re.compile(
    r"(?<![\w-])\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?(?![\w-])"
    r"|(?<![\w/.])\d{1,2}([/.])\d{1,2}\1\d{4}(?![\w/])|(?<![\w/.])\d{4}/\d{1,2}/\d{1,2}(?![\w/])"
    rf"|\b{_DAY} (?:of )?{_MONTH}(?:,? \d{{4}})?\b|\b{_MONTH} {_DAY}(?:,? \d{{4}})?\b"
    r"|\d{4}年\d{1,2}月\d{1,2}日|\b(?:today|tomorrow|yesterday)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+")


def find_dates(text: str) -> Iterator[tuple[int, int, str]]:
    """Give (start, end, date) of each date; dates in words come as ISO dates when they are complete."""
    for match in _DATE.finditer(text):
        written = match[0]
        by_name = any(character.isalpha() for character in written) and not written[:4].isdigit()
        eastern = "年" in written
        yield match.start(), match.end(), (iso_date(written) or written) if by_name or eastern else written


def iso_date(written: str) -> str | None:
    """A date as ``YYYY-MM-DD``, or None when its parts do not tell; month before day unless that cannot be."""
    numbers = [int(number) for number in _NUMBER.findall(written)[:3]]
    month = next((place for place, name in enumerate(_MONTHS, 1) if name in written.lower()), None)
    if month is not None and len(numbers) == 2:
        day, year = numbers
    elif len(numbers) == 3 and numbers[0] > 31:
        year, month, day = numbers
    elif len(numbers) == 3:
        month, day, year = numbers
        if month > 12:
            month, day = day, month
    else:
        return None
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None
