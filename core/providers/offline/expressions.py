"""Arithmetic expressions in a text, in signs and in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from .notation import Token, spelled

__all__ = ["find_expressions"]

_TOKEN = re.compile(
    r"(?P<share>(?:%|[ ](?:percent|per cent))[ ]of\b)|(?P<space>[ \t]{1,4})|(?P<currency>[$€£¥](?=[ ]?\d))"
    r"|(?P<grouped>(?<![\w.,])\d{1,3}(?:,\d{3}){1,12}(?:\.\d{1,40})?(?![\w.]*\w|,\d))"
    r"|(?P<number>(?<![A-Za-z_\d])(?:\d{1,40}(?:\.\d{1,40})?|\.\d{1,40})(?:[eE][-+]?\d{1,4})?(?![A-Za-z_\d]))"
    r"|(?P<percent>(?<=\d)%(?=[ ]{0,2}(?:[)?,;.]|\Z|[-+*/^×÷−][ ])))"
    r"|(?P<operator>\*\*|//|[-+*/%^×·⋅∙÷−]|(?<=[ ])–(?=[ ])|(?<![A-Za-z_])x(?=[ ]?[\d.(])"
    r"|\b(?:plus|minus|times|multiplied by|divided by|to the power of|modulo|mod)\b)"
    r"|(?P<factorial>(?:(?<=[\d)])|(?<=[\d)][ ]))!(?![!=]))|(?P<raised>[²³])|(?P<root>√)"
    r"|(?P<open>\()|(?P<close>\))|(?P<comma>,)|(?P<function>\b[A-Za-z_]\w{0,40}(?=\())"
    r"|(?P<constant>\b(?:pi|tau|e)\b|π)"
)
_LIMIT = 150
"""Tokens of one expression; nobody writes a longer one by hand."""
_ASKED = re.compile(
    r"(?:\A|\b(?:calculate|compute|evaluate|solve|simplify|what is|what's|what’s|how much is|(?:value|result) of)\s)"
    r"\s{0,3}\Z",
    re.IGNORECASE,
)
"""What has to stand before a lone "5!", which is an exclamation elsewhere."""

_CUT_BEFORE = re.compile(r"(?:\d,|(?:\w|\))[ ]?(?:[*^×]{1,2}|[ ]\+)[ ]?)\Z")
_SYMBOL = re.compile(r"(?<![\w'’])[A-Za-z][ ]?\Z")
_CUT_AFTER = re.compile(r",\d|[ ]?(?:[*^×]{1,2}|\+)[ ]?[A-Za-z]\b")


def find_expressions(text: str) -> Iterator[tuple[int, int, str]]:
    """Give (start, end, expression) of each arithmetic expression, in plain signs: words and separators are gone."""
    run: list[Token] = []
    depth = 0
    for token in _tokens(text):
        broken = run and token.start != run[-1].end
        loose = token.kind in ("comma", "close") and depth == 0
        if broken or loose or len(run) >= _LIMIT:
            yield from _expression(text, run)
            run, depth = [], 0
        if token.kind in ("comma", "close") and depth == 0:
            continue
        depth += (token.kind == "open") - (token.kind == "close")
        run.append(token)
    yield from _expression(text, run)


def _tokens(text: str) -> Iterator[Token]:
    """The tokens of a text; what is none lies between them."""
    brackets: list[bool] = []  # for each one that is open, whether it holds the arguments of a function
    before: Token | None = None
    for match in _TOKEN.finditer(text):
        token = Token(str(match.lastgroup), match.start(), match.end(), match[0])
        if before is None or before.end != token.start:
            brackets.clear()
        if token.kind == "open" and len(brackets) < _LIMIT:
            brackets.append(before is not None and before.kind == "function" and before.end == token.start)
        elif token.kind == "close" and brackets:
            brackets.pop()
        if token.kind == "grouped":
            yield from _grouped(token, listed=bool(brackets) and brackets[-1])
        else:
            yield token
        before = token


def _grouped(token: Token, *, listed: bool) -> Iterator[Token]:
    """``3,000`` as one number; as several where arguments are listed, save where one would begin with a zero."""
    if not listed or ",0" in token.text:
        yield Token("number", token.start, token.end, token.text)
        return
    for match in re.finditer(r"[^,]+|,", token.text):
        kind = "comma" if match[0] == "," else "number"
        yield Token(kind, token.start + match.start(), token.start + match.end(), match[0])


def _expression(text: str, run: list[Token]) -> Iterator[tuple[int, int, str]]:
    if not any(token.kind in ("number", "constant") for token in run):
        return
    tokens = _trimmed(run)
    kinds = [token.kind for token in tokens if token.kind not in ("space", "currency")]
    operands = sum(kind in ("number", "constant") for kind in kinds)
    figures = "number" in kinds or any(token.text in ("pi", "tau", "π") for token in tokens)
    works = any(kind in ("operator", "share") for kind in kinds) and operands > 1
    applied = not {"function", "root", "raised"}.isdisjoint(kinds) and operands > 0
    lone = "factorial" in kinds and (operands > 1 or _ASKED.search(text[max(0, run[0].start - 40) : tokens[0].start]))
    if not figures or not (works or applied or lone) or _is_cut(text, tokens[0].start, tokens[-1].end):
        return
    if any(left == right == "number" for left, right in pairwise(kinds)):
        return
    yield tokens[0].start, tokens[-1].end, spelled(tokens)


def _is_cut(text: str, start: int, end: int) -> bool:
    """Whether this is a part of something longer that is not understood: ``x * 2 + 3``, ``12,34 + 1``."""
    before = text[max(0, start - 6) : start]
    goes_on = text[start] in "+-−" and _SYMBOL.search(before)
    return bool(goes_on or _CUT_BEFORE.search(before) or _CUT_AFTER.match(text, end))


def _trimmed(run: list[Token]) -> list[Token]:
    """Without what cannot begin or end an expression, and without brackets that have no partner."""
    tokens = list(run)
    while tokens:
        opened = sum((token.kind == "open") - (token.kind == "close") for token in tokens)
        first, last = tokens[0], tokens[-1]
        if last.kind in ("space", "currency", "operator", "comma", "share", "open", "function", "root") or (
            last.kind == "constant" and len(tokens) < 3 and tokens[0].kind != "root"
        ):
            tokens.pop()
        elif (
            first.kind in ("space", "comma", "share", "percent", "close", "factorial", "raised")
            or (first.kind == "operator" and first.text not in "-+−")
            or (opened > 0 and first.kind in ("open", "function"))
        ):
            tokens.pop(0)
        elif opened > 0:
            tokens.pop()
        else:
            return tokens
    return tokens
