"""The grammar: what is an expression, what is none, and what the error says."""

from __future__ import annotations

import pytest

from promptdock import ToolError
from promptdock_builtin.calculator.parse import MAX_DEPTH, MAX_STEPS, parse
from promptdock_builtin.calculator.tokens import MAX_LENGTH, tokens
from promptdock_builtin.calculator.tree import Call, Chain, Literal, Name, Negative, Power


def test_product_binds_tighter_than_sum() -> None:
    tree = parse("1 + 2 * 3")
    assert tree == Chain(Literal("1"), (("+", Chain(Literal("2"), (("*", Literal("3")),))),))


def test_power_binds_tighter_than_the_sign_before_it_and_looser_than_the_one_after_it() -> None:
    assert parse("-2 ** -1") == Negative(Power(Literal("2"), Negative(Literal("1"))))


def test_power_is_right_associative_in_both_spellings() -> None:
    assert parse("2^3**4") == Power(Literal("2"), Power(Literal("3"), Literal("4")))


def test_calls_and_constants() -> None:
    assert parse("max(pi, 2)") == Call("max", (Name("pi"), Literal("2")))


def test_typeset_signs_are_read() -> None:
    assert [token.text for token in tokens("2 × 3 ÷ 4 − π")] == ["2", "*", "3", "/", "4", "-", "pi", ""]


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("", "There is no expression"),
        (" \n ", "There is no expression"),
        ("(1 + 2", "ends where a closing parenthesis"),
        ("1 +", "ends where a number"),
        ("1 + 2)", "no opening one"),
        ("* 2", "'*' at character 1"),
        ("()", "')' at character 2"),
        ("2(3)", "Write 2(3) as 2*(3)"),
        ("2 pi", "operator is missing before 'pi'"),
        ("1,000", "Write 1,000 as 1000"),
        ("1is", "operator is missing"),
        ("1 2", "operator is missing"),
        ("1.2.3", "operator is missing"),
        ("15%", "15 / 100"),
        ("15% of 80", "15 / 100 * 80"),
        ("2 <> 3", "is not arithmetic. Allowed are"),
        ("x := 1", "is not arithmetic"),
        ("{1}", "is not arithmetic"),
        ("٣ + 1", "is not arithmetic"),
        ("1\x00", "is not arithmetic"),
    ],
)
def test_error_says_what_and_where(expression: str, says: str) -> None:
    with pytest.raises(ToolError) as caught:
        parse(expression)
    assert says in caught.value.message


def test_length_is_limited() -> None:
    parse("1" * MAX_LENGTH)
    with pytest.raises(ToolError, match="1001 characters long; at most 1000"):
        parse("1" * (MAX_LENGTH + 1))


@pytest.mark.parametrize("unit", ["(", "-", "2^", "abs("])
def test_nesting_is_limited(unit: str) -> None:
    with pytest.raises(ToolError, match=f"more than {MAX_DEPTH} levels"):
        parse(unit * (MAX_DEPTH + 1) + "1")


def test_number_of_powers_and_functions_is_limited() -> None:
    parse("+".join(["2^2"] * MAX_STEPS))
    with pytest.raises(ToolError, match=f"more than {MAX_STEPS} functions"):
        parse("+".join(["2^2"] * (MAX_STEPS + 1)))


def test_long_chain_is_flat() -> None:
    tree = parse("+".join(["1"] * 500))
    assert isinstance(tree, Chain)
    assert len(tree.rest) == 499
