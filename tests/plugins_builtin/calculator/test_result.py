"""The shape of results."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from promptdock import ToolError
from promptdock_builtin.calculator.result import as_result


@pytest.mark.parametrize(
    ("value", "result"),
    [
        (42, {"result": 42}),
        (Fraction(3, 10), {"result": 0.3}),
        (Fraction(1, 3), {"result": 1 / 3, "exact": "1/3"}),
        (2**53, {"result": 2**53}),
        (2**53 + 1, {"result": float(2**53), "exact": "9007199254740993"}),
        (-(10**20), {"result": -1e20, "exact": "-100000000000000000000"}),
        (
            Fraction("1628.89462677744140625"),
            {"result": 1628.8946267774413, "exact": "1628.89462677744140625"},
        ),
        (Fraction(1, 3**200), {"result": float(Fraction(1, 3**200))}),
        (Decimal("1.4142135623730950488016887242"), {"result": 1.4142135623730951}),
        (Decimal("2.00000000000000000000000000001"), {"result": 2}),
        (Decimal("1e300"), {"result": 1e300}),
        (10**400, {"result": 10**400}),
        (0, {"result": 0}),
    ],
)
def test_shape(value: int | Fraction | Decimal, result: dict[str, Any]) -> None:
    made = as_result(value)
    assert made == result
    assert type(made["result"]) is type(result["result"])


def test_decimals_print_as_people_write_them() -> None:
    assert json.dumps(as_result(Fraction("0.1") + Fraction("0.2"))) == '{"result": 0.3}'


@pytest.mark.parametrize("value", [Decimal("1e309"), Fraction(10**400, 3), Decimal("-1e9000")])
def test_infinity_never_comes_out(value: Fraction | Decimal) -> None:
    with pytest.raises(ToolError, match="too large"):
        as_result(value)


@pytest.mark.parametrize("value", [Decimal("1e-400"), Fraction(1, 10**400)])
def test_zero_is_not_pretended(value: Fraction | Decimal) -> None:
    with pytest.raises(ToolError, match="too small"):
        as_result(value)
