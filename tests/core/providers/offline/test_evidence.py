"""What a prompt offers as arguments."""

from __future__ import annotations

import pytest

from promptdock.providers.offline.evidence import find_evidence


@pytest.mark.parametrize(
    "text", ["say 'a b'", 'say "a b"', "say “a b”", "say 「a b」", "say «a b»", "say `a b`", "say ‘a b’"]
)
def test_texts_in_any_quotes_are_evidence(text: str) -> None:
    assert [item.value for item in find_evidence(text) if item.kind == "quoted"] == ["a b"]


def test_apostrophes_are_no_quotes() -> None:
    assert [item for item in find_evidence("don't say it's Bob's or Ann's") if item.kind == "quoted"] == []


def test_each_kind_is_found_with_its_place_and_the_word_before() -> None:
    text = "Mail ada@example.org about https://example.org/a, order A-17, on 2024-02-28"
    found = {item.kind: item for item in find_evidence(text)}
    assert found["email"].value == "ada@example.org"
    assert found["url"].value == "https://example.org/a"
    assert found["code"].value == "A-17"
    assert found["date"].lead == "on"
    assert text[found["date"].start : found["date"].end] == "2024-02-28"


def test_counting_until_a_date_begins_today() -> None:
    dates = [item.value for item in find_evidence("How many days until 2030-12-24?") if item.kind == "date"]
    assert dates == ["today", "2030-12-24"]
    both = "How long from 2030-01-01 until 2030-12-24?"
    assert [item.value for item in find_evidence(both) if item.kind == "date"] == ["2030-01-01", "2030-12-24"]


def test_what_stands_in_quotes_is_not_found_again() -> None:
    assert [item.kind for item in find_evidence("'17 + 4 in Paris on 2024-02-28'")] == ["quoted"]
