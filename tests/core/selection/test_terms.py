"""Does a text refer to a term?"""

from __future__ import annotations

import pytest

from promptdock import ConfigurationError
from promptdock.selection.terms import Term, words


@pytest.mark.parametrize(
    ("text", "term", "expected"),
    [
        ("larry", "lawrence", False),
        ("dev", "developer", False),
        ("FullStackWithLawrence", "Full Stack With Lawrence", True),
        ("Lawrence McDaniel", "lawrence", True),
        ("Who is Lawrence McDaniel?", "Lawrence McDaniel", True),
        ("Is it true that larry mcdaniel has a YouTube channel?", "larry mcdaniel", True),
        ("Is it true that Lawrence P. McDaniel has a YouTube channel?", "mcdaniel", True),
        ("Is it true that Larry McDaniel has a YouTube channel?", "larry McDaniel", True),
    ],
)
def test_t19_the_eight_pairs(text: str, term: str, expected: bool) -> None:
    """The table that authors of the older system rely on."""
    assert Term.parse(term).is_in(text) is expected


@pytest.mark.parametrize(
    "text",
    [
        "what is an everlasting gobstopper?",
        "do you spell everlasting gobstopper with one b or two?",
        "everlasting gobstopper",
    ],
)
def test_t15_t19_gobstopper(text: str) -> None:
    """One word of a longer text is enough."""
    assert Term.parse("Gobstopper").is_in(text)


def test_t20_art_is_not_in_party() -> None:
    """Words count whole."""
    assert not Term.parse("art").is_in("Let us have a party")
    assert Term.parse("art").is_in("The art, of course")


@pytest.mark.parametrize("term", ["", "   ", "?!", "...", "_", "—"])
def test_t20_a_term_without_a_word_is_refused(term: str) -> None:
    """An empty term would be in every text."""
    with pytest.raises(ConfigurationError, match="holds no word"):
        Term.parse(term)


@pytest.mark.parametrize(
    ("text", "term", "expected"),
    [
        ("MCDANIEL and LAWRENCE", "lawrence mcdaniel", True),
        ("the red fox", "fox red", True),
        ("only one bye", "bye bye", False),
        ("bye, bye!", "bye bye", True),
        ("don’t panic", "don't", True),
        ("Wie heißt die STRASSE?", "straße", True),
        ("北京天气怎么样", "天气", True),
        ("東京の天気は?", "天気", True),
        ("café", "cafe\u0301", True),
        ("parseHTMLDocument", "html", True),
    ],
)
def test_words_are_compared_as_people_read_them(text: str, term: str, expected: bool) -> None:
    """Any order and case, repeated words separately, unspaced scripts by their characters."""
    assert Term.parse(term).is_in(text) is expected


def test_mcdaniel_is_one_word() -> None:
    """CamelCase is taken apart, save after Mc."""
    assert words("McDaniel FullStack") == ["mcdaniel", "full", "stack"]
