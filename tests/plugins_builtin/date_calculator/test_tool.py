"""The tool as a host and a model see it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

import pytest
import time_machine

from promptdock import Tool, ToolError
from promptdock_builtin import date_calculator
from promptdock_builtin.date_calculator.operations import OPERATIONS
from promptdock_builtin.date_calculator.tool import calculate_dates


def test_plugin_registers_one_tool_and_its_rules() -> None:
    (registered,) = date_calculator.register_tools()
    assert isinstance(registered, Tool)
    registered.check()
    assert (registered.name, registered.key) == ("date_calculator", "calculate_dates")
    assert all(rule.tools == (registered,) for rule in date_calculator.register_selection_rules())


def test_schema_has_the_known_parameters() -> None:
    schema = calculate_dates.parameters
    assert list(schema["properties"]) == ["dates", "operation", "date_format", "days"]
    assert schema["required"] == ["dates", "operation"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["operation"]["enum"] == list(OPERATIONS)
    assert all(parameter["description"] for parameter in schema["properties"].values())


@pytest.mark.parametrize("dates", [["2024-01-01", "2024-12-31"], ["2024-12-31", "2024-01-01"]])
def test_t44_difference_in_both_orders(dates: list[str]) -> None:
    assert calculate_dates(dates, "difference") == [
        {"difference_days": 365, "difference_years": 1.0, "difference_months": 11.99, "difference_weeks": 52.14}
    ]


def test_t45_add_and_subtract() -> None:
    assert calculate_dates(["2024-01-31"], "add", days=30) == [{"result": "2024-03-01T00:00:00"}]
    assert calculate_dates(["2024-03-01"], "subtract", days=1) == [{"result": "2024-02-29T00:00:00"}]


@pytest.mark.parametrize(
    ("date_format", "converted"), [("ISO", "2024-12-25T00:00:00"), ("US", "12/25/2024"), ("EU", "25/12/2024")]
)
def test_t46_convert(date_format: Literal["ISO", "US", "EU"], converted: str) -> None:
    assert calculate_dates(["2024-12-25"], "convert", date_format) == [{"converted": converted}]


def test_t46_convert_without_a_format_is_an_error() -> None:
    with pytest.raises(ToolError, match="date_format"):
        calculate_dates(["2024-12-25"], "convert")


def test_t47_oldest_and_newest() -> None:
    dates = ["2024-05-01", "2023-12-31", "2024-04-30"]
    assert calculate_dates(dates, "oldest") == [{"oldest": "2023-12-31T00:00:00"}]
    assert calculate_dates(dates, "newest") == [{"newest": "2024-05-01T00:00:00"}]


@pytest.mark.parametrize(
    ("dates", "operation"), [(["2024-01-01"], "difference"), (["2024-01-01"], "age"), (["not a date"], "oldest")]
)
def test_t47_errors(dates: list[str], operation: Any) -> None:
    with pytest.raises(ToolError):
        calculate_dates(dates, operation)


@pytest.mark.parametrize("operation", ["difference", "oldest", "newest"])
def test_t47_dates_with_and_without_a_zone(operation: Literal["difference", "oldest", "newest"]) -> None:
    dates = ["2024-01-01", "2024-01-03T00:00:00Z"]
    assert calculate_dates(dates, operation) == calculate_dates(dates[::-1], operation)


def test_today_is_read_from_the_clock() -> None:
    with time_machine.travel(datetime(2024, 2, 28, 9, tzinfo=UTC), tick=False):
        assert calculate_dates(["today"], "add", days=2) == [{"result": "2024-03-01T00:00:00"}]
        assert calculate_dates(["now"], "add", days=2) == [{"result": "2024-03-01T09:00:00+00:00"}]
