"""What a prompt offers as arguments: quoted texts, dates, numbers, expressions, names, phrases, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from .dates import find_dates
from .expressions import find_expressions
from .names import find_names, find_phrases, find_unspaced_names
from .numbers import find_numbers
from .spelled import find_spelled_expressions

__all__ = ["Evidence", "Kind", "find_evidence"]

Kind = Literal["quoted", "date", "number", "expression", "name", "phrase", "email", "url", "code"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A piece of the prompt that can become an argument.

    Attributes:
        kind: What it is.
        value: What it says: text, or a number.
        start: Where it begins in the prompt.
        end: Where it ends, one past its last character.
        lead: The word right before it, in lower case; empty for none.
        weak: Whether it is a guess, as a capital at the start of a sentence is.
        origin: For a date, whether it is written out, is a word such as "tomorrow", or is only implied.
    """

    kind: Kind
    value: str | int | float
    start: int
    end: int
    lead: str = ""
    weak: bool = False
    origin: Literal["written", "word", "implied"] = "written"

    @property
    def span(self) -> range:
        """The places of its characters."""
        return range(self.start, self.end)


_MOST = 100
"""Pieces of one kind that are looked at."""
_QUOTED = re.compile(
    r"\"([^\"\n]{1,2000})\"|“([^”\n]{1,2000})”|「([^」\n]{1,2000})」|『([^』\n]{1,2000})』|«([^»\n]{1,2000})»"
    r"|`([^`\n]{1,2000})`|‘([^’\n]{1,500})’|(?<!\w)'([^'\n]{1,500})'(?!\w)"
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_URL = re.compile(r"\b(?:https?|ftp)://[^\s\"'<>“”「」]{1,2000}")
_CODE = re.compile(r"(?<![\w.-])(?=[\w-]{0,40}\d)(?=[\w-]{0,40}[A-Za-z])[\w-]{2,41}(?![\w-])")
_COUNTED = re.compile(
    r"\bhow (?:long|many|much|old)\b[^.!?]{0,60}?\b(until|till|since)\b"
    r"|\bhow (?:long|many (?:years|months|weeks|days)) (ago)\b|\bhow (old)\b|\b(?:the|what) (age)\b",
    re.IGNORECASE,
)
_LAST_WORD = re.compile(r"(\w{1,30})\W{0,3}\Z")


def find_evidence(text: str) -> list[Evidence]:
    """Find all evidence in a text, in the order in which it stands there."""
    found: list[Evidence] = []
    taken: list[range] = []

    def free(start: int, end: int) -> bool:
        return not any(start < span.stop and span.start < end for span in taken)

    def take(kind: Kind, items: Iterator[tuple[int, int, str | int | float]], *, block: bool) -> None:
        for start, end, value in list(islice(items, _MOST)):
            if free(start, end):
                origin: Literal["written", "word"] = "word" if kind == "date" and _is_word(value) else "written"
                found.append(Evidence(kind, value, start, end, _lead(text, start), origin=origin))
                if block:
                    taken.append(range(start, end))

    take("quoted", ((m.start(), m.end(), next(g for g in m.groups() if g)) for m in _QUOTED.finditer(text)), block=True)
    take("url", ((m.start(), m.end(), m[0].rstrip(".,;:!?)")) for m in _URL.finditer(text)), block=True)
    take("email", ((m.start(), m.end(), m[0].rstrip(".")) for m in _EMAIL.finditer(text)), block=True)
    take("date", find_dates(text), block=True)
    take("expression", find_expressions(text), block=False)
    take("expression", find_spelled_expressions(text), block=False)
    take("number", find_numbers(text), block=False)
    take("code", ((m.start(), m.end(), m[0]) for m in _CODE.finditer(text)), block=False)
    for start, end, name, weak in islice(find_names(text), _MOST):
        if free(start, end):
            found.append(Evidence("name", name, start, end, _lead(text, start), weak))
    take("name", find_unspaced_names(text), block=False)
    take("phrase", find_phrases(text), block=False)
    found += _implied_today(text, found)
    return sorted(found, key=lambda item: (item.start, item.end))


def _implied_today(text: str, found: list[Evidence]) -> list[Evidence]:
    """A question like "how long until Christmas Day 2030" or "how old is" counts from today without saying so."""
    match = _COUNTED.search(text)
    if match is None:
        return []
    word = match.lastindex or 0
    reach = range(match.start() - 60 * (word > 2), match.end() + 60)  # "born on May 17, 1990. How old is she?"
    dates = [item for item in found if item.kind == "date" and item.start in reach]
    if len(dates) != 1:
        return []
    ahead = match[word].lower() in ("until", "till")
    start, end = match.span(word) if ahead else (dates[0].end, dates[0].end)  # today is last where a date lies behind
    return [Evidence("date", "today", start, end, origin="implied")]


def _is_word(date: object) -> bool:
    return not any(character.isdigit() for character in str(date))


def _lead(text: str, start: int) -> str:
    match = _LAST_WORD.search(text[max(0, start - 34) : start])
    return match[1].casefold() if match else ""
