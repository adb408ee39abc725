"""The evidence of a clause while arguments are taken from it; what was taken is not given twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .clauses import Clause
from .evidence import Evidence
from .words import stem, stems, word_list

__all__ = ["Supply"]

_MOST_VALUE = 200
_SEPARATOR = r"\s{0,3}(?:[:=：＝]|\bis\b|\bset to\b|は|是|为|為)\s{0,3}"
_VALUE = re.compile(r"[^,;\n，。；、?!)]{1,200}")
_NEAR = 30
"""Characters around a piece of evidence in which a word is near it."""


@dataclass(slots=True)
class Supply:
    """What a clause offers, less what has been taken.

    Attributes:
        clause: The clause.
        hidden: Stems that name the tool; a guessed name made of them is none.
        taken: Places of the clause that arguments were made of.
    """

    clause: Clause
    hidden: frozenset[str] = frozenset()
    taken: set[int] = field(default_factory=set)
    _around: dict[tuple[int, int], tuple[list[str], list[str]]] = field(default_factory=dict)

    def left(self) -> Iterator[Evidence]:
        """Give the evidence of which nothing was taken."""
        for item in self.clause.evidence:
            if self.taken.isdisjoint(item.span) and not (item.weak and self._names_tool(item)):
                yield item

    def take(self, item: Evidence) -> None:
        """Note that an argument was made of this piece."""
        self.taken.update(item.span)

    def take_all(self, other: Supply) -> None:
        """Take over what was taken from a copy."""
        self.taken |= other.taken

    def copy(self) -> Supply:
        """A supply to try things with."""
        return Supply(self.clause, self.hidden, set(self.taken), self._around)

    def near(self, item: Evidence, wanted: frozenset[str]) -> int:
        """How near the closest of some words stands: 3 right beside the piece, 1 within reach, 0 not at all."""
        best = 0
        for words in self._neighbours(item):
            for distance, word in enumerate(words):
                if word in wanted:
                    best = max(best, 3 - distance)
        return best

    def _neighbours(self, item: Evidence) -> tuple[list[str], list[str]]:
        """Stems of the three words before and the two after, the nearest first; looked up once for each piece."""
        found = self._around.get((item.start, item.end))
        if found is None:
            text = self.clause.text
            before = stems(text[max(0, item.start - _NEAR) : item.start])[::-1]
            found = before[:3], stems(text[item.end : item.end + _NEAR])[:2]
            self._around[item.start, item.end] = found
        return found

    def pair(self, name: str) -> tuple[int, int, str] | None:
        """Find ``name = value``, ``name: value`` or ``name is value``; (start, end, value)."""
        spelled = r"[\s_-]{1,2}".join(re.escape(word) for word in re.split(r"[\s_-]+", name)[:8] if word)
        if not spelled:
            return None
        text = self.clause.text
        matches = re.finditer(rf"(?<![\w]){spelled}{_SEPARATOR}", text, re.IGNORECASE)
        match = next((found for found in matches if found.start() not in self.taken), None)
        if match is None:
            return None
        start = match.end()
        for item in self.clause.evidence:
            if item.start <= start + 1 < item.end and item.kind in ("quoted", "date", "number", "url", "email"):
                return item.start, item.end, str(item.value)
        value = _VALUE.match(text, start, min(len(text), start + _MOST_VALUE))
        words = re.split(r"\s(?:and|with|but)\s", value[0])[0].rstrip(" .'\"") if value else ""
        return (start, start + len(words), words) if words.strip() else None

    def _names_tool(self, item: Evidence) -> bool:
        return all(stem(word) in self.hidden for word in word_list(str(item.value)))
