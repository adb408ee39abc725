"""Calls of the date calculator through the host's runner, as a model makes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from promptdock.testing import Host, calls

CHRISTMAS = {"dates": ["2024-12-25"], "operation": "convert", "date_format": "EU"}


def test_the_result_is_data(dating: Host) -> None:
    assert dating.call("date_calculator", CHRISTMAS) == [{"converted": "25/12/2024"}]
    assert dating.call("date_calculator.calculate_dates", dates=["2024-01-31"], operation="add", days=30) == [
        {"result": "2024-03-01T00:00:00"}
    ]


def test_an_error_says_what_to_change(dating: Host) -> None:
    reply = dating.reply("date_calculator", {"dates": ["2024-12-25"], "operation": "difference"})
    assert reply.error == "tool_failed"
    assert "exactly 2 dates, not 1" in (reply.message or "")


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"dates": ["2024-12-25"]},
        {"dates": "2024-12-25", "operation": "add"},
        {"dates": [20241225], "operation": "add"},
        {"dates": ["2024-12-25"], "operation": "age"},
        {"dates": ["2024-12-25"], "operation": "convert", "date_format": "XX"},
        {"dates": ["2024-12-25"], "operation": "add", "days": "many"},
        {"dates": ["2024-12-25"], "operation": "add", "days": 1.5},
        {"dates": ["2024-12-25"], "operation": "add", "weeks": 1},
        [],
        None,
    ],
)
def test_wrong_arguments_are_refused_before_the_call(dating: Host, arguments: object) -> None:
    reply = dating.reply("date_calculator", json.dumps(arguments))
    assert reply.error in {"invalid_arguments", "malformed_arguments"}


@pytest.mark.parametrize(
    "arguments",
    [
        {"dates": [], "operation": "oldest"},
        {"dates": ["2024-12-25"] * 100_000, "operation": "oldest"},
        {"dates": ["2" * 1_000_000], "operation": "oldest"},
        {"dates": ["\x00\u202e"], "operation": "oldest"},
        {"dates": ["٢٠٢٤-٠٢-٢٨"], "operation": "oldest"},
        {"dates": ["2024-12-25"], "operation": "add", "days": 10**400},
        {"dates": ["0001-01-01"], "operation": "subtract", "days": 1},
    ],
    ids=["none", "many", "long", "control", "digits", "far", "early"],
)
def test_hostile_arguments_are_answered_shortly(dating: Host, arguments: Mapping[str, Any]) -> None:
    reply = dating.reply("date_calculator", arguments)
    assert reply.error in {"tool_failed", "invalid_arguments"}
    assert "Traceback" not in reply.content
    assert len(reply.content) < 1000


def test_a_prompt_about_dates_is_calculated(host: Host) -> None:
    host.script([calls("date_calculator", dates=["2024-02-28", "2024-03-01"], operation="difference"), "Two days."])
    turn = host.prompt("How many days from 2024-02-28 to 2024-03-01?")
    turn.assert_selected("date_calculator")
    (call,) = turn.calls
    assert call.result[0]["difference_days"] == 2
    assert turn.text == "Two days."
    host.assert_script_used()


def test_a_prompt_about_something_else_gets_to_see_nothing(host: Host) -> None:
    turn = host.prompt("What is (17 + 4) * 2?")
    turn.assert_not_selected("date_calculator", because="dates")
    turn.assert_not_selected("date_calculator", because="search_terms")
    assert turn.calls == ()


@pytest.mark.promptdock(plugins=["calculator"])
@pytest.mark.parametrize(
    "trouble", [{"raises": RuntimeError("boom")}, {"raises": SystemExit}, {"cancel_after": 0.01}], ids=repr
)
def test_trouble_of_another_plugin_is_not_the_date_calculators(host: Host, trouble: Mapping[str, Any]) -> None:
    """All of it: rules and tool."""
    host.script([[calls("calculator", expression="17 + 4"), calls("date_calculator", CHRISTMAS)], "Done."])
    with host.chaos(plugin="calculator", **trouble):
        turn = host.prompt("What is 17 + 4, and 2024-12-25 in EU format?")
    other, own = turn.calls
    assert other.error is not None
    assert (own.error, own.result, turn.text) == (None, [{"converted": "25/12/2024"}], "Done.")


def test_what_models_read_has_not_changed(host: Host) -> None:
    host.assert_schemas(Path(__file__).with_name("schemas.json"))
