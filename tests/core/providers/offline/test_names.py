"""Names and phrases in a text."""

from __future__ import annotations

import pytest

from promptdock.providers.offline.names import find_names, find_phrases, find_unspaced_names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("What's the weather in Paris?", ["Paris"]),
        ("Dinner for San Francisco, CA?", ["Dinner", "San Francisco, CA"]),
        ("Meet me in Paris, France.", ["Paris, France"]),
        ("Compare Paris, Rome and Oslo", ["Paris", "Rome", "Oslo"]),
        ("Tell me what I said", []),
    ],
)
def test_runs_of_capitals_are_names(text: str, names: list[str]) -> None:
    assert [name for _, _, name, _ in find_names(text)] == names


def test_a_capital_at_the_start_of_a_sentence_is_a_guess_unless_it_is_a_subject() -> None:
    assert [weak for *_, weak in find_names("Dinner at eight.")] == [True]
    assert [weak for *_, weak in find_names("Alice is thirty.")] == [False]


def test_phrases_follow_prepositions() -> None:
    assert [phrase for *_, phrase in find_phrases("weather in new york for the next days")] == ["new york", "next days"]


@pytest.mark.parametrize(
    ("text", "name"), [("北京的天气怎么样?", "北京"), ("請問東京の天気は?", "請問東京"), ("请问上海今天", "上海")]
)
def test_names_in_scripts_without_spaces(text: str, name: str) -> None:
    assert [found for *_, found in find_unspaced_names(text)] == [name]
