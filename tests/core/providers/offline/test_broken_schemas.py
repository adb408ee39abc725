"""Schemas and threads that are JSON and make no sense: the offline provider answers all the same."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptdock import CompletionCall, OfflineProvider
from promptdock.jsontext import dumps, loads

PROMPT = 'Book the "blue" table in Oslo for 4 people on 2024-03-01, number: 12, and give the yes or no of red.'
PLACE = "$ref allOf anyOf oneOf items prefixItems properties $defs type enum const default format pattern description"
LIMITS = (
    "title required minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minItems maxItems minLength maxLength"
)
KEYWORDS = [*PLACE.split(), *LIMITS.split(), "uniqueItems", "additionalProperties"]
WORDS = ["string", "number", "integer", "boolean", "null", "object", "array", "date", "email", "red", "blue", "x", "["]
POINTERS = [
    "#",
    "#/$defs/number",
    "#/properties/number",
    "#/anyOf/0",
    "#/anyOf/\u00b2",
    "#/type/0",
    "other.json",
    "#//",
]
NUMBERS = [0, -1, 1, 5, 0.5, 1e308, -1e308, 5e-324, 10**40, -(10**400), 10**400]
LEAVES = (
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from([*WORDS, *POINTERS]) | st.sampled_from(NUMBERS)
)
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYWORDS), inner, max_size=4)
        | st.dictionaries(st.sampled_from(["number", "people", "city", "day"]), inner, max_size=3)
    ),
    max_leaves=16,
)
SCHEMAS = st.dictionaries(st.sampled_from(KEYWORDS), JSON, max_size=5)
PROPERTIES = st.dictionaries(st.sampled_from(["number", "people", "city", "day"]), SCHEMAS | JSON, max_size=4)
unhurried = settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])


def complete(**given: Any) -> dict[str, Any]:
    """Ask the provider, and see that its answer is a completion that can be sent."""
    call = CompletionCall(model="offline", **{"messages": ({"role": "user", "content": PROMPT},), **given})
    completion = loads(dumps(asyncio.run(OfflineProvider().complete(call))))
    (choice,) = completion["choices"]
    message = choice["message"]
    if choice["finish_reason"] == "tool_calls":
        assert message["content"] is None
        assert all(isinstance(json.loads(one["function"]["arguments"]), dict) for one in message["tool_calls"])
    elif choice["finish_reason"] == "function_call":
        assert isinstance(json.loads(message["function_call"]["arguments"]), dict)
    else:
        assert choice["finish_reason"] == "stop"
        assert isinstance(message["content"], str)
    return message  # type: ignore[no-any-return]


def tool(parameters: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": "book", "description": "Books", "parameters": parameters}}


def form(schema: Any) -> dict[str, Any]:
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "booking", "schema": schema}}}


BROKEN: list[dict[str, Any]] = [
    {"enum": 5},
    {"enum": "red"},
    {"enum": []},
    {"enum": [[1], {"a": 1}]},
    {"enum": [None, "red"], "default": 7},
    {"enum": [None, {}]},
    {"const": None},
    {"type": 5},
    {"type": [5, {}]},
    {"type": []},
    {"properties": 5},
    {"properties": ["city"], "type": "object"},
    {"required": "x", "type": "object"},
    {"required": [5, "x"], "type": "object"},
    {"items": 7, "type": "array"},
    {"items": {"type": 5, "enum": 5}, "type": "array"},
    {"prefixItems": 7, "type": "array"},
    {"anyOf": 3},
    {"anyOf": [3, {"oneOf": "x"}]},
    {"allOf": "x"},
    {"description": 9},
    {"description": ["red"], "enum": ["red"]},
    {"title": {}},
    {"minimum": "a", "type": "number"},
    {"minimum": 10**400, "type": "number"},
    {"multipleOf": 5e-324, "minimum": 1e308, "type": "integer"},
    {"multipleOf": -2, "type": "integer"},
    {"minLength": "a"},
    {"minItems": "a", "type": "array"},
    {"pattern": 5},
    {"pattern": "["},
    {"format": {}},
    {"format": 5},
    {"$ref": 5},
    {"$ref": "#/properties/number"},
    {"$ref": "#/broken"},
    {"$ref": "#/anyOf/\u00b2"},
    {"uniqueItems": "x", "type": "array"},
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: str(broken)[:60])
def test_a_broken_schema_is_answered_wherever_it_stands(broken: dict[str, Any]) -> None:
    """As a whole, as a property that is needed or not, as a list's items, and where a reference points."""
    root = {"broken": broken, "anyOf": [1]} if "$ref" in broken else {"broken": broken}
    inner = {"number": broken, "people": {"type": "array", "items": broken}, "city": {"anyOf": [broken]}}
    places: list[dict[str, Any]] = [
        broken,
        {**root, "type": "object", "properties": inner},
        {**root, "type": "object", "properties": inner, "required": list(inner)},
        {**root, "$ref": "#/broken"},
    ]
    for schema in places:
        (called,) = complete(tools=(tool(schema),), tool_choice="required")["tool_calls"]
        assert called["function"]["name"] == "book"
        loads(complete(options=form(schema))["content"])


