"""Telling from its form whether a regular expression may take exponential time."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["nested_repetition"]

_TOKEN = re.compile(
    r"""
    (?P<escape>   \\. )
  | (?P<class>    \[ \^? \]? (?: \\. | [^\]\\] )* \] )
  | (?P<open>     \( (?: \?> | \?P?[:=!<] | \? [aiLmsux-]+ :? )? )
  | (?P<close>    \) )
  | (?P<times>    (?: [*+?] | \{ (?: \d+ (?: ,\d* )? | ,\d* ) \} ) (?P<manner> [+?]? ) )
  | (?P<branch>   \| )
  | (?P<other>    . )
    """,
    re.VERBOSE | re.DOTALL,
)
_FEW = 10
"""Repetitions up to which the ways through a group can still be tried one by one."""


@dataclass(slots=True)
class _Group:
    """A group while it is open: whether its text may match in several ways, and whether it ever goes back."""

    atomic: bool = False
    ambiguous: bool = False


def nested_repetition(pattern: str) -> bool:
    """Whether a group whose text may match in several ways is itself repeated, more than a few times.

    Such groups, ``(a+)+``, ``(a?a?)*`` or ``(a|ab){30}``, are what makes a backtracking search exponential. Atomic
    groups and possessive repetitions never go back, so they are fine. Harmless patterns may be hit, too.

    Args:
        pattern: A regular expression that Python compiles.
    """
    tokens = [*_TOKEN.finditer(pattern)]
    groups = [_Group()]
    for place, token in enumerate(tokens):
        if token.lastgroup == "open":
            groups.append(_Group(atomic=token.group() == "(?>"))
        elif token.lastgroup == "branch" or _varies(token):
            groups[-1].ambiguous = True
        elif token.lastgroup == "close" and len(groups) > 1:
            closed = groups.pop()
            if not closed.ambiguous or closed.atomic:
                continue
            if place + 1 < len(tokens) and _repeats(tokens[place + 1]):
                return True
            groups[-1].ambiguous = True
    return False


def _counts(token: re.Match[str]) -> tuple[int, float] | None:
    """The least and the most times of a repetition that may go back; None for anything else."""
    if token.lastgroup != "times" or token["manner"] == "+":
        return None
    text = token.group().removesuffix(token["manner"]) if token["manner"] else token.group()
    if text in "*+?":
        return {"*": (0, float("inf")), "+": (1, float("inf")), "?": (0, 1.0)}[text]
    least, comma, most = text[1:-1].partition(",")
    return int(least or 0), float(most) if most else float("inf") if comma else float(least)


def _varies(token: re.Match[str]) -> bool:
    counts = _counts(token)
    return counts is not None and counts[0] != counts[1]


def _repeats(token: re.Match[str]) -> bool:
    counts = _counts(token)
    return counts is not None and counts[1] > _FEW
