"""What a clause is about, for texts that nothing in particular was found for."""

from __future__ import annotations

import re

from .supply import Supply
from .words import EMPTY_WORDS, STARTERS, stem, word_list, word_set

__all__ = ["says_something", "topic_of"]

_TOPIC = re.compile(r"\b(?:about|for|on|of|regarding|called|named)\s+", re.IGNORECASE)
_OPENING = re.compile(r"[a-z']+\s+(?:me\s+|us\s+)?(?:(?:a|an|the|some)\s+)?", re.IGNORECASE)
_TIMES = word_set("today tomorrow yesterday tonight now right currently outside today's tomorrow's later soon")


def topic_of(supply: Supply, *, whole: bool) -> str:
    """The words of a clause that say what it is about.

    Args:
        supply: The clause, and what of it has been taken.
        whole: Whether a whole sentence will do; otherwise what is left of the clause is cut down.
    """
    text = supply.clause.text.strip(" ,.!?\n")
    if whole:
        match = _TOPIC.search(text)
        return text[match.end() :] if match and _opens_with_order(text) else text
    left = "".join(" " if place in supply.taken else character for place, character in enumerate(supply.clause.text))
    left = _stripped(" ".join(left.split()))
    if _opens_with_order(left):
        left = _OPENING.sub("", left, count=1)
    return left or text


def says_something(text: str, supply: Supply) -> bool:
    """Whether a text has a word that is not just one for the tool, for the question or for the time."""
    hidden = supply.hidden
    return any(
        not word.isdigit() and word not in EMPTY_WORDS | STARTERS | _TIMES and stem(word) not in hidden
        for word in word_list(text)
    )


def _stripped(text: str) -> str:
    """Without marks at either end; brackets go in pairs."""
    text = text.strip(" ,.!?'\"-")
    while text[:1] == "(" and text[-1:] == ")":
        text = text[1:-1].strip(" ,.!?'\"-")
    return text


def _opens_with_order(text: str) -> bool:
    return text.split(" ", 1)[0].lower() in STARTERS
