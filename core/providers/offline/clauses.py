"""A prompt, taken apart into clauses that each may need a tool of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

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
    bounds = [0, *_breaks(text, evidence), len(text)]
    clauses = [_clause(text, start, end, evidence) for start, end in pairwise(bounds)]
    said = tuple(clause for clause in clauses if clause.stems or not all(item.weak for item in clause.evidence))
    whole = _clause(text, 0, len(text), evidence)
    return Prompt(whole, said or (whole,))


def _dated(item: Evidence, today: date | None) -> Evidence:
    days = _DAYS.get(str(item.value).lower()) if item.kind == "date" else None
    if days is None or today is None:
        return item
    return replace(item, value=(today + timedelta(days=days)).isoformat())


def _breaks(text: str, evidence: list[Evidence]) -> list[int]:
    inside = {place for item in evidence if item.kind not in ("phrase", "name") for place in item.span}
    found: list[int] = []
    for match in _BREAK.finditer(text):
        opener = match[1]
        if match.start() in inside or (opener and opener.lower() not in STARTERS):
            continue
        found.append(match.end())
        if len(found) == _MOST_CLAUSES - 1:
            break
    return found


def _clause(text: str, start: int, end: int, evidence: list[Evidence]) -> Clause:
    part = text[start:end]
    inner = tuple(
        replace(item, start=item.start - start, end=item.end - start)
        for item in evidence
        if start <= item.start and item.end <= end
    )
    return Clause(part, inner, content_stems(word_list(part)))
