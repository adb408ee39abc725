"""The calls that a prompt asks for."""

from __future__ import annotations

from typing import Any

import pytest

from promptdock.providers.offline.clauses import read_prompt
from promptdock.providers.offline.match import read_tools
from promptdock.providers.offline.plan import PlannedCall, follow_up, plan_calls


def tool(name: str, description: str, required: bool = True, **properties: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties, "required": list(properties) if required else []}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


TOOLS = read_tools(
    [
        tool("get_weather", "Get the weather in a city", city={"type": "string"}),
        tool("get_time", "Get the time in a time zone", tz={"type": "string"}),
        tool("roll_dice", "Roll dice.", False, sides={"type": "integer"}, count={"type": "integer"}),
        tool("sum_up", "Evaluate arithmetic", expression={"type": "string"}),
    ]
)


def plan(text: str, *, at_least_one: bool = False) -> list[tuple[str, dict[str, Any]]]:
    return [(call.name, call.arguments) for call in plan_calls(read_prompt(text), TOOLS, at_least_one=at_least_one)]


def test_a_tool_is_called_when_the_prompt_speaks_of_it() -> None:
    assert plan("What is the weather in Paris?") == [("get_weather", {"city": "Paris"})]


def test_each_clause_may_call_a_tool_of_its_own() -> None:
    calls = plan("What is 2 + 3, and what's the weather in Rome? Then roll dice with 20 sides.")
    assert calls == [
        ("sum_up", {"expression": "2 + 3"}),
        ("get_weather", {"city": "Rome"}),
        ("roll_dice", {"sides": 20}),
    ]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("weather in Paris, and 2+2", ["get_weather", "sum_up"]),
        ("2+2 and weather in Paris", ["sum_up", "get_weather"]),
        ("the weather in Paris and Rome, and 3 * 3", ["get_weather", "get_weather", "sum_up"]),
        ("weather in Paris, 6*7, 2^10 and 1+1", ["get_weather", "sum_up", "sum_up", "sum_up"]),
        ("the weather in Paris, with wind and rain", ["get_weather"]),
    ],
)
def test_commas_and_and_part_what_different_tools_are_for(text: str, names: list[str]) -> None:
    assert [name for name, _ in plan(text)] == names


def test_of_two_tools_that_fit_the_one_that_has_all_it_needs_is_called() -> None:
    kinds = {"type": "string", "enum": ["sun", "moon"]}
    tools = read_tools(
        [
            tool("rise_of", "Get the rise", kind=kinds, city={"type": "string"}),
            tool("rise_at", "Get the rise", city={"type": "string"}),
        ]
    )
    (call,) = plan_calls(read_prompt("The rise in Paris?"), tools, at_least_one=False)
    assert call == PlannedCall("rise_at", {"city": "Paris"})


def test_a_call_says_what_it_lacks() -> None:
    (call,) = plan_calls(read_prompt("What's the weather?"), TOOLS, at_least_one=False)
    assert (call.name, call.needs) == ("get_weather", ("city",))


def test_a_list_of_names_calls_a_tool_for_each() -> None:
    assert [arguments["city"] for _, arguments in plan("Weather in Paris, Rome and Oslo?")] == ["Paris", "Rome", "Oslo"]


def test_a_tool_named_as_it_is_written_is_called() -> None:
    assert plan("Please use roll_dice now") == [("roll_dice", {})]


def test_words_that_mean_much_the_same_and_a_place_are_enough() -> None:
    assert plan("Is it raining in Berlin?") == [("get_weather", {"city": "Berlin"})]


def test_what_no_tool_fits_calls_none_unless_one_must_be() -> None:
    assert plan("Tell me a joke") == []
    assert len(plan("Tell me a joke", at_least_one=True)) == 1
    assert plan_calls(read_prompt("Hello"), [], at_least_one=True) == []


def test_a_second_sentence_adds_to_the_call_of_the_first() -> None:
    assert plan("Roll dice. Use 12 sides.") == [("roll_dice", {"sides": 12})]


def test_a_short_follow_up_repeats_the_former_call_with_what_is_new() -> None:
    before = PlannedCall("get_weather", {"city": "Paris"})
    assert follow_up(read_prompt("And in Rome?"), TOOLS, before) == [PlannedCall("get_weather", {"city": "Rome"})]
    assert follow_up(read_prompt("Thanks!"), TOOLS, before) == []
    assert follow_up(read_prompt("And in Rome?"), TOOLS, PlannedCall("gone", {})) == []
