"""Which regular expressions may take exponential time."""

from __future__ import annotations

import re

import pytest

from promptdock_builtin.guard.patterns import nested_repetition


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+",
        "(a*)*b",
        "(?:a+b?)*",
        "(a|ab)*c",
        "((a+))+",
        "(a{2,})+",
        "(?P<x>a+){3,}",
        r"(\w+\s?)*$",
        "(?i:a+)+",
        "([)]+)+",
        "(a{1,2})+X",
        "(a?a?)+X",
        "(?:a|a){30}X",
        r"(?:\d{1,3}-?)+X",
        "(a+?)+?b",
        "(a{,3})*",
    ],
)
def test_repeated_repetitions_and_branches_are_risky(pattern: str) -> None:
    re.compile(pattern)
    assert nested_repetition(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"\b[A-Z]{2}\d{2}(?: ?\d{4}){3,5}",
        "a+b+c*",
        "(a|b)c",
        "(a+)b",
        "(a+){2,3}",
        "(?>a+)+",
        "(?>a|ab)*c",
        "(a+)++",
        "(a++)+",
        r"(\(+)x",
        r"(a\+)+",
        "([+*|])+",
        "(ab)+",
        "(?:a+)?b",
        "[(]a+[)]+",
        "(?:a{3}b)+",
        "(?:a?+b)*",
        r"(?:\d{1,3}-?){4}",
    ],
)
def test_others_are_fine(pattern: str) -> None:
    re.compile(pattern)
    assert not nested_repetition(pattern)
