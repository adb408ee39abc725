"""The operators: exact on exact values, 40 digits otherwise."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal
from fractions import Fraction

from promptdock import ToolError

from .values import MAX_BITS, Number, as_integer, checked, real, settled, too_large

__all__ = ["OPERATORS", "add", "divide", "multiply", "negative", "power", "to_whole"]

_FRACTION_OPERAND_BITS = 4_000


def add(left: Number, right: Number) -> Number:
    """``left + right``."""
    return _combined(operator.add, left, right)


def subtract(left: Number, right: Number) -> Number:
    """``left - right``."""
    return _combined(operator.sub, left, right)


def multiply(left: Number, right: Number) -> Number:
    """``left * right``."""
    return _combined(operator.mul, left, right)


def negative(value: Number) -> Number:
    """``-value``."""
    return -value


def divide(left: Number, right: Number) -> Number:
    """``left / right``."""
    if right == 0:
        raise ZeroDivisionError
    if isinstance(left, int) and isinstance(right, int):
        quotient, remainder = divmod(left, right)
        if not remainder:
            return quotient
        # reducing a fraction of two huge numbers costs more than the digits that it would save are worth
        if max(left.bit_length(), right.bit_length()) > _FRACTION_OPERAND_BITS:
            return real(left) / real(right)
        return checked(Fraction(left, right))
    return _combined(operator.truediv, left, right)


def floor_divide(left: Number, right: Number) -> Number:
    """``left // right``: the quotient, rounded down."""
    if isinstance(left, int) and isinstance(right, int):
        return left // right
    return to_whole(divide(left, right), ROUND_FLOOR)


def remainder(left: Number, right: Number) -> Number:
    """``left % right``: what is left of ``left``; it has the sign of ``right``."""
    if isinstance(left, int) and isinstance(right, int):
        return left % right
    return subtract(left, multiply(right, floor_divide(left, right)))


def power(base: Number, exponent: Number) -> Number:
    """``base ** exponent``.

    Raises:
        ToolError: The value is too large, or complex.
        ZeroDivisionError: Zero to a negative power.
    """
    if base == 0 and exponent < 0:
        raise ZeroDivisionError
    if isinstance(base, Decimal) or not isinstance(exponent, int):
        return _real_power(base, exponent)
    # a number of n bits is at least 2 ** (n - 1)
    least_bits = (max(base.numerator.bit_length(), base.denominator.bit_length()) - 1) * abs(exponent)
    if least_bits <= MAX_BITS:
        return checked(Fraction(base) ** exponent)
    if isinstance(base, int) and exponent > 0:
        raise too_large()
    return _real_power(base, exponent)


def _real_power(base: Number, exponent: Number) -> Decimal:
    if base >= 0:
        if base == 0 and exponent == 0:
            return Decimal(1)
        return real(base) ** real(exponent)
    whole = as_integer(exponent)
    if whole is None:
        raise ToolError("A negative number to a fractional power is not a real number. For a cube root, use cbrt(x).")
    return real(base) ** Decimal(whole)


def to_whole(value: Number, rounding: str) -> int:
    """A value rounded to a whole number.

    Args:
        value: The value.
        rounding: One of ``decimal``'s ``ROUND_FLOOR``, ``ROUND_CEILING``, ``ROUND_DOWN`` and ``ROUND_HALF_UP``.

    Raises:
        ToolError: It has too many digits.
    """
    if isinstance(value, Decimal):
        whole = int(settled(value).to_integral_value(rounding=rounding))
    elif rounding == ROUND_FLOOR:
        whole = math.floor(value)
    elif rounding == ROUND_CEILING:
        whole = math.ceil(value)
    elif rounding == ROUND_DOWN:
        whole = math.trunc(value)
    else:
        size = math.floor(abs(Fraction(value)) + Fraction(1, 2))
        whole = size if value >= 0 else -size
    if whole.bit_length() > MAX_BITS:
        raise too_large()
    return whole


def _combined(operation: Callable[..., int | Fraction | Decimal], left: Number, right: Number) -> Number:
    if isinstance(left, Decimal) or isinstance(right, Decimal):
        made: Number = operation(real(left), real(right))
        return made
    exact = operation(left, right)
    return exact if isinstance(exact, Decimal) else checked(exact)


OPERATORS: dict[str, Callable[[Number, Number], Number]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "//": floor_divide,
    "%": remainder,
}
