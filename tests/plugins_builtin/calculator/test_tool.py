"""The tool as a host and a model see it."""

from __future__ import annotations

import json

import pytest

from promptdock import Tool, ToolError
from promptdock_builtin import calculator
from promptdock_builtin.calculator.tool import calculate


def test_plugin_registers_one_tool_and_its_rules() -> None:
    (registered,) = calculator.register_tools()
    assert isinstance(registered, Tool)
    registered.check()
    assert (registered.name, registered.key, registered.nonblocking) == ("calculator", "calculate", True)
    assert all(rule.tools == (registered,) for rule in calculator.register_selection_rules())


def test_schema_is_one_required_text() -> None:
    assert calculate.parameters == {
        "type": "object",
        "properties": {
            "expression": {"type": "string", "description": "Arithmetic expression, e.g. (17 + 4) * 2."},
        },
        "required": ["expression"],
        "additionalProperties": False,
    }


def test_description_names_every_function() -> None:
    from promptdock_builtin.calculator.functions import FUNCTIONS

    assert [name for name in FUNCTIONS if name not in calculate.description] == []


def test_examples_of_the_description_work() -> None:
    examples = calculate.description.split("Examples: ")[1].rstrip(".").split(", ")
    joined = ", ".join(examples).replace("round(2 / 3, 2)", "round(2 / 3; 2)").split(", ")
    for example in joined:
        assert "result" in calculate(example.replace(";", ","))[0]


def test_t29_result_of_the_call() -> None:
    assert json.dumps(calculate("2+3*(4-1)")) == '[{"result": 11}]'


@pytest.mark.parametrize(
    ("expression", "result"),
    [("sin(pi / 2) + log(10)", 3.302585092994046), ("10/4", 2.5), ("max(1,2)", 2), ("-2**2", -4)],
)
def test_t41_values(expression: str, result: float) -> None:
    assert calculate(expression) == [{"result": pytest.approx(result, rel=1e-15)}]


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os')",
        "(1).__class__",
        "'a'*3",
        "1/0",
        "",
        "sin",
        "True",
        "False",
        "None",
        "x[0]",
        "[1, 2]",
        "pow(2, b=3)",
        "1 < 2",
        "1 == 1",
        "1 and 2",
        "lambda: 1",
        "(x := 1)",
        "sum(i for i in 1)",
        "1 if 2 else 3",
        "1_000",
        "0x10",
        "1j",
        "inf",
        "nan",
        "f'{1}'",
        "~1",
        "1 << 2",
        "1; 2",
        "*x",
        "eval(1)",
    ],
)
def test_t42_anything_else_is_a_tool_error(expression: str) -> None:
    with pytest.raises(ToolError):
        calculate(expression)
