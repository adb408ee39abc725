"""From a tree to its value."""

from __future__ import annotations

import difflib
import re
from decimal import Decimal, DecimalException, Overflow, Underflow, localcontext
from fractions import Fraction

from promptdock import ToolError

from .functions import FUNCTIONS
from .operators import OPERATORS, negative, power
from .parse import parse
from .tree import Call, Chain, Literal, Name, Negative, Node
from .values import Number, checked, real_context

__all__ = ["evaluate"]

_CONSTANTS = {
    "pi": Decimal("3.14159265358979323846264338327950288419716939937511"),
    "e": Decimal("2.71828182845904523536028747135266249775724709369996"),
    "tau": Decimal("6.28318530717958647692528676655900576839433879875021"),
}
_EXPONENT = re.compile(r"[eE]([+-]?[0-9]+)$")
_MAX_LITERAL_EXPONENT = 1_000


def evaluate(expression: str) -> Number:
    """Calculate an expression.

    Args:
        expression: See :mod:`.parse` for what may be written.

    Returns:
        Its value: exact as int or Fraction, or a Decimal of 40 digits.

    Raises:
        ToolError: It cannot be understood, has no real value, or leaves the range of numbers calculated here.
    """
    tree = parse(expression)
    try:
        with localcontext(real_context()):
            return _value(tree)
    except ZeroDivisionError:
        raise ToolError("The expression divides by zero.") from None
    except (OverflowError, Overflow):
        raise ToolError("A number gets too large to calculate with.") from None
    except Underflow:
        raise ToolError("A number gets too small to tell from zero.") from None
    except DecimalException:
        raise ToolError("The expression is not defined for these numbers.") from None


def _value(node: Node) -> Number:
    if isinstance(node, Literal):
        return _literal(node.text)
    if isinstance(node, Chain):
        value = _value(node.first)
        for symbol, operand in node.rest:
            value = OPERATORS[symbol](value, _value(operand))
        return value
    if isinstance(node, Negative):
        return negative(_value(node.operand))
    if isinstance(node, Name):
        return _constant(node.name)
    if isinstance(node, Call):
        return _call(node)
    return power(_value(node.base), _value(node.exponent))


def _literal(text: str) -> Number:
    if text.isdigit():
        return checked(int(text))
    exponent = _EXPONENT.search(text)
    if exponent is not None and abs(int(exponent[1])) > _MAX_LITERAL_EXPONENT:
        raise ToolError(f"The exponent of {_shortened(text)} is out of range: at most {_MAX_LITERAL_EXPONENT:,}.")
    return checked(Fraction(text))


def _constant(name: str) -> Decimal:
    if name in _CONSTANTS:
        return +_CONSTANTS[name]
    if name in FUNCTIONS:
        raise ToolError(f"{name} is a function: give it its arguments in parentheses, e.g. {name}(2).")
    raise _unknown(name)


def _call(node: Call) -> Number:
    function = FUNCTIONS.get(node.name)
    if function is not None:
        return function.call(node.name, [_value(argument) for argument in node.arguments])
    if node.name in _CONSTANTS:
        raise ToolError(f"{node.name} is a number, not a function. Write 2(3) as 2*(3).")
    raise _unknown(node.name)


def _unknown(name: str) -> ToolError:
    known = [*_CONSTANTS, *FUNCTIONS]
    near = difflib.get_close_matches(name, known, n=1) if len(name) <= max(map(len, known)) else []
    hint = f" Did you mean {near[0]}?" if near else ""
    return ToolError(f"{_shortened(name)!r} is unknown.{hint} Known are {', '.join(known)}.")


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"
