"""Foreign text, made fit to show."""

from __future__ import annotations

import pytest

from promptdock.plaintext import one_line, shorten, visible


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("plain — text, 日本", "plain — text, 日本"),
        ("two\nlines\tand\r\na third", "two\nlines\tand\na third"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("over\rwritten", "over\\x0dwritten"),
        ("\x9b31m \x7f", "\\x9b31m \\x7f"),
        ("abc\u202efed\u2066x", "abc\\u202efed\\u2066x"),
        ("half \ud800", "half \\ud800"),
    ],
)
def test_control_characters_are_written_out(given: str, shown: str) -> None:
    """Nothing that moves the cursor, rings, colours or reverses gets through."""
    assert visible(given) == shown


def test_one_line_has_no_breaks() -> None:
    """A message of several lines cannot pass for several messages."""
    assert one_line("  first\n\n second\u2028third \x1b ") == "first second third \\x1b"


def test_shorten_says_how_much_is_missing() -> None:
    """Short texts stay as they are."""
    assert shorten("12345", 5) == "12345"
    assert shorten("123456789", 5) == "12345… (+4 characters)"
