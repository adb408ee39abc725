"""A prompt, taken apart into clauses that each may need a tool of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice, pairwise

from .evidence import Evidence, find_evidence
from .words import STARTERS, content_stems, word_list

__all__ = ["Clause", "Prompt", "read_prompt"]

_MOST_READ = 12_000
"""Characters of a prompt that are looked at; rules find nothing more in a longer one."""
_MOST_CLAUSES = 16
_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_BREAK = re.compile(
    r"[.!?;]{1,5}[)\"”]?\s{1,9}|[。！？；\n]{1,9}"
    r"|(?:,\s{1,9}|\s)(?:and|then|also|plus|as well as)\s{1,9}(?:(?:then|also|please)\s)?(?=([a-z']{2,12}))"
    r"|,\s{1,9}(?=(?:what|how|when|where|who)\b)",
    re.IGNORECASE,
)
_MOST_SEAMS = 8
_SEAM = re.compile(r",\s{1,9}(?:and|then|plus|also)\s{1,9}|,\s{1,9}|\s(?:and|then|plus|also)\s{1,9}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a prompt.

    Attributes:
        text: Its words.
        evidence: What it offers as arguments, in order.
        stems: Stems of its words that say something.
    """

    text: str
    evidence: tuple[Evidence, ...]
    stems: frozenset[str]

    def seams(self) -> list[int]:
        """Where it might break in two: commas and "and" between things that often belong together."""
        return list(islice(_places(_SEAM, self.text, self.evidence), _MOST_SEAMS))

    def cut(self, seams: Sequence[int]) -> list[Clause]:
        """Its pieces, with a cut at each of these places."""
        return [_clause(self.text, start, end, self.evidence) for start, end in pairwise([0, *seams, len(self.text)])]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt as the rules see it: the whole as one clause, and its clauses."""

    whole: Clause
    clauses: tuple[Clause, ...]


def read_prompt(text: str, today: date | None = None) -> Prompt:
    """Take a prompt apart; of a very long one only the beginning and the end are looked at.

    Args:
        text: The prompt.
        today: What "today", "tomorrow" and "yesterday" count from; without it they stay words.
    """
    if len(text) > _MOST_READ:
        text = text[: _MOST_READ // 2] + "\n" + text[-_MOST_READ // 2 :]
    evidence = [_dated(item, today) for item in find_evidence(text)]
    bounds = [0, *islice(_places(_BREAK, text, evidence), _MOST_CLAUSES - 1), len(text)]
    clauses = [_clause(text, start, end, evidence) for start, end in pairwise(bounds)]
    said = tuple(clause for clause in clauses if clause.stems or not all(item.weak for item in clause.evidence))
    whole = _clause(text, 0, len(text), evidence)
    return Prompt(whole, said or (whole,))


def _dated(item: Evidence, today: date | None) -> Evidence:
    days = _DAYS.get(str(item.value).lower()) if item.kind == "date" else None
    if days is None or today is None:
        return item
    return replace(item, value=(today + timedelta(days=days)).isoformat())


def _places(pattern: re.Pattern[str], text: str, evidence: Sequence[Evidence]) -> Iterator[int]:
    """Where a text breaks, outside of quotes, numbers and the like."""
    inside = {place for item in evidence if item.kind not in ("phrase", "name") for place in item.span}
    places = (match for match in pattern.finditer(text) if match.start() not in inside)
    for match in islice(places, _MOST_CLAUSES * 4):
        opener = match[1] if pattern.groups else None
        if not opener or opener.lower() in STARTERS:
            yield match.end()


def _clause(text: str, start: int, end: int, evidence: Sequence[Evidence]) -> Clause:
    part = text[start:end]
    inner = tuple(
        replace(item, start=item.start - start, end=item.end - start)
        for item in evidence
        if start <= item.start and item.end <= end
    )
    return Clause(part, inner, content_stems(word_list(part)))
