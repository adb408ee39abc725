"""Calls of the calculator through the host's runner, as a model makes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openai
import pytest

from promptdock.testing import Host, ToolCallFailed, calls


def test_t29_tool_message(host: Host) -> None:
    host.script([calls("calculator", expression="2+3*(4-1)"), "It is 11."])
    asked, answered = host.prompt("What is 2+3*(4-1)?").requests[1]["messages"][-2:]
    (call,) = asked["tool_calls"]
    assert answered == {"role": "tool", "tool_call_id": call["id"], "content": '[{"result":11}]'}


def test_digits_of_a_large_number_arrive(calculating: Host) -> None:
    assert calculating.call("calculator", expression="2**100") == [{"result": 2.0**100, "exact": str(2**100)}]


def test_t42_error_reaches_the_model(calculating: Host) -> None:
    reply = calculating.reply("calculator", {"expression": "1/0"})
    assert json.loads(reply.content) == {"error": {"code": "tool_failed", "message": "The expression divides by zero."}}
    with pytest.raises(ToolCallFailed, match="divides by zero"):
        calculating.call("calculator", expression="1/0")


@pytest.mark.parametrize("expression", ["9**9**9", "factorial(10**7)", "10**4000000", "1" * 100_000])
def test_t43_bomb_reaches_the_model_as_an_error(calculating: Host, expression: str) -> None:
    reply = calculating.reply("calculator", {"expression": expression})
    assert reply.error == "tool_failed"
    assert len(reply.content) < 300


@pytest.mark.parametrize(
    "expression",
    ["", "\x00", "1 +\u202e 2", "𝟙+𝟙", "٣+٤", "'" * 999, "().__class__.__bases__", "1;exit()", "\ud800"],
)
def test_hostile_text_is_answered_in_words_of_ours(calculating: Host, expression: str) -> None:
    """Nothing of it is run, and no traceback comes back."""
    reply = calculating.reply("calculator", json.dumps({"expression": expression}))
    assert reply.error in {"tool_failed", "malformed_arguments"}
    assert "Traceback" not in reply.content


@pytest.mark.parametrize("arguments", [{}, {"expression": 5}, {"expression": "1", "base": 2}, []])
def test_wrong_arguments_are_refused_before_the_call(calculating: Host, arguments: object) -> None:
    reply = calculating.reply("calculator", json.dumps(arguments))
    assert reply.error in {"invalid_arguments", "malformed_arguments"}


def test_a_prompt_with_arithmetic_is_calculated(host: Host) -> None:
    """Without a script the model calls what it sees, by the words of the prompt."""
    turn = host.prompt("What is (17 + 4) * 2?")
    turn.assert_selected("calculator")
    assert [(call.tool, call.result) for call in turn.calls] == [("calculator.calculate", [{"result": 42}])]
    assert "42" in turn.text


def test_callers_of_the_openai_client_get_the_answer_alone(host: Host, openai_client: openai.OpenAI) -> None:
    """The tool is the host's business: no call of it reaches them."""
    host.script([calls("calculator", expression="17 + 4"), "It is 21."])
    reply = openai_client.chat.completions.create(
        model="scripted/model", messages=[{"role": "user", "content": "What is 17 + 4?"}]
    )
    assert (reply.choices[0].message.content, reply.choices[0].message.tool_calls) == ("It is 21.", None)


def test_a_prompt_without_gets_to_see_nothing(host: Host) -> None:
    turn = host.prompt("Who wrote The Tempest?")
    turn.assert_not_selected("calculator", because="search_terms")
    assert turn.calls == ()


@pytest.mark.promptdock(plugins=["date_calculator"])
@pytest.mark.parametrize(
    "trouble", [{"raises": RuntimeError("boom")}, {"raises": SystemExit}, {"cancel_after": 0.01}], ids=repr
)
def test_trouble_of_another_plugin_is_not_the_calculators(host: Host, trouble: Mapping[str, Any]) -> None:
    """All of it: rules and tool."""
    days = calls("date_calculator", dates=["2024-02-28", "2024-03-01"], operation="difference")
    host.script([[days, calls("calculator", expression="17 + 4")], "It is 21."])
    with host.chaos(plugin="date_calculator", **trouble):
        turn = host.prompt("What is 17 + 4, and how many days from 2024-02-28 to 2024-03-01?")
    other, own = turn.calls
    assert other.error is not None
    assert (own.error, own.result, turn.text) == (None, [{"result": 21}], "It is 21.")


def test_what_models_read_has_not_changed(host: Host) -> None:
    host.assert_schemas(Path(__file__).with_name("schemas.json"))
