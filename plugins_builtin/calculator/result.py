"""The shape in which a value is handed back."""

from __future__ import annotations

from decimal import Context, Decimal, Inexact
from fractions import Fraction
from typing import Any

from promptdock import ToolError

from .values import Number, as_float

__all__ = ["as_result"]

_EVERY_READER_EXACT = 2**53
"""Up to here a JSON number is the same whole number for every reader; many read numbers as doubles."""

_EXACT_DIGITS = 50
"""A fraction's exact text may be this long; beyond, it tells nobody anything."""


def as_result(value: Number) -> dict[str, Any]:
    """A value as JSON can carry it.

    ``result`` is a whole number, or the double nearest to the value, 15 to 17 digits. ``exact`` is there when the value
    is known more exactly than that: a large whole number, a long decimal, or a fraction such as ``1/3``. A whole number
    out of the range of doubles is ``result`` itself, with all its digits.

    Raises:
        ToolError: The value is no whole number and out of the range of doubles.
    """
    if isinstance(value, int) and abs(value) <= _EVERY_READER_EXACT:
        return {"result": value}
    try:
        near = as_float(value)
    except OverflowError:
        if isinstance(value, int):
            return {"result": value}
        raise ToolError("The result is too large: beyond 1.8e308 only whole numbers are given.") from None
    if near == 0 and value != 0:
        raise ToolError("The result is too small to tell from zero.")
    if isinstance(value, Decimal):
        whole = near.is_integer() and abs(near) <= _EVERY_READER_EXACT
        return {"result": int(near) if whole else near}
    if Fraction(repr(near)) == value and not isinstance(value, int):
        return {"result": near}
    exact = _exact(value)
    return {"result": near} if exact is None else {"result": near, "exact": exact}


def _exact(value: int | Fraction) -> str | None:
    if value.denominator == 1:
        return str(value)
    try:
        return f"{Context(prec=_EXACT_DIGITS, traps=[Inexact]).divide(value.numerator, value.denominator):f}"
    except Inexact:
        text = str(value)
        return text if len(text) <= _EXACT_DIGITS else None
