"""Arithmetic that is told in words: "the square root of 16", "add 5 and 7", "five plus seven"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .numbers import NUMBER_WORDS

__all__ = ["find_spelled_expressions"]

_N = rf"(-?(?:\d{{1,3}}(?:,\d{{3}}){{1,10}}|\d{{1,30}})(?:\.\d{{1,30}})?|(?:{'|'.join(NUMBER_WORDS)})\b)"
_FORMS = (
    (rf"\bsquare root of {_N}", "sqrt({0})"),
    (rf"\bcube root of {_N}", "cbrt({0})"),
    (rf"\bfactorial of {_N}", "factorial({0})"),
    (rf"(?<![\w.]){_N} factorial\b", "factorial({0})"),
    (rf"\b(?:add|sum of|total of) {_N} (?:and|to|plus) {_N}", "{0} + {1}"),
    (rf"\bdifference (?:between|of) {_N} and {_N}", "{0} - {1}"),
    (rf"\bsubtract {_N} from {_N}", "{1} - {0}"),
    (rf"\b(?:multiply|product of) {_N} (?:by|and|with|times) {_N}", "{0} * {1}"),
    (rf"\b(?:divide|quotient of) {_N} (?:by|and) {_N}", "{0} / {1}"),
    (rf"(?<![\w.]){_N} (?:percent|per cent) of {_N}", "{0} / 100 * {1}"),
    (rf"(?<![\w.]){_N} squared\b", "{0} ** 2"),
    (rf"(?<![\w.]){_N} cubed\b", "{0} ** 3"),
    (rf"(?<![\w.]){_N} (?:to the power of|raised to) {_N}", "{0} ** {1}"),
    (rf"(?<![\w.]){_N} plus {_N}", "{0} + {1}"),
    (rf"(?<![\w.]){_N} minus {_N}", "{0} - {1}"),
    (rf"(?<![\w.]){_N} (?:times|multiplied by) {_N}", "{0} * {1}"),
    (rf"(?<![\w.]){_N} divided by {_N}", "{0} / {1}"),
)


def find_spelled_expressions(text: str) -> Iterator[tuple[int, int, str]]:
    """Give (start, end, expression) of each piece of arithmetic told in words, written in signs."""
    for pattern, form in _FORMS:
        for match in re.finditer(pattern, text, re.IGNORECASE):
            yield match.start(), match.end(), form.format(*(_figures(number) for number in match.groups()))


def _figures(number: str) -> str:
    return str(NUMBER_WORDS.get(number.lower(), number.replace(",", "")))
