"""Numbers in a text, in figures and in words."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["NUMBER_WORDS", "find_numbers"]

_FIGURES = re.compile(
    r"(?<![\w.])(?:(?<![)\]])[-−])?(?:\d{1,3}(?:,\d{3}){1,5}|\d{1,30})(?:\.\d{1,30})?(?![A-Za-z]{0,20}\d|[.]\d)"
    r"|(?<=[\u3040-\u30ff\u3400-\u9fff])\d{1,30}(?:\.\d{1,30})?"
)
_UNITS = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
}
NUMBER_WORDS = _UNITS | {
    "zero": 0,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "thirteen": 13,
    "fourteen": 14,
    "fifteen": 15,
    "sixteen": 16,
    "seventeen": 17,
    "eighteen": 18,
    "nineteen": 19,
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
    "hundred": 100,
    "thousand": 1000,
    "dozen": 12,
}
_SPELLED = re.compile(
    rf"\b(?:(minus|negative)\s)?({'|'.join(NUMBER_WORDS)})(?:-({'|'.join(_UNITS)}))?\b",
    re.IGNORECASE,
)
_SCALE = re.compile(r"\s?(thousand|million|billion|percent)\b", re.IGNORECASE)
_FACTORS = {"thousand": 10**3, "million": 10**6, "billion": 10**9}


def find_numbers(text: str) -> Iterator[tuple[int, int, str | int | float]]:
    """Give (start, end, number) of each number in a text; "1,000" is 1000, "-4" is -4, "twenty-one" is 21."""
    for match in _FIGURES.finditer(text):
        number = _number(match[0])
        scale = _SCALE.match(text, match.end())
        end = match.end()
        if scale and scale[1].lower() in _FACTORS:
            number, end = number * _FACTORS[scale[1].lower()], scale.end()
        yield match.start(), end, number
    for match in _SPELLED.finditer(text):
        word = match[2].lower()
        if word == "one" and not match[3] and not match[1]:
            continue  # "one" is a pronoun more often than a number
        number = NUMBER_WORDS[word] + (_UNITS[match[3].lower()] if match[3] else 0)
        yield match.start(), match.end(), -number if match[1] else number


def _number(text: str) -> int | float:
    text = text.replace(",", "").replace("−", "-")
    return float(text) if "." in text else int(text)
