"""The tool that the model sees."""

from __future__ import annotations

from typing import Any

from promptdock import tool

__all__ = ["calculate"]


# The caps on length, steps and values bound the worst expression to some ten milliseconds; a usual one takes less time
# than handing it to a thread would.
@tool(
    name="calculator",
    nonblocking=True,
    examples=[{"expression": "(17 + 4) * 2"}, {"expression": "round(2 / 3, 2)"}, {"expression": "1000 * 1.05 ** 10"}],
)
def calculate(expression: str) -> list[dict[str, Any]]:
    """Calculate the value of an arithmetic expression, exactly where that is possible (0.1 + 0.2 is 0.3).

    Operators: + - * / // (whole quotient) % (remainder) ** or ^ (power), and parentheses.
    Constants: pi, e, tau.
    Functions: abs, round(x, digits), floor, ceil, trunc, min, max, sum, mean, sqrt, cbrt, isqrt, pow, exp, ln,
    log(x, base), log2, log10, sin, cos, tan, asin, acos, atan, atan2, sinh, cosh, tanh, asinh, acosh, atanh, degrees,
    radians, hypot, factorial, gcd, lcm, comb(n, k), perm(n, k), gamma, lgamma, erf, erfc. Angles are in radians; log is
    the natural logarithm unless a base is given; round takes halves away from zero.
    Examples: (17 + 4) * 2, 2^10, sqrt(2) / 3, sin(radians(30)), 1000 * 1.05 ** 10, round(2 / 3, 2).

    Args:
        expression: Arithmetic expression, e.g. (17 + 4) * 2.

    Returns:
        A list with one object: ``result`` is the number, and ``exact`` its exact text where a double is too short.

    Raises:
        ToolError: The expression cannot be understood, has no real value, or would take too long.
    """
    from .evaluate import evaluate
    from .result import as_result

    return [as_result(evaluate(expression))]
