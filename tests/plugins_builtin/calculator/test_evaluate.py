"""Values of expressions."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptdock import ToolError
from promptdock_builtin.calculator.evaluate import evaluate
from promptdock_builtin.calculator.functions import FUNCTIONS


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("(17 + 4) * 2", 42),
        ("0.1 + 0.2", Fraction(3, 10)),
        ("10 / 4", Fraction(5, 2)),
        ("6 / 3", 2),
        ("1 / 3 * 3", 1),
        ("1e3 + .5 + 2.", Fraction(2005, 2)),
        ("2 ^ 3 ^ 2", 512),
        ("-2 ^ 2", -4),
        ("(-2) ^ 2", 4),
        ("2 ^ -2", Fraction(1, 4)),
        ("0 ** 0", 1),
        ("2 * 3 ^ 2", 18),
        ("- - 3", 3),
        ("+3", 3),
        ("7 // 2", 3),
        ("-7 // 2", -4),
        ("7.5 // 2", 3),
        ("-7 % 3", 2),
        ("5.5 % 2", Fraction(3, 2)),
        ("abs(-3) + max(1, 2, 3) - min(4, 5)", 2),
        ("round(2.5)", 3),
        ("round(-2.5)", -3),
        ("round(2.675, 2)", Fraction(267, 100) + Fraction(1, 100)),
        ("round(1234, -2)", 1200),
        ("floor(-1.5) + ceil(1.2) + trunc(-1.9)", -1),
        ("sum(1, 2, 3)", 6),
        ("mean(1, 2)", Fraction(3, 2)),
        ("sqrt(16)", 4),
        ("sqrt(0.25)", Fraction(1, 2)),
        ("pow(2, 10)", 1024),
        ("factorial(20)", math.factorial(20)),
        ("comb(5, 2) + perm(5, 2) + perm(3)", 36),
        ("comb(2, 5) + perm(2, 5)", 0),
        ("gcd(12, 18) + lcm(4, 6) + isqrt(17)", 22),
        ("hypot(3, 4)", 5),
        ("floor(log(1000, 10))", 3),
        ("factorial(sqrt(2) ^ 4)", 24),
        ("10 ** 100 / 10 ** 98", 100),
        ("factorial(1000) / factorial(999)", 1000),
    ],
)
def test_exact_value(expression: str, value: int | Fraction) -> None:
    assert evaluate(expression) == value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("pi", math.pi),
        ("e", math.e),
        ("tau", math.tau),
        ("sqrt(2)", math.sqrt(2)),
        ("cbrt(-27)", -3),
        ("2 ** 0.5", math.sqrt(2)),
        ("27 ^ (1/3)", 3),
        ("exp(1)", math.e),
        ("ln(10)", math.log(10)),
        ("log(8, 2)", 3),
        ("log2(8) + log10(1000)", 6),
        ("sin(1)", math.sin(1)),
        ("cos(-100)", math.cos(-100)),
        ("tan(1)", math.tan(1)),
        ("sin(1e10 * pi + 1)", math.sin(1)),
        ("asin(1) + acos(1) + atan(1)", math.pi * 3 / 4),
        ("atan2(1, -1)", math.pi * 3 / 4),
        ("sinh(1) + cosh(1)", math.e),
        ("tanh(atanh(0.5))", 0.5),
        ("asinh(sinh(2)) + acosh(cosh(2))", 4),
        ("degrees(pi)", 180),
        ("radians(180)", math.pi),
        ("gamma(5) + lgamma(1)", 24),
        ("erf(0.5) + erfc(0.5)", 1),
        ("sqrt(2) % 1", math.sqrt(2) % 1),
        ("-sqrt(2) // 1", -2),
        ("round(pi, 4)", 3.1416),
        ("1 / 7 ** 2000 * 7 ** 2000", 1),
        ("(1 + 1 / 10 ** 15) ** (10 ** 15)", math.e),
    ],
)
def test_real_value(expression: str, value: float) -> None:
    assert float(evaluate(expression)) == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize("expression", ["sin(pi)", "sin(-1e6 * pi)", "cos(pi / 2)", "tan(pi)", "sin(0)"])
def test_zeros_of_sine_and_cosine_are_zero(expression: str) -> None:
    assert evaluate(expression) == 0


def test_tiny_angle_keeps_its_sine() -> None:
    assert float(evaluate("sin(1e-20)")) == 1e-20


def test_sine_of_thirty_degrees_is_a_half() -> None:
    assert evaluate("sin(radians(30))") == Decimal("0.5")


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_each_function_refuses_a_wrong_number_of_arguments(name: str) -> None:
    with pytest.raises(ToolError, match=f"{name} takes .*argument.*, not 0"):
        evaluate(f"{name}()")


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("1 / 0", "divides by zero"),
        ("1 % 0", "divides by zero"),
        ("1.5 // 0", "divides by zero"),
        ("0 ** -1", "divides by zero"),
        ("sqrt(2) / (sqrt(2) - sqrt(2))", "divides by zero"),
        ("log(8, 1)", "divides by zero"),
        ("sqrt(-1)", "sqrt has no real value"),
        ("log(0)", "log has no real value"),
        ("asin(2)", "asin has no real value"),
        ("acosh(0.5)", "acosh has no real value"),
        ("gamma(0)", "gamma has no real value"),
        ("tan(pi / 2)", "tan has no real value"),
        ("(-8) ^ (1/3)", "cbrt"),
        ("factorial(2.5)", "whole numbers only"),
        ("factorial(-1)", "from zero up"),
        ("gcd(0.5, 2)", "whole numbers only"),
        ("round(1, 10 ** 6)", "-300 to 300 digits"),
        ("sin(1e21)", "angle is too large"),
        ("sin", "sin is a function"),
        ("pi(2)", "pi is a number"),
        ("sqt(2)", "Did you mean sqrt?"),
        ("nothing + 1", "'nothing' is unknown"),
        ("max(1, 2, 3, 4) + log(1, 2, 3)", "log takes 1 to 2 arguments, not 3"),
        ("pow(1)", "pow takes 2 arguments, not 1"),
    ],
)
def test_error_says_why(expression: str, says: str) -> None:
    with pytest.raises(ToolError) as caught:
        evaluate(expression)
    assert says in caught.value.message


def _expressions() -> st.SearchStrategy[str]:
    numbers = st.one_of(
        st.integers(0, 999).map(str), st.decimals("0", "99", places=2).map(str), st.sampled_from(["0", "1", "0.1"])
    )
    return st.recursive(
        numbers,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//", "%"]), inner).map(
                "({0[0]}{0[1]}{0[2]})".format
            ),
            inner.map("(-{})".format),
        ),
        max_leaves=8,
    )


@settings(max_examples=150, deadline=None, database=None)
@given(_expressions())
def test_agrees_with_fractions(expression: str) -> None:
    """Python's own parser over Fractions is the oracle."""
    try:
        expected = _exact(ast.parse(_with_fractions(expression), mode="eval").body)
    except ZeroDivisionError:
        with pytest.raises(ToolError, match="zero"):
            evaluate(expression)
    else:
        assert evaluate(expression) == expected


