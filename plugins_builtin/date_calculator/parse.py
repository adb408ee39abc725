"""From text to a date.

``datetime.fromisoformat`` reads ISO 8601; the rest is what people write. Names of months are English whatever the
server's locale is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from promptdock import ToolError

__all__ = ["MAX_LENGTH", "Moment", "parse"]

MAX_LENGTH = 64
"""Characters of one date."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    "(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,? +)?"
_DAY = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>[0-9]{4})"
_TIME = r"(?:(?:,? +(?:at +)?|T)(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?)?"

_ISO = re.compile(r"[0-9]{4}(?:-?[0-9]{2}-?[0-9]{2}|-?W[0-9]{2}(?:-?[1-7])?)(?:[T ].+)?", re.ASCII)
_NAMED = tuple(
    re.compile(f"{_WEEKDAY}{form}{_TIME}", re.IGNORECASE | re.ASCII)
    for form in (f"{_MONTH} +{_DAY},? +{_YEAR}", f"(?:the +)?{_DAY} +(?:of +)?{_MONTH},? +{_YEAR}")
)
_NUMERIC = re.compile(rf"(?P<left>[0-9]{{1,2}})(?P<mark>[/.-])(?P<right>[0-9]{{1,2}})(?P=mark){_YEAR}{_TIME}", re.ASCII)
_YEAR_FIRST = re.compile(
    rf"{_YEAR}(?P<mark>[/.-])(?P<month>[0-9]{{1,2}})(?P=mark)(?P<day>[0-9]{{1,2}}){_TIME}", re.ASCII
)
_RELATIVE = {"today": 0, "tomorrow": 1, "yesterday": -1}


@dataclass(frozen=True, slots=True)
class Moment:
    """A date that was read.

    Attributes:
        value: The date and time; without a zone when none was written.
        ambiguous: The text could also be read with day and month exchanged.
        day_first: For a date in numbers, with the year at the end, whether the day stands before the month.
    """

    value: datetime
    ambiguous: bool = False
    day_first: bool | None = None


def parse(text: str, *, day_first: bool, now: datetime) -> Moment:
    """Read a date.

    Args:
        text: The date: ISO 8601, ``12/25/2024``, ``25.12.2024``, ``March 1, 2024``, ``1 March 2024``, ``now``,
            ``today``, ``tomorrow`` or ``yesterday``.
        day_first: How two numbers are read that can both be the day. Whatever this says, a number above 12 is the day,
            and a date with dots begins with its day.
        now: The present time, with its zone.

    Returns:
        The date, and whether it could be read in two ways.

    Raises:
        ToolError: The text is no date, or there is no such day.
    """
    written = text.strip()
    if len(written) > MAX_LENGTH:
        raise ToolError(f"A date of {len(written)} characters is too long: at most {MAX_LENGTH} are taken.")
    relative = _relative(written.casefold(), now)
    if relative is not None:
        return Moment(relative)
    try:
        moment = _absolute(written, day_first=day_first)
    except ValueError:
        raise ToolError(
            f"There is no such date or time in the calendar: {text!r}. Write e.g. 2024-02-28 or 2024-02-28T14:30:00."
        ) from None
    if moment is None:
        raise ToolError(
            f"{text!r} cannot be read as a date. Write YYYY-MM-DD, e.g. 2024-02-28, with a time as 2024-02-28T14:30:00."
        )
    return moment


def _relative(word: str, now: datetime) -> datetime | None:
    if word == "now":
        return now.replace(microsecond=0)
    if word not in _RELATIVE:
        return None
    midnight = datetime.combine(now.astimezone(UTC).date(), time())
    return midnight + timedelta(days=_RELATIVE[word])


def _absolute(text: str, *, day_first: bool) -> Moment | None:
    if _ISO.fullmatch(text):
        return Moment(datetime.fromisoformat(text))
    for pattern in _NAMED:
        named = pattern.fullmatch(text)
        if named:
            month = _MONTHS.index(named["month"][:3].lower()) + 1
            return Moment(_datetime(named, month, int(named["day"])))
    year_first = _YEAR_FIRST.fullmatch(text)
    if year_first:
        return Moment(_datetime(year_first, int(year_first["month"]), int(year_first["day"])))
    numeric = _NUMERIC.fullmatch(text)
    return _numeric(numeric, day_first=day_first) if numeric else None


def _numeric(match: re.Match[str], *, day_first: bool) -> Moment:
    left, right = int(match["left"]), int(match["right"])
    dotted = match["mark"] == "."
    ambiguous = not dotted and left <= 12 and right <= 12
    leads = day_first if ambiguous else left > 12 or (dotted and right <= 12)
    day, month = (left, right) if leads else (right, left)
    if left == right:
        return Moment(_datetime(match, month, day))
    return Moment(_datetime(match, month, day), ambiguous=ambiguous, day_first=leads)


def _datetime(match: re.Match[str], month: int, day: int) -> datetime:
    hour, minute, second = (int(match[part] or 0) for part in ("hour", "minute", "second"))
    return datetime(int(match["year"]), month, day, hour, minute, second)  # noqa: DTZ001 - as written, so without a zone
