"""Search terms: does a text refer to a term?"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

import msgspec

from ..errors import ConfigurationError

__all__ = ["Term", "WordIndex", "unspaced", "words"]

_CAMEL = re.compile(r"(?<=[a-z0-9])(?<!\bMc)(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_MAYBE_CAMEL = re.compile(r"[A-Za-z0-9][A-Z]")
"""What every place that :data:`_CAMEL` finds looks like, and most texts do not hold: far cheaper to look for."""
_WORD = re.compile(r"\w+(?:'\w+)?")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
"""Scripts that put no spaces between words: Thai, Lao, Burmese, Khmer, Japanese, Chinese."""


def _clean(text: str) -> str:
    normal = text if text.isascii() else unicodedata.normalize("NFKC", text).replace("’", "'")
    return _CAMEL.sub(" ", normal) if _MAYBE_CAMEL.search(normal) else normal


def words(text: str) -> list[str]:
    """The words of a text in lower case; CamelCase is taken apart, save after ``Mc`` (``McDaniel`` is one word)."""
    return [word.casefold() for word in _WORD.findall(_clean(text))]


def unspaced(text: str) -> frozenset[str]:
    """The characters of a text that belong to scripts without spaces between words."""
    return frozenset() if text.isascii() else frozenset(_UNSPACED.findall(text))


class WordIndex:
    """A text, read once, to look many terms up in.

    Args:
        text: The text.

    Attributes:
        folded: The text with compatible characters made the same, CamelCase taken apart, and in one case.
        counts: Its words, each with how often it stands there.
    """

    __slots__ = ("counts", "folded")

    def __init__(self, text: str) -> None:
        cleaned = _clean(text)
        self.folded = cleaned.casefold()
        # in ASCII folding changes no letter's kind, so the words may be read of the folded text
        is_ascii = cleaned.isascii()
        read = _WORD.findall(self.folded if is_ascii else cleaned)
        self.counts: dict[str, int] = {}
        for word in read if is_ascii else map(str.casefold, read):
            self.counts[word] = self.counts.get(word, 0) + 1

    def holds(self, term: Term) -> bool:
        """Whether the text refers to a term."""
        return all(
            word in self.folded if joined else self.counts.get(word, 0) >= count for word, count, joined in term.needs
        )


class Term(msgspec.Struct, frozen=True):
    """A word or a phrase to look for.

    Attributes:
        text: As the rule's author wrote it.
        needs: The words that have to stand in a text, how often each, and whether it is of a script without spaces.
    """

    text: str
    needs: tuple[tuple[str, int, bool], ...]

    @classmethod
    def parse(cls, text: str) -> Term:
        """Take a term apart.

        Raises:
            ConfigurationError: It holds no word: empty, or punctuation only.
        """
        found = words(text)
        if not any(character.isalnum() for word in found for character in word):
            raise ConfigurationError(f"The search term {text!r} holds no word.", hint="Give a word or a phrase.")
        return cls(text, tuple((word, count, bool(_UNSPACED.search(word))) for word, count in Counter(found).items()))

    def is_in(self, text: str) -> bool:
        """Whether a text refers to this term: all its words, whole, in any order and case.

        A word in a script without spaces counts wherever its characters stand together.
        """
        return WordIndex(text).holds(self)
