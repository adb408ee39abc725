"""Prompts, taken apart into clauses."""

from __future__ import annotations

from datetime import date

import pytest

from promptdock.providers.offline.clauses import read_prompt


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("What is (17 + 4) * 2, and how many days from 2024-02-28 to 2024-03-01?", 2),
        ("How many days lie between 2024-02-28 and 2024-03-01?", 1),
        ("Weather in Oslo? Then add 3.5 and 4.5. Thank you very much!", 2),
        ("Send 'Hello. How are you?' to Bob", 1),
        ("今日は何日？天気は？", 2),
    ],
)
def test_a_prompt_falls_into_clauses(text: str, count: int) -> None:
    assert len(read_prompt(text).clauses) == count


def test_evidence_belongs_to_its_clause_and_knows_its_place_there() -> None:
    second = read_prompt("What is 1 + 2, and what is the weather in Paris?").clauses[1]
    name = next(item for item in second.evidence if item.kind == "name")
    assert second.text[name.start : name.end] == "Paris"


def test_relative_dates_count_from_today_when_it_is_known() -> None:
    told = read_prompt("until tomorrow", date(2026, 12, 31)).whole.evidence
    untold = read_prompt("until tomorrow").whole.evidence
    assert [item.value for item in told if item.kind == "date"] == ["2027-01-01"]
    assert [item.value for item in untold if item.kind == "date"] == ["tomorrow"]


def test_of_a_very_long_prompt_the_beginning_and_the_end_are_read() -> None:
    prompt = read_prompt("Compute 17 + 4. " + "blah " * 200_000 + "Weather in Paris?")
    values = [item.value for item in prompt.whole.evidence]
    assert "17 + 4" in values
    assert "Paris" in values
    assert len(prompt.whole.text) < 20_000


@pytest.mark.parametrize("text", ["", " ", "?!", "\n\n"])
def test_a_prompt_without_words_is_one_clause(text: str) -> None:
    assert read_prompt(text).clauses == (read_prompt(text).whole,)