def _with_fractions(expression: str) -> str:
    from promptdock_builtin.calculator.tokens import tokens

    return "".join(
        f"Fraction('{token.text}')" if token.kind == "number" else token.text for token in tokens(expression)
    )


_OPERATORS: Mapping[type[ast.operator], Callable[[Fraction, Fraction], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}


def _exact(node: ast.expr) -> Fraction:
    """As Python reckons, save that a floor is a fraction, too: of two of its ints Python makes a float."""
    if isinstance(node, ast.BinOp):
        return Fraction(_OPERATORS[type(node.op)](_exact(node.left), _exact(node.right)))
    if isinstance(node, ast.UnaryOp):
        return -_exact(node.operand)
    assert isinstance(node, ast.Call)
    return Fraction(ast.literal_eval(node.args[0]))


def test_a_floor_divided_by_a_floor_stays_exact() -> None:
    assert evaluate("((1//1)/(1//0.01))") == Fraction(1, 100)


@settings(max_examples=300, deadline=None, database=None)
@given(st.text(alphabet="0123456789.+-*/%^(), episqrtlogn", max_size=40))
def test_any_text_gives_a_number_or_a_tool_error(text: str) -> None:
    try:
        value = evaluate(text)
    except ToolError:
        return
    assert isinstance(value, int | Fraction | Decimal)
