"""The shortest text that a regular expression takes, for patterns of the usual, simple kind."""

from __future__ import annotations

import re

__all__ = ["example_of"]

_MOST_REPEATS = 100
_MOST_LENGTH = 1_000
_CLASSES = {"d": "0", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a", "n": "\n", "t": "\t"}
_QUANTIFIER = re.compile(r"(?:[?*]|\{0?,\d*\}|(\+)|\{(\d+)(?:,\d*)?\})\??")


def example_of(pattern: str) -> str:
    """Make a text that a pattern should take; whether it does is for the caller to check.

    Classes give their first member, alternatives the first one, and everything optional is left out.
    """
    text, _ = _sequence(pattern[:_MOST_LENGTH], 0, 0)
    return text[:_MOST_LENGTH]


def _sequence(pattern: str, at: int, depth: int) -> tuple[str, int]:
    """The text of a pattern up to the end of its group, and where that end is."""
    made = ""
    while at < len(pattern) and pattern[at] not in ")|" and len(made) < _MOST_LENGTH:
        part, at = _atom(pattern, at, depth)
        repeat = _QUANTIFIER.match(pattern, at)
        if repeat:
            at = repeat.end()
            part *= min(int(repeat[2]), _MOST_REPEATS) if repeat[2] else 1 if repeat[1] else 0
        made += part
    return made, _group_end(pattern, at)


def _atom(pattern: str, at: int, depth: int) -> tuple[str, int]:
    character = pattern[at]
    if character in "^$":
        return "", at + 1
    if character == "\\" and at + 1 < len(pattern):
        return _CLASSES.get(pattern[at + 1], "" if pattern[at + 1] in "bBAZz" else pattern[at + 1]), at + 2
    if character == "[":
        return _one_of(pattern, at + 1)
    if character == "(" and depth < 20:
        opening = re.compile(r"\((?:\?(?::|P?<\w+>))?").match(pattern, at)
        inner, end = _sequence(pattern, opening.end() if opening else at + 1, depth + 1)
        return inner, end + 1
    return "a" if character == "." else character, at + 1


def _one_of(pattern: str, at: int) -> tuple[str, int]:
    """The first member of a class; of one that excludes, a letter, a figure or a mark that it does not name."""
    excludes = pattern.startswith("^", at)
    start = at + excludes
    end = start + (pattern[start : start + 1] == "]")
    while end < len(pattern) and pattern[end] != "]":
        end += 2 if pattern[end] == "\\" else 1
    members = pattern[start:end]
    if excludes:
        return next((one for one in "aA0-_ " if one not in members), "a"), end + 1
    if members.startswith("\\") and len(members) > 1:
        return _CLASSES.get(members[1], members[1]), end + 1
    return members[:1], end + 1


def _group_end(pattern: str, at: int) -> int:
    """Skip the other alternatives of a group."""
    depth = 0
    while at < len(pattern):
        if pattern[at] == "\\":
            at += 1
        elif pattern[at] == "(":
            depth += 1
        elif pattern[at] == ")":
            if depth == 0:
                return at
            depth -= 1
        at += 1
    return at
