"""Dates in a text."""

from __future__ import annotations

import pytest

from promptdock.providers.offline.dates import find_dates, iso_date


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("from 2024-02-28 to 2024-03-01", ["2024-02-28", "2024-03-01"]),
        ("at 2024-02-28T10:30:00Z", ["2024-02-28T10:30:00Z"]),
        ("on March 1st, 2024 or 5 Jan 2023", ["2024-03-01", "2023-01-05"]),
        ("on 03/04/2024", ["03/04/2024"]),
        ("2024年3月1日", ["2024-03-01"]),
        ("in May, or tomorrow", ["tomorrow"]),
        ("on 12 May", ["12 May"]),
        ("call 2024-02-281 or 1.2.3", []),
    ],
)
def test_dates_in_figures_and_words(text: str, dates: list[str]) -> None:
    assert [written for _, _, written in find_dates(text)] == dates


@pytest.mark.parametrize(
    ("written", "iso"),
    [("03/04/2024", "2024-03-04"), ("25/12/2024", "2024-12-25"), ("2024/1/5", "2024-01-05"), ("31/31/2024", None)],
)
def test_a_date_in_figures_is_read_month_first_unless_that_cannot_be(written: str, iso: str | None) -> None:
    assert iso_date(written) == iso
