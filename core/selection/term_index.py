"""The terms of many rules, looked up in a text together: what is not among its words costs nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from .terms import Term, WordIndex, unspaced

__all__ = ["Hit", "TermIndex", "ThreadIndex"]

_ENTRY = 200
"""Characters that the keeping of a text counts, beside its own."""


class Hit(NamedTuple):
    """A term that a text refers to: the number of its rule, and its own place among the rule's terms."""

    rule: int
    term: int


class TermIndex:
    """Finds the terms of all rules that a text refers to.

    Each term waits at one of its words, or at one character where it has only words of scripts without spaces, and is
    looked at when the text holds that. So a text costs by its words and by the terms that come near it.

    Args:
        rules: The terms of each rule.
    """

    def __init__(self, rules: Sequence[Sequence[Term]]) -> None:
        uses = Counter(key for terms in rules for term in terms for key in _keys(term))
        self._waiting: dict[str, list[tuple[Hit, Term]]] = {}
        self._has_unspaced = False
        for number, terms in enumerate(rules):
            for place, term in enumerate(terms):
                # where the fewest others wait; of equals the longest word, which the fewest texts hold
                key = min(_keys(term), key=lambda key: (uses[key], -len(key)))
                self._waiting.setdefault(key, []).append((Hit(number, place), term))
                self._has_unspaced |= bool(unspaced(key))

    def __bool__(self) -> bool:
        """Whether there is any term to look for."""
        return bool(self._waiting)

    def hits(self, text: WordIndex) -> list[Hit]:
        """The terms that a text refers to, in no order."""
        near = self._waiting.keys() & text.counts.keys()
        if self._has_unspaced:
            near |= self._waiting.keys() & unspaced(text.folded)
        return [hit for key in near for hit, term in self._waiting[key] if text.holds(term)]


def _keys(term: Term) -> Iterator[str]:
    """What a term may wait at: every text that refers to it holds all of these."""
    whole = [word for word, _, joined in term.needs if not joined]
    yield from whole or (character for word, _, _ in term.needs for character in unspaced(word))


class ThreadIndex:
    """An index for the texts of threads, which come again with every turn: what it found in them lately is kept.

    Args:
        index: Finds the terms.
        limit: The most characters of texts to keep.
    """

    def __init__(self, index: TermIndex, *, limit: int) -> None:
        self._index = index
        self._limit = limit
        self._size = 0
        self._known: dict[str, tuple[Hit, ...]] = {}

    def unknown(self, texts: Iterable[str]) -> list[str]:
        """Those of the texts that were not read lately; each once."""
        return list(dict.fromkeys(text for text in texts if text not in self._known))

    def read(self, texts: Iterable[str]) -> dict[str, tuple[Hit, ...]]:
        """Read texts; this may run in any thread."""
        return {text: tuple(self._index.hits(WordIndex(text))) for text in texts}

    def hits(self, texts: Sequence[str], just_read: Mapping[str, tuple[Hit, ...]]) -> set[Hit]:
        """All that is found in texts, those that were just read among them, which are known from now on."""
        for text, hits in just_read.items():
            self._keep(text, hits)
        found: set[Hit] = set()
        for text in texts:
            known = self._known.get(text)
            if known is None:  # gone again, as there was too much to keep
                known = just_read[text] if text in just_read else self.read((text,))[text]
            if known:
                found.update(known)
        return found

    def _keep(self, text: str, hits: tuple[Hit, ...]) -> None:
        if text in self._known:
            return
        self._known[text] = hits
        self._size += len(text) + _ENTRY
        while self._size > self._limit:
            oldest = next(iter(self._known))
            del self._known[oldest]
            self._size -= len(oldest) + _ENTRY
