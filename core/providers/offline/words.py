"""Words as the rules compare them: stems, words that say nothing, and a small thesaurus of everyday English."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["EMPTY_WORDS", "STARTERS", "content_stems", "kin", "split_name", "stem", "stems", "word_list", "word_set"]

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[^\W_{_UNSPACED}]+(?:['’][^\W_{_UNSPACED}]+)?|[{_UNSPACED}]+")
_UNSPACED_RUN = re.compile(rf"[{_UNSPACED}]")


def word_set(words: str) -> frozenset[str]:
    """A set of words, written with spaces between them."""
    return frozenset(words.split())


EMPTY_WORDS = word_set(
    "a about all also am an and any are as at be been but by can could current currently did do does each every for "
    "from function get gets given give gives has have hello help her here hi his how i if in input into is it its "
    "it's just kind know let like many may me might more most much my name need no not of on one or our out output "
    "please return returns say set should show so some string style such tell than thank thanks that that's the their "
    "them then there these they this those to tool tools type up us use used user uses using value values very want "
    "was way we were what what's when where which who whose why will with word would you your"
)
"""Words that say nothing about which tool is meant."""

STARTERS = word_set(
    "add answer are ask book build buy calculate call can change check compare compute contact convert could count "
    "create delete describe do does drive email estimate evaluate explain extract fetch find fly generate get give "
    "how invite is list look mail make meet message multiply notify open order output play please post print put read "
    "remind remove rename reply reserve respond return roll run save say schedule search send set show solve sort "
    "start stop subtract summarise summarize tell track translate travel turn update use visit weather what what's "
    "when where which who whose why write"
)
"""Words that open a question or an order, and so a clause of its own after "and"."""

_KIN = (
    "add plus sum total after later increase addition",
    "subtract minus before earlier ago decrease less deduct reduce",
    "difference between apart elapsed until since compare",
    "multiply times product",
    "divide divided quotient ratio",
    "oldest older earliest first",
    "newest younger youngest latest last recent",
    "convert format transform reformat change",
    "calculate calculator compute evaluate arithmetic math mathematics mathematical solve",
    "find search lookup look query",
    "create make new build generate",
    "delete remove erase drop",
    "list enumerate display",
    "send mail email message",
    "maximum max highest largest biggest most",
    "minimum min lowest least",
    "average mean",
    "source origin start departure begin beginning",
    "target destination end arrival goal",
    "date day calendar",
    "weather forecast temperature rain snow wind sunny storm humidity umbrella",
    "price cost fee amount",
    "picture image photo",
    "song music track",
    "movie film",
    "hotel accommodation room",
    "car vehicle",
    "info information detail details",
)
_SUFFIXES = ("ations", "ation", "ators", "ator", "ating", "ions", "ion", "ers", "ors", "ings", "ing", "er", "or", "ed")


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """A crude stem, alike for ``calculate``, ``calculator`` and ``calculations``."""
    word = word.casefold().replace("’", "'").removesuffix("'s")
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith("s") and not word.endswith(("ss", "us")) and len(word) > 3:
        word = word[:-1]
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:
            word = word[: -len(suffix)]
            break
    else:
        if word.endswith("ate") and len(word) > 6:
            return word[:-3]
        if word.endswith("e") and len(word) > 3:
            word = word[:-1]
    return word


@lru_cache(maxsize=4096)
def kin(stemmed: str) -> frozenset[str]:
    """Stems of words that mean much the same, the word's own stem among them."""
    near = {stemmed}
    for group in _KIN:
        stemmed_group = {stem(word) for word in group.split()}
        if stemmed in stemmed_group:
            near |= stemmed_group
    return frozenset(near)


def split_name(name: str) -> list[str]:
    """The words of an identifier: ``get_currentWeather`` is get, current, weather."""
    return word_list(_CAMEL.sub(" ", name).replace("_", " "))


def word_list(text: str) -> list[str]:
    """The words of a text in lower case; scripts without spaces give pairs of characters."""
    found: list[str] = []
    for match in _WORD.finditer(text):
        word = match[0].casefold()
        if _UNSPACED_RUN.match(word) and len(word) > 2:
            found.extend(word[at : at + 2] for at in range(len(word) - 1))
        else:
            found.append(word)
    return found


def stems(text: str) -> list[str]:
    """The stems of all words of a text, in order."""
    return [stem(word) for word in word_list(text)]


def content_stems(words: list[str]) -> frozenset[str]:
    """The stems of the words that say something."""
    return frozenset(stem(word) for word in words if word not in EMPTY_WORDS and not word.isdigit() and len(word) > 1)
