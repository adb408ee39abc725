"""Arithmetic told in words."""

from __future__ import annotations

import pytest

from promptdock.providers.offline.spelled import find_spelled_expressions


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("What is the square root of 16?", "sqrt(16)"),
        ("the square root of 1,600", "sqrt(1600)"),
        ("the cube root of 27", "cbrt(27)"),
        ("factorial of five", "factorial(5)"),
        ("add 5 and 7", "5 + 7"),
        ("the sum of 2.5 and 3", "2.5 + 3"),
        ("subtract 3 from ten", "10 - 3"),
        ("multiply 6 by 7", "6 * 7"),
        ("divide 84 by 2", "84 / 2"),
        ("What is five plus seven?", "5 + 7"),
        ("15 percent of 80", "15 / 100 * 80"),
        ("12 squared", "12 ** 2"),
        ("2 to the power of 10", "2 ** 10"),
    ],
)
def test_arithmetic_in_words_is_written_in_signs(text: str, expression: str) -> None:
    assert [found for _, _, found in find_spelled_expressions(text)] == [expression]


def test_other_text_is_left_alone() -> None:
    assert list(find_spelled_expressions("add Bob and Ann, plus ten more; squared away")) == []
