"""Weather codes in words."""

from __future__ import annotations

import pytest

from promptdock_builtin.weather.wmo import conditions


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "clear sky"),
        (3.0, "overcast"),
        (61, "light rain"),
        (99, "thunderstorm with heavy hail"),
        (42, "weather code 42"),
        (None, None),
    ],
)
def test_codes_have_words(code: float | None, words: str | None) -> None:
    """A code that the table lacks is shown as it is."""
    assert conditions(code) == words
