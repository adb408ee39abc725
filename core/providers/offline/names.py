"""Names and phrases in a text: what capitals and small words point at."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .words import STARTERS, word_set

__all__ = ["find_names", "find_phrases", "find_unspaced_names"]

_WORD = re.compile(r"[^\W_](?:[\w'’-]{0,60}\w)?")
_SENTENCE_END = re.compile(r"(?:\A|[.!?:;\n。！？]|[\"“(])\s{0,20}\Z")
_NOT_NAMES = word_set(
    "i i'm i'd i'll i've the a an and or but if in on at for from to of with by as it it's json use using also then "
    "today tomorrow yesterday please hello hi hey thanks yes no true false my your our this that these those"
)
_LEADS = (
    "in|at|for|from|to|about|on|of|near|into|with|called|named|titled|by|to be|as|called|says|saying|regarding|around"
)
_PHRASE = re.compile(rf"\b(?:{_LEADS})\s{{1,3}}(?:(?:the|a|an|my|our|your)\s)?", re.IGNORECASE)
_STOP = word_set(
    "in at for from to about on of near into with by and or but then is are was were be please using use as if when "
    "where that which who today tomorrow yesterday now"
)
_SUBJECT = re.compile(r"(?:'s)? (?:is|was|has|will|(?:and|&) [A-Z])")
"""What follows a name that a sentence begins with, and hardly ever another word."""
_MOST_WORDS = 6
_UNSPACED = re.compile(
    r"(?:请问|告诉我|帮我查一下|帮我查|查一下|查询|在|于)?(?P<chinese>[\u4e00-\u9fff]{2,8}?)(?:的|现在|今天|明天)"
    r"|(?P<japanese>[\u30a0-\u30ff\u4e00-\u9fff]{2,12})(?:の|では|で)"
)


def find_names(text: str) -> Iterator[tuple[int, int, str, bool]]:
    """Give (start, end, name, guessed) of each run of capitalised words; "San Francisco, CA" is one name."""
    run: list[re.Match[str]] = []
    for match in _WORD.finditer(text):
        if not _is_capital(match[0]):
            yield from _name(text, run)
            run = []
        elif run and text[run[-1].end() : match.start()] != " " and not _is_region(text, run, match):
            yield from _name(text, run)
            run = [match]
        else:
            run.append(match)
    yield from _name(text, run)


def find_unspaced_names(text: str) -> Iterator[tuple[int, int, str]]:
    """Give (start, end, name) of what Chinese or Japanese grammar marks as the owner of something: 北京的, 東京の."""
    for match in _UNSPACED.finditer(text):
        group = match.lastgroup or 0
        yield match.start(group), match.end(group), match[group]


def _is_capital(word: str) -> bool:
    return word[0].isupper() and word.lower() not in _NOT_NAMES


def _is_region(text: str, run: list[re.Match[str]], match: re.Match[str]) -> bool:
    """Whether a name goes on after a comma: a state's code, or the country at the end of a phrase."""
    if text[run[-1].end() : match.start()] != ", ":
        return False
    after = text[match.end() : match.end() + 5].lower()
    code = len(match[0]) == 2 and match[0].isupper()
    return code or not (after.startswith((",", " and", " or")) or _starts_sentence(text, run[0].start()))


def _starts_sentence(text: str, start: int) -> bool:
    return _SENTENCE_END.search(text[max(0, start - 22) : start]) is not None


def _name(text: str, run: list[re.Match[str]]) -> Iterator[tuple[int, int, str, bool]]:
    if run and _starts_sentence(text, run[0].start()) and run[0][0].lower() in STARTERS:
        run = run[1:]
    if run:
        start, end = run[0].start(), run[-1].end()
        weak = len(run) == 1 and _starts_sentence(text, start) and not _SUBJECT.match(text, end)
        yield start, end, text[start:end].removesuffix("'s").removesuffix("’s"), weak


def find_phrases(text: str) -> Iterator[tuple[int, int, str]]:
    """Give (start, end, phrase) of the words after each preposition, up to the next one or a mark."""
    for match in _PHRASE.finditer(text):
        end = match.end()
        for number, word in enumerate(_WORD.finditer(text, match.end(), match.end() + 200)):
            gap = text[end : word.start()]
            if number == _MOST_WORDS or word[0].lower() in _STOP or gap.strip(" "):
                break
            end = word.end()
        if end > match.end():
            yield match.end(), end, text[match.end() : end]
