"""Numbers in a text."""

from __future__ import annotations

import pytest

from promptdock.providers.offline.numbers import find_numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("3 and -4 and 5.25", [3, -4, 5.25]),
        ("f(3,4)", [3, 4]),
        ("1,000 or 2 million", [1000, 2_000_000]),
        ("twenty-one of minus five", [21, -5]),
        ("20km at $5", [20, 5]),
        ("the one in 10-15", [10, 15]),
        ("v1.2.3 2d6 a1b2", []),
        ("第3章", [3]),
    ],
)
def test_numbers_in_figures_and_words(text: str, numbers: list[float]) -> None:
    assert [number for _, _, number in find_numbers(text)] == numbers
