"""From text to tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass

from promptdock import ToolError

__all__ = ["MAX_LENGTH", "Token", "tokens"]

MAX_LENGTH = 1_000
"""Characters of an expression; together with the caps on values this bounds time and memory."""

_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r\n]+)
    | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<name>[A-Za-z_][A-Za-z_0-9]*)
    | (?P<symbol>\*\*|//|[-+*/%^(),])
    """,
    re.VERBOSE,
)
_AS_WRITTEN = str.maketrans(
    {"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "π": " pi ", "τ": " tau ", "\u00a0": " "}
)
"""What people and models paste from typeset text."""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of an expression.

    Attributes:
        kind: ``number``, ``name``, ``symbol`` or ``end``.
        text: As written; empty for ``end``.
        start: Characters before it.
    """

    kind: str
    text: str
    start: int


def tokens(text: str) -> list[Token]:
    """Take an expression apart.

    Args:
        text: The expression.

    Returns:
        Its tokens, the last one of kind ``end``.

    Raises:
        ToolError: It is empty or too long, or a character belongs to no token.
    """
    if len(text) > MAX_LENGTH:
        raise ToolError(
            f"The expression is {len(text)} characters long; at most {MAX_LENGTH} are taken. Calculate it in parts."
        )
    if not text.strip():
        raise ToolError("There is no expression. Give one, e.g. (17 + 4) * 2.")
    text = text.translate(_AS_WRITTEN)
    found = []
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise _not_arithmetic(text[place], place)
        if match.lastgroup is not None and match.lastgroup != "space":
            found.append(Token(match.lastgroup, match[0], place))
        place = match.end()
    return [*found, Token("end", "", len(text))]


def _not_arithmetic(character: str, place: int) -> ToolError:
    return ToolError(
        f"{character!r} at character {place + 1} is not arithmetic. Allowed are numbers, + - * / // % ** ^, "
        "parentheses, commas between arguments, constants such as pi, and functions such as sqrt(2)."
    )
