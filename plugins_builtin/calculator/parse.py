"""From text to a tree: a small grammar of its own, so nothing but arithmetic can ever be written in it.

sum     = product { ("+" | "-") product }
product = signed { ("*" | "/" | "//" | "%") signed }
signed  = { "+" | "-" } power
power   = atom [ ("**" | "^") signed ]
atom    = number | name | name "(" sum { "," sum } ")" | "(" sum ")"
"""

from __future__ import annotations

from collections.abc import Callable

from promptdock import ToolError

from .tokens import Token, tokens
from .tree import Call, Chain, Literal, Name, Negative, Node, Power

__all__ = ["MAX_DEPTH", "MAX_STEPS", "parse"]

MAX_DEPTH = 50
"""Parentheses, signs and powers may be nested this deep: the parser and the evaluation recurse once a level."""

MAX_STEPS = 100
"""Functions and powers of one expression: the parts that take long."""

_SUM = frozenset({"+", "-"})
_PRODUCT = frozenset({"*", "/", "//", "%"})


def parse(text: str) -> Node:
    """Read an expression.

    Args:
        text: The expression.

    Returns:
        Its tree.

    Raises:
        ToolError: It is empty, too long, nested too deeply, or not arithmetic; the text says where and what is allowed.
    """
    return _Parser(tokens(text)).whole()


class _Parser:
    """Recursive descent over the tokens; one method a line of the grammar."""

    def __init__(self, read: list[Token]) -> None:
        self._tokens = read
        self._place = 0
        self._next = read[0]
        self._depth = 0
        self._steps = 0

    def whole(self) -> Node:
        tree = self._sum()
        if self._next.kind != "end":
            raise self._unexpected(after_value=True)
        return tree

    def _sum(self) -> Node:
        self._descend()
        tree = self._chain(_SUM, self._product)
        self._depth -= 1
        return tree

    def _product(self) -> Node:
        return self._chain(_PRODUCT, self._signed)

    def _chain(self, operators: frozenset[str], operand: Callable[[], Node]) -> Node:
        first = operand()
        rest = []
        while self._next.text in operators:
            symbol = self._take().text
            rest.append((symbol, operand()))
        return Chain(first, tuple(rest)) if rest else first

    def _signed(self) -> Node:
        if self._next.text not in _SUM:
            return self._power()
        sign = self._take().text
        self._descend()
        operand = self._signed()
        self._depth -= 1
        return Negative(operand) if sign == "-" else operand

    def _power(self) -> Node:
        base = self._atom()
        if self._next.text not in {"**", "^"}:
            return base
        self._take()
        self._step()
        self._descend()
        exponent = self._signed()
        self._depth -= 1
        return Power(base, exponent)

    def _atom(self) -> Node:
        if self._next.kind == "number":
            return Literal(self._take().text)
        if self._next.kind == "name":
            return self._name()
        if self._next.text != "(":
            raise self._unexpected(after_value=False)
        self._take()
        inner = self._sum()
        self._close()
        return inner

    def _name(self) -> Node:
        name = self._take().text
        if self._next.text != "(":
            return Name(name)
        self._take()
        self._step()
        arguments = []
        if self._next.text != ")":
            arguments.append(self._sum())
            while self._next.text == ",":
                self._take()
                arguments.append(self._sum())
        self._close()
        return Call(name, tuple(arguments))

    def _close(self) -> None:
        if self._next.text != ")":
            raise self._unexpected(after_value=True)
        self._take()

    def _take(self) -> Token:
        token = self._next
        self._place += 1
        self._next = self._tokens[self._place]
        return token

    def _descend(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ToolError(f"The expression is nested more than {MAX_DEPTH} levels deep. Calculate it in parts.")

    def _step(self) -> None:
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise ToolError(f"The expression has more than {MAX_STEPS} functions and powers. Calculate it in parts.")

    def _unexpected(self, *, after_value: bool) -> ToolError:
        token = self._next
        before = self._tokens[self._place - 1].text if self._place else ""
        if "of" in {before, token.text} or (before == "%" and not after_value):
            return ToolError("% is the remainder, and there is no 'of'. Write 15% of 80 as 15 / 100 * 80.")
        if token.kind == "end":
            missing = "a closing parenthesis" if after_value else "a number"
            return ToolError(f"The expression ends where {missing} is expected.")
        where = f"at character {token.start + 1}"
        if not after_value:
            return ToolError(f"{token.text!r} {where} stands where a number is expected.")
        if token.text == ",":
            return ToolError(f"The comma {where} does not stand between arguments. Write 1,000 as 1000.")
        if token.text == ")":
            return ToolError(f"The closing parenthesis {where} has no opening one.")
        return ToolError(f"An operator is missing before {token.text!r} {where}. Write 2(3) as 2*(3).")
