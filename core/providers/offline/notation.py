"""Writing an arithmetic expression in the signs that calculators share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Token", "spelled"]

_SIGNS = {
    "plus": "+",
    "minus": "-",
    "times": "*",
    "multiplied by": "*",
    "divided by": "/",
    "to the power of": "**",
    "mod": "%",
    "modulo": "%",
    "×": "*",
    "·": "*",
    "⋅": "*",
    "∙": "*",
    "÷": "/",
    "−": "-",
    "–": "-",
    "x": "*",
    "²": "**2",
    "³": "**3",
    "π": "pi",
}


@dataclass(frozen=True, slots=True)
class Token:
    """A token of an expression.

    Attributes:
        kind: What it is: number, operator, open, close, function, ...
        start: Where it begins in the text.
        end: One past its last character.
        text: How it is written there.
    """

    kind: str
    start: int
    end: int
    text: str


def spelled(tokens: Sequence[Token]) -> str:
    """An expression in plain signs: ``5!`` is factorial(5), ``√2`` is sqrt(2), ``15% of 80`` is 15 / 100 * 80."""
    parts: list[str] = []
    kinds: list[str] = []
    rooted = False
    for token in tokens:
        if token.kind == "root":
            parts.append("sqrt")
            kinds.append("function")
            rooted = True
            continue
        if token.kind == "percent":
            parts[-1] = f"({parts[-1]} / 100)"
            continue
        if token.kind == "factorial":
            _wrap(parts, kinds)
            continue
        written = _written(token)
        parts.append(f"({written})" if rooted and token.kind in ("number", "constant") else written)
        kinds.append(token.kind)
        rooted = False
    return " ".join("".join(parts).split())


def _written(token: Token) -> str:
    if token.kind == "share":
        return " / 100 *"
    if token.kind == "currency":
        return ""
    if token.kind == "number":
        return token.text.replace(",", "")
    return _SIGNS.get(token.text.lower(), token.text)


def _wrap(parts: list[str], kinds: list[str]) -> None:
    """Make the operand before an exclamation mark the argument of ``factorial``."""
    at = len(parts) - 1
    while at > 0 and kinds[at] == "space":
        at -= 1
    if kinds[at] == "close":
        depth = 0
        while at > 0:
            depth += (kinds[at] == "close") - (kinds[at] == "open")
            if depth == 0:
                break
            at -= 1
    bracketed = kinds[at] == "open"
    if at > 0 and kinds[at - 1] == "function":
        at -= 1
        bracketed = False
    operand = "".join(parts[at:]).strip()
    parts[at:] = [f"factorial{operand}" if bracketed else f"factorial({operand})"]
    kinds[at:] = ["number"]
