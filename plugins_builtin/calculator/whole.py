"""Functions of whole numbers; each knows how large its value gets before it calculates it."""

from __future__ import annotations

import math

from promptdock import ToolError

from .values import MAX_BITS, Number, as_integer, checked, too_large

__all__ = ["comb", "factorial", "gcd", "integer", "isqrt", "lcm", "perm"]

_MAX_CHOSEN = 1_000


def integer(value: Number) -> int:
    """The whole number that a value is.

    Raises:
        ToolError: It is none.
    """
    whole = as_integer(value)
    if whole is None:
        raise ToolError("This function takes whole numbers only.")
    return whole


def _counts(*values: Number) -> tuple[int, ...]:
    whole = tuple(map(integer, values))
    if any(number < 0 for number in whole):
        raise ToolError("This function takes whole numbers from zero up only.")
    return whole


def factorial(value: Number) -> Number:
    """``n!``."""
    (count,) = _counts(value)
    # n! is more than (n / e) ** n; beyond MAX_BITS the value is too large without asking further
    if count > MAX_BITS or math.lgamma(count + 1) / math.log(2) > MAX_BITS:
        raise too_large()
    return math.factorial(count)


def comb(total: Number, chosen: Number) -> Number:
    """Ways to choose, without order."""
    n, k = _counts(total, chosen)
    k = min(k, n - k)
    if k < 0:
        return 0
    if k > _MAX_CHOSEN:  # a matter of time: it grows with the square of k
        raise ToolError(f"comb(n, k) is calculated for k, or n - k, up to {_MAX_CHOSEN:,}.")
    # comb(n, k) is at least (n / k) ** k, for k is at most half of n
    if k * (n.bit_length() - k.bit_length() - 1) > MAX_BITS:
        raise too_large()
    return checked(math.comb(n, k))


def perm(total: Number, chosen: Number | None = None) -> Number:
    """Ways to choose, in order."""
    if chosen is None:
        return factorial(total)
    n, k = _counts(total, chosen)
    if k > n:
        return 0
    # perm(n, k) is at least k!, and at least (n / e) ** k
    if k > MAX_BITS or k * (n.bit_length() - 3) > MAX_BITS:
        raise too_large()
    return checked(math.perm(n, k))


def gcd(*values: Number) -> Number:
    """Greatest common divisor."""
    return math.gcd(*map(integer, values))


def lcm(*values: Number) -> Number:
    """Least common multiple."""
    multiple = 1
    for value in values:
        multiple = math.lcm(multiple, integer(value))
        checked(multiple)
    return multiple


def isqrt(value: Number) -> Number:
    """Square root, rounded down."""
    (number,) = _counts(value)
    return math.isqrt(number)