def test_what_is_sound_in_a_broken_schema_still_counts() -> None:
    """Only the keyword that makes no sense is passed over."""
    city = {"type": "string", "description": 9, "minLength": "x", "enum": "Oslo"}
    schema = {"type": 5, "properties": {"city": city}, "required": ["city", 5]}
    asked = ({"role": "user", "content": "What is the weather in Oslo?"},)
    assert loads(complete(messages=asked, options=form(schema))["content"]) == {"city": "Oslo"}


@unhurried
@given(schema=SCHEMAS, properties=PROPERTIES, choice=st.sampled_from(["auto", "required"]))
def test_whatever_the_parameters_are_the_answer_is_a_completion(
    schema: dict[str, Any], properties: dict[str, Any], choice: str
) -> None:
    whole = {"type": "object", "properties": properties, "required": ["number", "day"], **schema}
    complete(tools=(tool(schema), {**tool(whole), "function": {**tool(whole)["function"], "name": "reserve"}}))
    complete(tools=(tool(whole),), tool_choice=choice)
    complete(options={"functions": [tool(whole)["function"]]})


@unhurried
@given(schema=SCHEMAS, properties=PROPERTIES)
def test_whatever_the_form_is_the_answer_is_json(schema: dict[str, Any], properties: dict[str, Any]) -> None:
    for whole in (schema, {"type": "object", "properties": properties, "required": ["number", "day"], **schema}):
        loads(complete(options=form(whole))["content"])


@unhurried
@given(wanted=JSON, choice=JSON, tools=st.lists(JSON, max_size=2))
def test_whatever_the_choice_is_the_answer_is_a_completion(wanted: Any, choice: Any, tools: list[Any]) -> None:
    """Of tools, of functions, and of the form of the answer."""
    allowed = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": wanted}}
    offered = (*tools, tool({"type": "object"}))
    options = {"functions": wanted, "function_call": choice, "response_format": choice}
    for one in (choice, allowed, {"type": "allowed_tools", "allowed_tools": choice}, {"function": choice}):
        complete(tools=offered, tool_choice=one)
    complete(options=options)


CALLS = st.recursive(
    st.none() | st.integers(0, 3) | st.sampled_from(["x", "c1", "{}", "[1]", "{"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "function", "custom", "name", "arguments", "input"]), inner, max_size=4
        )
    ),
    max_leaves=10,
)


@unhurried
@given(calls=CALLS, legacy=CALLS, answered=CALLS)
def test_whatever_calls_the_thread_holds_the_answer_is_a_completion(calls: Any, legacy: Any, answered: Any) -> None:
    made = {"role": "assistant", "content": None, "tool_calls": calls, "function_call": legacy}
    answers = (
        {"role": "tool", "tool_call_id": answered, "content": "12"},
        {"role": "function", "name": answered, "content": "13"},
    )
    user = {"role": "user", "content": "And in Rome?"}
    complete(messages=(user, made, *answers))
    complete(messages=(user, made, *answers, user), tools=(tool({"type": "object"}),))


@pytest.mark.parametrize(
    "call", [1, None, "x", [], {"id": "c1", "function": 5}, {"id": "c1", "custom": "x"}, {"id": "c1"}, {"function": []}]
)
def test_a_broken_call_is_passed_over_and_its_answer_is_not(call: Any) -> None:
    user = {"role": "user", "content": "How much?"}
    made = {"role": "assistant", "tool_calls": [call]}
    answer = {"role": "tool", "tool_call_id": "c1", "content": "12"}
    assert ": 12" in complete(messages=(user, made, answer))["content"]
