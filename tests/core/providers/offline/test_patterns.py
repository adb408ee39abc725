"""Texts that regular expressions take."""

from __future__ import annotations

import re

import pytest

from promptdock.providers.offline.patterns import example_of


@pytest.mark.parametrize(
    "pattern",
    [
        r"^\d{5}(-\d{4})?$",
        r"^[A-Z]{2,3}-(foo|bar)[^a]+$",
        r"^(?:a|b(?:c|d))+x$",
        r"^\w+@\w+\.(com|org)$",
        r"^[^\s]+$",
        r"^\+?[1-9]\d{7,14}$",
        r"^[]x]$",
        r"^a.c\$$",
        r"^(?P<year>\d{4})-\d{2}$",
        "",
    ],
)
def test_the_example_matches(pattern: str) -> None:
    assert re.search(pattern, example_of(pattern))


@pytest.mark.parametrize("pattern", ["(" * 5000, "[", "\\", "a{999999}", "(?<!x)(?", "[a-", "x{2", ")" * 50])
def test_odd_patterns_give_some_text_of_bounded_length(pattern: str) -> None:
    assert len(example_of(pattern)) <= 1000
