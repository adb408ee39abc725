"""Texts that have nothing to hide, remembered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

__all__ = ["PlainTexts"]

_MOST: Final = 1_000
_SHORT: Final = 200
"""The longest text that is remembered."""


class PlainTexts:
    """Shows texts, and remembers those that are shown as they are: the same paths and models come again and again.

    Of the others nothing is kept, as they may hold a secret; of too many, none is.

    Args:
        shown: What is shown of a text; it depends on the text alone.
    """

    __slots__ = ("_plain", "_shown")

    def __init__(self, shown: Callable[[str], str]) -> None:
        self._shown = shown
        self._plain: set[str] = set()

    def __call__(self, text: str) -> str:
        """What is shown of a text."""
        if text in self._plain:
            return text
        shown = self._shown(text)
        if shown == text and len(text) <= _SHORT:
            if len(self._plain) >= _MOST:
                self._plain.clear()
            self._plain.add(text)
        return shown

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._plain)

    def __contains__(self, text: object) -> bool:
        """Whether a text is remembered."""
        return text in self._plain
