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
    ],
)
def test_expressions_are_found_and_spelled_in_signs(text: str, expression: str) -> None:
    assert [found for _, _, found in find_expressions(text)] == [expression]


@pytest.mark.parametrize("text", ["10 plus days", "room 12", "a - b", "1 2 3", "well-known", "(", "- - -"])
def test_other_text_holds_no_expression(text: str) -> None:
    assert list(find_expressions(text)) == []
