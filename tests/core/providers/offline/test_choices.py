"""Values that are chosen."""

from __future__ import annotations

import pytest

from promptdock.providers.offline.choices import chosen, presumed, yes_or_no
from promptdock.providers.offline.clauses import read_prompt
from promptdock.providers.offline.schemas import subject_of
from promptdock.providers.offline.supply import Supply

OPERATIONS = ["difference", "oldest", "newest", "convert", "add", "subtract"]
DESCRIBED = {"description": "difference (between two dates), oldest, newest, convert (a date), add or subtract (days)."}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("how many days from 2024-02-28 to 2024-03-01?", "difference"),
        ("days between Jan 1 2024 and Feb 1 2024", "difference"),
        ("30 days before 2024-03-01", "subtract"),
        ("30 days after 2024-03-01", "add"),
        ("Who is older?", "oldest"),
        ("the latest of them", "newest"),
    ],
)
def test_a_description_helps_and_does_not_mislead(text: str, value: str) -> None:
    assert chosen(OPERATIONS, DESCRIBED, Supply(read_prompt(text).whole)) == [value]


def test_numbers_and_short_capitals_have_to_stand_there_as_they_are() -> None:
    assert chosen([1, 2, 3], {}, Supply(read_prompt("take 2").whole)) == [2]
    assert chosen(["US", "EU"], {}, Supply(read_prompt("tell us").whole)) == []
    assert chosen(["US", "EU"], {}, Supply(read_prompt("in US form").whole)) == ["US"]


def test_yes_and_no_are_read_beside_the_name() -> None:
    subject = subject_of("include_tax", {})
    assert yes_or_no(subject, Supply(read_prompt("the price with tax").whole)) is True
    assert yes_or_no(subject, Supply(read_prompt("the price without tax").whole)) is False
    assert yes_or_no(subject, Supply(read_prompt("the price of it all").whole)) is None


def test_a_form_or_a_part_of_a_value_is_enough_for_what_is_required_only() -> None:
    for text, values, value in (
        ("a rental", ["rent", "buy"], "rent"),
        ("by debit", ["cash", "debit card"], "debit card"),
    ):
        supply = Supply(read_prompt(text).whole)
        assert chosen(values, {}, supply) == [value]
        assert chosen(values, {}, supply, required=False) == []


def test_what_the_description_gives_as_default_or_a_neutral_value_is_presumed() -> None:
    assert presumed({"enum": ["low", "high"], "description": "Quality. Default is 'high'."}) == ["high"]
    assert presumed({"type": "integer", "description": "Acceptable range 3-100, defaults to 10."}) == [10]
    assert presumed({"enum": ["Jazz", "dontcare"]}) == ["dontcare"]
    assert presumed({"enum": ["low", "high"]}) == []
