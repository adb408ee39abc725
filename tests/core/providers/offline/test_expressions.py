"""Arithmetic expressions in a text."""

from __future__ import annotations

import pytest

from promptdock.providers.offline.expressions import find_expressions


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("What is (17 + 4) * 2, and how many days?", "(17 + 4) * 2"),
        ("sqrt(16) + 2^10?", "sqrt(16) + 2^10"),
        ("What's 12 times 7?", "12 * 7"),
        ("What is 15% of 80?", "15 / 100 * 80"),
        ("compute -3 - -4 please", "-3 - -4"),
        ("3 × 4 ÷ 2", "3 * 4 / 2"),
        ("max(1, 2) of these", "max(1, 2)"),
        ("((1 + 2", "1 + 2"),
        ("it is 2 * pi.", "2 * pi"),
        ("What is 3,000 + 1?", "3000 + 1"),
        ("(1,000 + 2,000.5) / 3,000,000", "(1000 + 2000.5) / 3000000"),
        ("max(100,200)", "max(100,200)"),
        ("max(3,000, 2)", "max(3000, 2)"),
        ("$3,000 + $500", "3000 + 500"),
        ("calculate sin(pi)", "sin(pi)"),
        ("sqrt(pi) + cos(tau / 2)", "sqrt(pi) + cos(tau / 2)"),
        ("20% of 1,500", "20 / 100 * 1500"),
        ("20 percent of 80", "20 / 100 * 80"),
        ("50% + 10", "(50 / 100) + 10"),
        ("7 % 3", "7 % 3"),
        ("7 mod 3", "7 % 3"),
        ("√2 + √(2 + 3)", "sqrt(2) + sqrt(2 + 3)"),
        ("5² − 3 ⋅ π", "5**2 - 3 * pi"),
    ],
)
def test_an_expression_is_taken_whole_and_spelled_in_plain_signs(text: str, expression: str) -> None:
    assert [found for _, _, found in find_expressions(text)] == [expression]


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("calculate 5!", "factorial(5)"),
        ("What is 100!", "factorial(100)"),
        ("3! + 2", "factorial(3) + 2"),
        ("10!/(3! * 7!)", "factorial(10)/(factorial(3) * factorial(7))"),
        ("-3!", "-factorial(3)"),
        ("((1 + 2) * 3)!", "factorial((1 + 2) * 3)"),
        ("sqrt(16)!", "factorial(sqrt(16))"),
    ],
)
def test_factorials_are_spelled_as_a_function(text: str, expression: str) -> None:
    assert [found for _, _, found in find_expressions(text)] == [expression]


@pytest.mark.parametrize(
    "text",
    [
        "10 plus days",
        "room 12",
        "a - b",
        "1 2 3",
        "well-known",
        "(",
        "- - -",
        "I am 30!",
        "Wow 5!",
        "f(x) = 3",
        "1,000",
        "1,2,3",
        "sin(",
    ],
)
def test_other_text_holds_no_expression(text: str) -> None:
    assert list(find_expressions(text)) == []


@pytest.mark.parametrize("text", ["12,34 + 1", "2 * x + 3 * 4", "1 + 2 * n"])
def test_a_part_of_what_is_not_understood_is_no_expression(text: str) -> None:
    assert list(find_expressions(text)) == []
