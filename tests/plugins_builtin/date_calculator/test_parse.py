"""From text to a date."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptdock import ToolError
from promptdock_builtin.date_calculator.parse import Moment, parse

_NOW = datetime(2024, 2, 29, 23, 30, 15, 500, tzinfo=timezone(timedelta(hours=-5)))
"""In UTC it is already 1 March."""


def _read(text: str, *, day_first: bool = False) -> Moment:
    return parse(text, day_first=day_first, now=_NOW)


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-01",
        "20240301",
        "2024-W09-5",
        "2024/03/01",
        "2024.3.1",
        "March 1, 2024",
        "march 1 2024",
        "Mar. 1st, 2024",
        "Friday, March 1, 2024",
        "1 March 2024",
        "the 1st of March 2024",
        "Fri 1 Mar 2024",
        " 01.03.2024 ",
        "1.3.2024",
        "today",
        "Today",
    ],
)
def test_spellings_of_the_first_of_march(text: str) -> None:
    moment = _read(text)
    assert moment.value.isoformat() == "2024-03-01T00:00:00"
    assert not moment.ambiguous


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2024-02-28T14:30:00", "2024-02-28T14:30:00"),
        ("2024-02-28 14:30", "2024-02-28T14:30:00"),
        ("2024-02-28T14:30:00Z", "2024-02-28T14:30:00+00:00"),
        ("2024-02-28T14:30:00+02:00", "2024-02-28T14:30:00+02:00"),
        ("February 28, 2024 at 14:30", "2024-02-28T14:30:00"),
        ("28.02.2024 14:30:05", "2024-02-28T14:30:05"),
        ("tomorrow", "2024-03-02T00:00:00"),
        ("yesterday", "2024-02-29T00:00:00"),
        ("now", "2024-02-29T23:30:15-05:00"),
    ],
)
def test_times_zones_and_relative_dates(text: str, iso: str) -> None:
    assert _read(text).value.isoformat() == iso


@pytest.mark.parametrize(
    ("text", "day_first", "day", "month", "ambiguous"),
    [
        ("03/04/2024", False, 4, 3, True),
        ("03/04/2024", True, 3, 4, True),
        ("03-04-2024", True, 3, 4, True),
        ("25/12/2024", False, 25, 12, False),
        ("12/25/2024", True, 25, 12, False),
        ("03.04.2024", False, 3, 4, False),
        ("12.25.2024", False, 25, 12, False),
        ("04/04/2024", False, 4, 4, False),
    ],
)
def test_order_of_day_and_month(text: str, day_first: bool, day: int, month: int, ambiguous: bool) -> None:
    moment = _read(text, day_first=day_first)
    assert (moment.value.day, moment.value.month, moment.ambiguous) == (day, month, ambiguous)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "cannot be read as a date"),
        ("soon", "cannot be read as a date"),
        ("March 1", "cannot be read as a date"),
        ("1/2/24", "cannot be read as a date"),
        ("2024-02-28x", "cannot be read as a date"),
        ("1/2-2024", "cannot be read as a date"),
        ("٢٠٢٤-٠٢-٢٨", "cannot be read as a date"),
        ("2024-02-30", "no such date"),
        ("30/02/2024", "no such date"),
        ("February 30, 2024", "no such date"),
        ("13/13/2024", "no such date"),
        ("0000-01-01", "no such date"),
        ("2024-02-28 at noon", "no such date"),
        ("1.1.2024 25:00", "no such date"),
        ("1" * 65, "too long"),
    ],
)
def test_error_says_what_to_write(text: str, says: str) -> None:
    with pytest.raises(ToolError) as caught:
        _read(text)
    assert says in caught.value.message


@settings(max_examples=100, deadline=None, database=None)
@given(st.datetimes())
def test_reads_every_iso_form_that_python_writes(value: datetime) -> None:
    assert _read(value.isoformat()).value == value


@settings(max_examples=200, deadline=None, database=None)
@given(st.text(alphabet="0123456789-/.:TZW +,marchof", max_size=30))
def test_any_text_gives_a_date_or_a_tool_error(text: str) -> None:
    try:
        moment = _read(text)
    except ToolError:
        return
    assert isinstance(moment.value, datetime)
