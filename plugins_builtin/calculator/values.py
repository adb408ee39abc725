"""Numbers that stay exact while they can, and stay small.

Three kinds, all of them Python's own. ``int`` and ``Fraction`` are exact; what has no exact value, such as a square
root, is a ``Decimal`` of 40 digits. A fraction that grows too long becomes a ``Decimal``, too; a whole number that does
is an error, for nobody wants the first 40 of its million digits. Every value is checked when it is made. One operation
at most doubles the size of its operands, save powers, factorials and binomials: these estimate the size first.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow, Underflow
from fractions import Fraction
from typing import TypeAlias

from promptdock import ToolError

__all__ = [
    "MAX_BITS",
    "Number",
    "as_float",
    "as_integer",
    "checked",
    "from_float",
    "real",
    "real_context",
    "settled",
    "too_large",
]

Number: TypeAlias = int | Fraction | Decimal

MAX_BITS = 10_000
"""Size of a whole number: 3,010 digits."""

_MAX_FRACTION_BITS = 2_000
_DIGITS = 40
_CERTAIN_DIGITS = 30
_MAX_EXPONENT = 9_999
_SHORT_DIGITS = 12


def real_context() -> Context:
    """How ``Decimal`` calculates here; enter it with ``decimal.localcontext``."""
    return Context(
        prec=_DIGITS,
        rounding=ROUND_HALF_EVEN,
        Emax=_MAX_EXPONENT,
        Emin=-_MAX_EXPONENT,
        traps=[Overflow, Underflow, InvalidOperation, DivisionByZero],
    )


def too_large() -> ToolError:
    """The error for a whole number, final or on the way, of too many digits."""
    digits = int(MAX_BITS * math.log10(2))
    return ToolError(f"The number gets too large: a whole number of more than {digits:,} digits is not calculated.")


def checked(value: int | Fraction) -> Number:
    """An exact value in its simplest kind.

    Raises:
        ToolError: A whole number of more than ``MAX_BITS`` bits.
    """
    if value.denominator == 1:
        whole = value.numerator
        if whole.bit_length() > MAX_BITS:
            raise too_large()
        return whole
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > _MAX_FRACTION_BITS:
        return real(value)
    return value


def real(value: Number) -> Decimal:
    """A value rounded to 40 digits."""
    if isinstance(value, Decimal):
        return +value
    return Decimal(value.numerator) / Decimal(value.denominator)


def as_integer(value: Number) -> int | None:
    """The whole number that a value is, or None; a ``Decimal`` counts as whole when it is up to rounding errors."""
    if isinstance(value, Decimal):
        value = settled(value)
        return int(value) if value == value.to_integral_value() else None
    return value.numerator if value.denominator == 1 else None


def settled(value: Decimal) -> Decimal:
    """A value without its last digits, which rounding has touched: 2.999…9 becomes 3 before it is cut to 2."""
    return Context(prec=_CERTAIN_DIGITS, Emax=_MAX_EXPONENT, Emin=-_MAX_EXPONENT).plus(value)


def as_float(value: Number) -> float:
    """The nearest double.

    Raises:
        OverflowError: The value is out of the range of doubles.
    """
    number = float(value)
    if math.isinf(number):
        raise OverflowError
    return number


def from_float(number: float) -> Decimal:
    """A value that a function of ``math`` gave.

    Doubles carry a rounding error in their last digits; one that is a short decimal but for that is taken to be it, so
    that the sine of 30 degrees is 0.5.

    Raises:
        OverflowError: The number is infinite or no number.
    """
    if not math.isfinite(number):
        raise OverflowError
    short = Decimal(f"{number:.15g}").normalize()
    return short if len(short.as_tuple().digits) <= _SHORT_DIGITS else Decimal(repr(number))
