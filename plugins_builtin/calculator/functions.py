"""The functions that an expression may call."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from fractions import Fraction

from promptdock import ToolError

from .operators import add, divide, multiply, power, to_whole
from .trigonometry import cosine, degrees, radians, sine, tangent
from .values import Number, as_float, from_float, real
from .whole import comb, factorial, gcd, integer, isqrt, lcm, perm

__all__ = ["FUNCTIONS", "Function"]

_MAX_PLACES = 300


@dataclass(frozen=True, slots=True)
class Function:
    """A function, and how many arguments it takes; ``most`` is None when any number will do."""

    run: Callable[..., Number]
    least: int = 1
    most: int | None = 1

    def call(self, name: str, arguments: list[Number]) -> Number:
        """Its value.

        Raises:
            ToolError: The number of arguments is wrong, or the function is not defined for them.
            ZeroDivisionError: It divides by zero.
            OverflowError: The value is too large.
        """
        if len(arguments) < self.least or (self.most is not None and len(arguments) > self.most):
            raise ToolError(f"{name} takes {self._arity}, not {len(arguments)}.")
        try:
            return self.run(*arguments)
        except ValueError:
            raise ToolError(f"{name} has no real value there.") from None

    @property
    def _arity(self) -> str:
        if self.most is None:
            return f"at least {self.least} argument{'s' * (self.least > 1)}"
        if self.least == self.most:
            return f"{self.least} argument{'s' * (self.least > 1)}"
        return f"{self.least} to {self.most} arguments"


def _by_float(function: Callable[..., float]) -> Callable[..., Number]:
    """A function of ``math`` on doubles."""

    def run(*arguments: Number) -> Number:
        return from_float(function(*map(as_float, arguments)))

    return run


def _round(value: Number, places: Number = 0) -> Number:
    digits = integer(places)
    if abs(digits) > _MAX_PLACES:
        raise ToolError(f"round takes -{_MAX_PLACES} to {_MAX_PLACES} digits.")
    scale = power(10, digits)
    return divide(to_whole(multiply(value, scale), ROUND_HALF_UP), scale)


def _sum(*values: Number) -> Number:
    return functools.reduce(add, values)


def _mean(*values: Number) -> Number:
    return divide(_sum(*values), len(values))


def _sqrt(value: Number) -> Number:
    if value < 0:
        raise ValueError
    if not isinstance(value, Decimal):
        above, below = math.isqrt(value.numerator), math.isqrt(value.denominator)
        if above * above == value.numerator and below * below == value.denominator:
            return divide(above, below)
    return real(value).sqrt()


def _cbrt(value: Number) -> Number:
    third = Fraction(1, 3)
    return -power(-value, third) if value < 0 else power(value, third)


def _hypot(*values: Number) -> Number:
    return _sqrt(_sum(*(multiply(value, value) for value in values)))


def _exp(value: Number) -> Number:
    return real(value).exp()


def _positive(value: Number) -> Decimal:
    if value <= 0:
        raise ValueError
    return real(value)


def _log(value: Number, base: Number | None = None) -> Number:
    return _positive(value).ln() if base is None else _positive(value).ln() / _positive(base).ln()


def _log10(value: Number) -> Number:
    return _positive(value).log10()


def _log2(value: Number) -> Number:
    return _log(value, 2)


def _whole(rounding: str) -> Function:
    return Function(lambda value: to_whole(value, rounding))


FUNCTIONS = {
    "abs": Function(abs),
    "round": Function(_round, 1, 2),
    "floor": _whole(ROUND_FLOOR),
    "ceil": _whole(ROUND_CEILING),
    "trunc": _whole(ROUND_DOWN),
    "min": Function(lambda *values: min(values), 1, None),
    "max": Function(lambda *values: max(values), 1, None),
    "sum": Function(_sum, 1, None),
    "mean": Function(_mean, 1, None),
    "sqrt": Function(_sqrt),
    "cbrt": Function(_cbrt),
    "isqrt": Function(isqrt),
    "pow": Function(power, 2, 2),
    "exp": Function(_exp),
    "ln": Function(_log, 1, 1),
    "log": Function(_log, 1, 2),
    "log2": Function(_log2),
    "log10": Function(_log10),
    "sin": Function(sine),
    "cos": Function(cosine),
    "tan": Function(tangent),
    "asin": Function(_by_float(math.asin)),
    "acos": Function(_by_float(math.acos)),
    "atan": Function(_by_float(math.atan)),
    "atan2": Function(_by_float(math.atan2), 2, 2),
    "sinh": Function(_by_float(math.sinh)),
    "cosh": Function(_by_float(math.cosh)),
    "tanh": Function(_by_float(math.tanh)),
    "asinh": Function(_by_float(math.asinh)),
    "acosh": Function(_by_float(math.acosh)),
    "atanh": Function(_by_float(math.atanh)),
    "degrees": Function(degrees),
    "radians": Function(radians),
    "hypot": Function(_hypot, 1, None),
    "factorial": Function(factorial),
    "gcd": Function(gcd, 1, None),
    "lcm": Function(lcm, 1, None),
    "comb": Function(comb, 2, 2),
    "perm": Function(perm, 1, 2),
    "gamma": Function(_by_float(math.gamma)),
    "lgamma": Function(_by_float(math.lgamma)),
    "erf": Function(_by_float(math.erf)),
    "erfc": Function(_by_float(math.erfc)),
}
