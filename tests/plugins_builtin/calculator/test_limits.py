"""Expressions that would eat time or memory give an error at once."""

from __future__ import annotations

import contextlib
import time
import tracemalloc

import pytest

from promptdock import ToolError
from promptdock_builtin.calculator.tool import calculate

_GENEROUS_SECONDS = 10.0
"""They take milliseconds; what the caps keep out would take minutes. The guard leaves room for a busy machine."""

_BOMBS = {
    "power tower": "9**9**9",
    "taller tower": "9^9^9^9^9",
    "factorial": "factorial(10**7)",
    "factorial of a huge number": "factorial(10**3000)",
    "digits": "10**4000000",
    "tiny": "2**-(10**9)",
    "negative base": "(-2)**(10**30)",
    "binomial": "comb(10**6, 5*10**5)",
    "binomial of huge numbers": "comb(10**3000, 10**2999)",
    "permutations": "perm(10**6, 5*10**5)",
    "least multiple": "lcm(3**6000, 7**3000, 5**4000)",
    "literal": "1e999999999",
    "small literal": "1e-999999999",
    "fractions": "((1/3)**500)**500",
    "large fraction": "1.5**100000",
    "product": "*".join(["9**3000"] * 100),
    "squares": "((((((10^400)^2)^2)^2)^2)^2)^2",
    "exponential": "exp(exp(100))",
    "real power": "1.1**10**100",
    "gamma": "gamma(1000)",
    "hyperbolic": "sinh(10**5)",
    "text": "1+" * 50_000 + "1",
    "parentheses": "(" * 10_000 + "1" + ")" * 10_000,
    "deep within the length": "(" * 499 + "1" + ")" * 499,
    "signs": "-" * 10_000 + "1",
    "signs within the length": "-" * 999 + "1",
    "functions": "abs(" * 200,
    "name": "a" * 1000,
}


@pytest.mark.parametrize("expression", _BOMBS.values(), ids=_BOMBS)
def test_t43_bomb_is_defused(expression: str) -> None:
    started = time.perf_counter()
    with pytest.raises(ToolError) as caught:
        calculate(expression)
    assert time.perf_counter() - started < _GENEROUS_SECONDS
    assert len(caught.value.message) < 600


@pytest.mark.parametrize("expression", _BOMBS.values(), ids=_BOMBS)
def test_t43_bomb_takes_little_memory(expression: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ToolError):
            calculate(expression)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000


@pytest.mark.parametrize(
    "expression",
    [
        "+".join(["1"] * 500),
        "+".join(["2**.5"] * 100),
        "+".join(["comb(1999,999)"] * 60),
        "3**6300" + "/7*7" * 240,
        "gcd(" + "3**6300," * 99 + "1)",
        "1/7**300" + "+1/3**600-1/3**599" * 45,
    ],
    ids=["sum", "roots", "binomials", "quotients", "divisors", "fractions"],
)
def test_dearest_allowed_expressions_stay_cheap(expression: str) -> None:
    started = time.perf_counter()
    with contextlib.suppress(ToolError):
        calculate(expression)
    assert time.perf_counter() - started < _GENEROUS_SECONDS
