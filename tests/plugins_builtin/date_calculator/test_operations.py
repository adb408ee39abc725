"""What is done with dates."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptdock import ToolError
from promptdock_builtin.date_calculator.operations import MAX_DATES, run

_NOW = datetime(2024, 2, 28, 12, tzinfo=UTC)


def _run(dates: list[str], operation: str, date_format: str | None = None, days: int = 0) -> dict[str, Any]:
    return run(dates, operation, date_format=date_format, days=days, now=_NOW)


@settings(max_examples=100, deadline=None, database=None)
@given(st.datetimes(), st.datetimes(), st.sampled_from(["", "Z", "+05:30", "-12:00"]))
def test_difference_is_symmetric(first: datetime, second: datetime, zone: str) -> None:
    one, other = first.isoformat() + zone, second.isoformat()
    assert _run([one, other], "difference") == _run([other, one], "difference")


@settings(max_examples=100, deadline=None, database=None)
@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(-600_000, 2_000_000))
def test_subtract_undoes_add(day: date, days: int) -> None:
    later = _run([str(day)], "add", days=days)["result"]
    assert _run([later], "subtract", days=days) == {"result": f"{day}T00:00:00"}


def test_less_than_a_day_is_no_day_in_either_order() -> None:
    dates = ["2024-01-01T00:00:00", "2024-01-01T23:00:00"]
    assert _run(dates, "difference")["difference_days"] == 0
    assert _run(dates[::-1], "difference")["difference_days"] == 0


def test_dates_without_a_zone_stay_without() -> None:
    assert _run(["2024-01-02", "2024-01-01"], "oldest") == {"oldest": "2024-01-01T00:00:00"}


def test_a_date_without_a_zone_is_utc_beside_one_that_has_one() -> None:
    dates = ["2024-01-01T00:00:00+05:00", "2024-01-01"]
    assert _run(dates, "oldest") == {"oldest": "2024-01-01T00:00:00+05:00"}
    assert _run(dates, "newest") == {"newest": "2024-01-01T00:00:00+00:00"}


def test_today_and_tomorrow() -> None:
    assert _run(["today", "tomorrow"], "difference")["difference_days"] == 1
    assert _run(["today"], "add", days=2) == {"result": "2024-03-01T00:00:00"}


@pytest.mark.parametrize(
    ("date_format", "converted", "read_as"),
    [
        ("EU", "04/03/2024", "2024-03-04"),
        ("US", "04/03/2024", "2024-04-03"),
        ("ISO", "2024-03-04T00:00:00", "2024-03-04"),
    ],
)
def test_convert_takes_an_ambiguous_date_to_be_in_the_other_format(
    date_format: str, converted: str, read_as: str
) -> None:
    assert _run(["03/04/2024"], "convert", date_format) == {"converted": converted, "read_as": [read_as]}


@pytest.mark.parametrize(("date_format", "result"), [(None, "2024-03-05"), ("US", "2024-03-05"), ("EU", "2024-04-04")])
def test_format_says_how_an_ambiguous_date_is_read(date_format: str | None, result: str) -> None:
    assert _run(["03/04/2024"], "add", date_format, 1)["result"] == f"{result}T00:00:00"


def test_ambiguous_date_is_read_like_the_others() -> None:
    assert _run(["03/04/2024", "25/12/2024"], "oldest") == {
        "oldest": "2024-04-03T00:00:00",
        "read_as": ["2024-04-03", "2024-12-25"],
    }
    assert _run(["03/04/2024", "12/25/2024"], "oldest")["oldest"] == "2024-03-04T00:00:00"
    assert _run(["03/04/2024", "04/04/2024", "25/12/2024"], "oldest")["oldest"] == "2024-04-03T00:00:00"
    assert _run(["03/04/2024", "12/25/2024", "25/12/2024"], "oldest")["oldest"] == "2024-03-04T00:00:00"


def test_early_years_have_four_digits() -> None:
    assert _run(["0033-04-03"], "convert", "US") == {"converted": "04/03/0033"}


@pytest.mark.parametrize("days", [10**12, 10**400, 9_999 * 366])
@pytest.mark.parametrize("operation", ["add", "subtract"])
def test_end_of_the_calendar_is_an_error(operation: str, days: int) -> None:
    with pytest.raises(ToolError, match="out of the calendar"):
        _run(["2024-01-01"], operation, days=days)


@pytest.mark.parametrize(
    ("dates", "operation", "date_format", "says"),
    [
        ([], "oldest", None, "no dates"),
        (["2024-01-01"] * (MAX_DATES + 1), "oldest", None, "too many"),
        (["2024-01-01"], "difference", None, "exactly 2 dates, not 1"),
        (["2024-01-01"] * 3, "difference", None, "exactly 2 dates, not 3"),
        (["2024-01-01"] * 2, "add", None, "exactly 1 date, not 2"),
        (["2024-01-01"] * 2, "subtract", None, "exactly 1 date"),
        (["2024-01-01"] * 2, "convert", "EU", "exactly 1 date"),
        (["2024-01-01"], "convert", None, "needs a date_format"),
        (["2024-01-01"], "convert", "XX", "'XX' is unknown"),
        (["2024-01-01"], "age", None, "take one of difference, oldest"),
        (["2024-01-01", "then"], "newest", None, "'then' cannot be read"),
    ],
)
def test_error_says_what_to_change(dates: list[str], operation: str, date_format: str | None, says: str) -> None:
    with pytest.raises(ToolError) as caught:
        _run(dates, operation, date_format)
    assert says in caught.value.message
