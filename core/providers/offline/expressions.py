"""Arithmetic expressions in a text, in signs and in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

__all__ = ["find_expressions"]

_WORDS = {"plus": "+", "minus": "-", "times": "*", "multiplied by": "*", "divided by": "/", "to the power of": "**"}
_SIGNS = {"×": "*", "·": "*", "÷": "/", "−": "-", "x": "*"}
_TOKEN = re.compile(
    r"(?P<space>[ \t]{1,4})"
    r"|(?P<number>(?<![A-Za-z_\d])(?:\d{1,40}(?:\.\d{1,40})?|\.\d{1,40})(?:[eE][-+]?\d{1,4})?(?![A-Za-z_\d]))"
    r"|(?P<percent>%[ ]of\b)"
    r"|(?P<operator>\*\*|//|[-+*/%^×·÷−]|\bx(?=[ ]?\d)"
    r"|\b(?:plus|minus|times|multiplied by|divided by|to the power of)\b)"
    r"|(?P<open>\()|(?P<close>\))|(?P<comma>,)|(?P<function>\b[A-Za-z_]\w{0,40}(?=\())|(?P<constant>\b(?:pi|e)\b)"
)
_LIMIT = 150
"""Tokens of one expression; nobody writes a longer one by hand."""

_Token = tuple[str, int, int, str]


def find_expressions(text: str) -> Iterator[tuple[int, int, str]]:
    """Give (start, end, expression) of each arithmetic expression, operators in words turned into signs."""
    run: list[_Token] = []
    depth = 0
    for kind, start, end, value in _tokens(text):
        broken = run and start != run[-1][2]
        if broken or (kind == "comma" and depth == 0) or (kind == "close" and depth == 0) or len(run) >= _LIMIT:
            yield from _expression(run)
            run, depth = [], 0
        if kind in ("comma", "close") and depth == 0:
            continue
        depth += (kind == "open") - (kind == "close")
        run.append((kind, start, end, value))
    yield from _expression(run)


def _tokens(text: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(text):
        yield str(match.lastgroup), match.start(), match.end(), match[0]


def _expression(run: list[_Token]) -> Iterator[tuple[int, int, str]]:
    if not any(token[0] == "number" for token in run):
        return
    tokens = _trimmed(run)
    kinds = [token[0] for token in tokens if token[0] != "space"]
    operands = sum(kind in ("number", "constant") for kind in kinds)
    works = sum(kind in ("operator", "percent") for kind in kinds)
    if "number" not in kinds or not ("function" in kinds or (works and operands > 1)):
        return
    if any(left == right == "number" for left, right in pairwise(kinds)):
        return
    spelled = [_spelled(kind, value) for kind, _, _, value in tokens]
    yield tokens[0][1], tokens[-1][2], " ".join("".join(spelled).split())


def _trimmed(run: list[_Token]) -> list[_Token]:
    """Without what cannot begin or end an expression, and without brackets that have no partner."""
    tokens = list(run)
    while tokens:
        opened = sum((kind == "open") - (kind == "close") for kind, *_ in tokens)
        if tokens[-1][0] in ("space", "operator", "comma", "percent", "open", "function") or (
            tokens[-1][0] == "constant" and len(tokens) < 3
        ):
            tokens.pop()
        elif (
            tokens[0][0] in ("space", "comma", "percent", "close")
            or (tokens[0][0] == "operator" and tokens[0][3] not in "-+−")
            or (opened > 0 and tokens[0][0] in ("open", "function"))
        ):
            tokens.pop(0)
        elif opened > 0:
            tokens.pop()
        else:
            return tokens
    return tokens


def _spelled(kind: str, value: str) -> str:
    if kind == "percent":
        return " / 100 *"
    if kind == "operator":
        return _WORDS.get(value, _SIGNS.get(value, value))
    return value
