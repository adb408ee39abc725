"""Telling from its form whether a regular expression may take exponential time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["nested_repetition"]

_TOKEN = re.compile(
    r"""
    (?P<escape>   \\. )
  | (?P<class>    \[ \^? \]? (?: \\. | [^\]\\] )* \] )
  | (?P<open>     \( (?: \?> | \?P?[:=!<] | \? [aiLmsux-]+ :? )? )
  | (?P<close>    \) )
  | (?P<many>     (?: [*+] | \{\d*,\} ) )
  | (?P<branch>   \| )
  | (?P<other>    . )
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(slots=True)
class _Group:
    """A group while it is open: whether its text may match in several ways, and whether it ever goes back."""

    atomic: bool = False
    risky: bool = False


def nested_repetition(pattern: str) -> bool:
    """Whether a group that repeats without bound or branches is itself repeated without bound.

    Such groups, ``(a+)+`` or ``(a|ab)*``, are what makes a backtracking search exponential. Atomic groups and
    possessive repetitions never go back, so they are fine. Harmless patterns may be hit, too.

    Args:
        pattern: A regular expression that Python compiles.
    """
    tokens = [*_tokens(pattern), ("end", ""), ("end", "")]
    groups = [_Group()]
    before = ""
    for (kind, text), (next_kind, next_text), (_, last_text) in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if kind == "open":
            groups.append(_Group(atomic=text == "(?>"))
        elif kind == "branch" or (kind == "many" and before != "many" and next_text != "+"):
            groups[-1].risky = True
        elif kind == "close" and len(groups) > 1:
            closed = groups.pop()
            if closed.risky and not closed.atomic:
                if next_kind == "many" and last_text != "+":
                    return True
                groups[-1].risky = True
        before = kind
    return False


def _tokens(pattern: str) -> Iterator[tuple[str, str]]:
    for match in _TOKEN.finditer(pattern):
        yield match.lastgroup or "other", match.group()
