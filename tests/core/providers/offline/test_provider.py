"""The offline provider, asked as a turn asks it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from promptdock import CompletionCall, OfflineProvider
from promptdock.providers.chunks import ChunkFold

CALCULATOR = {
    "type": "function",
    "function": {
        "name": "calculator",
        "description": "Evaluate an arithmetic expression.",
        "parameters": {
            "type": "object",
            "properties": {"expression": {"type": "string", "description": "e.g. (17 + 4) * 2"}},
            "required": ["expression"],
            "additionalProperties": False,
        },
    },
}
DATES = {
    "type": "function",
    "function": {
        "name": "date_calculator",
        "description": "Compare dates, or move one by days.",
        "parameters": {
            "type": "object",
            "properties": {
                "dates": {"type": "array", "items": {"type": "string"}},
                "operation": {"enum": ["difference", "oldest", "newest", "convert", "add", "subtract"]},
                "date_format": {"enum": ["ISO", "US", "EU"]},
                "days": {"type": "integer"},
            },
            "required": ["dates", "operation"],
        },
    },
}
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
DEMO = "What is (17 + 4) * 2, and how many days from 2024-02-28 to 2024-03-01?"
PROVIDER = OfflineProvider()


def call(*messages: str | dict[str, Any], **given: Any) -> CompletionCall:
    thread = tuple({"role": "user", "content": one} if isinstance(one, str) else one for one in messages)
    return CompletionCall(model="offline", messages=thread, **given)


async def ask(*messages: str | dict[str, Any], **given: Any) -> dict[str, Any]:
    choice: dict[str, Any] = (await PROVIDER.complete(call(*messages, **given)))["choices"][0]
    return choice


def calls_of(choice: dict[str, Any]) -> list[tuple[str, Any]]:
    functions = [one["function"] for one in choice["message"].get("tool_calls") or ()]
    return [(function["name"], json.loads(function["arguments"])) for function in functions]


def answers(choice: dict[str, Any], *contents: str) -> list[dict[str, Any]]:
    ids = [one["id"] for one in choice["message"]["tool_calls"]]
    results = zip(ids, contents, strict=True)
    return [
        choice["message"],
        *({"role": "tool", "tool_call_id": call_id, "content": content} for call_id, content in results),
    ]


@pytest.mark.anyio
async def test_the_demo_calls_both_tools_in_one_round_and_phrases_both_results() -> None:
    first = await ask(DEMO, tools=(CALCULATOR, DATES, WEATHER))
    assert first["finish_reason"] == "tool_calls"
    assert calls_of(first) == [
        ("calculator", {"expression": "(17 + 4) * 2"}),
        ("date_calculator", {"dates": ["2024-02-28", "2024-03-01"], "operation": "difference"}),
    ]
    results = answers(first, '[{"result": 42}]', '[{"difference_days": 2, "difference_weeks": 0.29}]')
    second = await ask(DEMO, *results, tools=(CALCULATOR, DATES, WEATHER))
    assert second["finish_reason"] == "stop"
    told = "(17 + 4) * 2 is 42. From 2024-02-28 to 2024-03-01: difference days 2, difference weeks 0.29."
    assert second["message"]["content"] == told


@pytest.mark.anyio
async def test_a_failed_tool_is_reported_and_not_asked_again() -> None:
    first = await ask("Weather in Paris?", tools=(WEATHER,))
    failed = answers(first, '{"error": {"code": "timeout", "message": "No answer in 10 s."}}')
    second = await ask("Weather in Paris?", *failed, tools=(WEATHER,))
    assert second["message"]["content"] == "The tool weather failed for Paris: No answer in 10 s."


@pytest.mark.anyio
async def test_one_call_at_a_time_goes_on_with_the_next_one() -> None:
    options = {"parallel_tool_calls": False}
    first = await ask("Weather in Paris and Rome?", tools=(WEATHER,), options=options)
    assert calls_of(first) == [("get_weather", {"city": "Paris"})]
    second = await ask("Weather in Paris and Rome?", *answers(first, "rain"), tools=(WEATHER,), options=options)
    assert calls_of(second) == [("get_weather", {"city": "Rome"})]


@pytest.mark.anyio
async def test_tool_choice() -> None:
    tools = (CALCULATOR, WEATHER)
    assert calls_of(await ask("Weather in Paris?", tools=tools, tool_choice="none")) == []
    assert calls_of(await ask("Hello!", tools=tools)) == []
    required = await ask("Hello!", tools=tools, tool_choice="required")
    assert required["finish_reason"] == "tool_calls"
    named = {"type": "function", "function": {"name": "get_weather"}}
    assert [name for name, _ in calls_of(await ask("1 + 2", tools=tools, tool_choice=named))] == ["get_weather"]
    allowed = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [WEATHER]}}
    assert [name for name, _ in calls_of(await ask("1 + 2", tools=tools, tool_choice=allowed))] == ["get_weather"]


CONVERT = {
    "type": "function",
    "function": {
        "name": "convert",
        "description": "Convert an amount to a unit.",
        "parameters": {
            "type": "object",
            "properties": {"amount": {"type": "number"}, "unit": {"enum": ["km", "mi"]}},
            "required": ["amount", "unit"],
        },
    },
}


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("prompt", "needs"),
    [
        ("convert 5 parsecs", "convert needs: unit (km, mi)."),
        ("convert to km", "convert needs: amount."),
        ("What's the weather?", "get_weather needs: city."),
        ("What is the weather like today?", "get_weather needs: city."),
        ("Use the calculator, please", "calculator needs: expression."),
    ],
)
async def test_what_the_prompt_does_not_say_is_asked_for_and_not_made_up(prompt: str, needs: str) -> None:
    choice = await ask(prompt, tools=(CALCULATOR, WEATHER, CONVERT))
    assert calls_of(choice) == []
    assert needs in choice["message"]["content"]


@pytest.mark.anyio
@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "convert"}}])
async def test_a_call_that_is_asked_for_is_made_with_what_there_is(choice: Any) -> None:
    forced = await ask("convert 5 parsecs", tools=(CONVERT,), tool_choice=choice)
    assert calls_of(forced) == [("convert", {"amount": 5, "unit": "km"})]


@pytest.mark.anyio
async def test_what_one_tool_lacks_does_not_hold_up_another() -> None:
    prompt = "What is the weather, and 2+2?"
    first = await ask(prompt, tools=(CALCULATOR, WEATHER))
    assert calls_of(first) == [("calculator", {"expression": "2+2"})]
    second = await ask(prompt, *answers(first, '{"result": 4}'), tools=(CALCULATOR, WEATHER))
    assert second["message"]["content"] == "2+2 is 4. get_weather needs: city."


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("prompt", "dates"),
    [
        ("How old is someone born on March 1, 1990?", ["1990-03-01", "2026-11-21"]),
        ("Ada was born on 1990-05-17. How old is she?", ["1990-05-17", "2026-11-21"]),
        ("How long ago was 1990-05-17?", ["1990-05-17", "2026-11-21"]),
        ("How many days until 2030-12-24?", ["2026-11-21", "2030-12-24"]),
    ],
)
async def test_ages_and_spans_count_from_today(prompt: str, dates: list[str]) -> None:
    system = {"role": "system", "content": "Today is 2026-11-21."}
    choice = await ask(system, {"role": "user", "content": prompt}, tools=(CALCULATOR, DATES, WEATHER))
    assert calls_of(choice) == [("date_calculator", {"dates": dates, "operation": "difference"})]


@pytest.mark.anyio
async def test_a_day_that_is_only_mentioned_calls_no_tool_for_dates() -> None:
    system = {"role": "system", "content": "Today is 2026-11-21."}
    tools = (DATES, WEATHER)
    asked = await ask(system, "What's the weather like in New York tomorrow?", tools=tools)
    assert calls_of(asked) == [("get_weather", {"city": "New York"})]
    assert calls_of(await ask(system, "Meet on 2024-05-05 at 3pm", tools=tools)) == []
    assert calls_of(await ask("What happened on March 1, 1990?", tools=tools)) == []


@pytest.mark.anyio
async def test_functions_of_the_old_protocol_are_answered_in_its_form() -> None:
    options = {"functions": [WEATHER["function"]], "function_call": "auto"}
    first = await ask("Weather in Paris?", options=options)
    assert first["finish_reason"] == "function_call"
    assert json.loads(first["message"]["function_call"]["arguments"]) == {"city": "Paris"}
    result = {"role": "function", "name": "get_weather", "content": "rain"}
    second = await ask("Weather in Paris?", first["message"], result, options=options)
    assert second["message"]["content"] == "Weather for Paris: rain."


@pytest.mark.anyio
@pytest.mark.parametrize("prompt", ["Who are you?", "Are you an AI?", "Write a poem.", "Hello!", "", "   "])
async def test_it_says_that_it_is_no_language_model(prompt: str) -> None:
    content = (await ask(prompt))["message"]["content"]
    assert "not a language model" in content


@pytest.mark.anyio
async def test_pictures_are_taken_and_not_looked_at() -> None:
    picture = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
    choice = await ask({"role": "user", "content": [{"type": "text", "text": "Describe this."}, picture]})
    assert "I cannot see images" in choice["message"]["content"]


@pytest.mark.anyio
async def test_stop_marks_cut_the_text() -> None:
    whole = (await ask("alpha beta gamma"))["message"]["content"]
    for stop in ("beta", ["nowhere", "beta", "gamma"]):
        cut = await ask("alpha beta gamma", options={"stop": stop})
        assert cut["message"]["content"] == whole[: whole.index("beta")]
        assert cut["finish_reason"] == "stop"


@pytest.mark.anyio
async def test_limits_cut_by_the_providers_own_tokens() -> None:
    short = await PROVIDER.complete(call("Write a long story", max_completion_tokens=2))
    assert short["choices"][0]["finish_reason"] == "length"
    assert short["choices"][0]["message"]["content"] == "I am"
    assert short["usage"]["completion_tokens"] == 2
    assert (await ask("Hi", options={"max_tokens": 1}))["finish_reason"] == "length"
    assert (await ask("Hi", max_completion_tokens=1000))["finish_reason"] == "stop"


@pytest.mark.anyio
async def test_usage_adds_up() -> None:
    usage = (await PROVIDER.complete(call("two words", options={"n": 3})))["usage"]
    assert usage["prompt_tokens"] == 3
    assert usage["completion_tokens"] % 3 == 0
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


@pytest.mark.anyio
async def test_log_probabilities_are_given_when_asked_for() -> None:
    choice = await ask("Hi", options={"logprobs": True, "top_logprobs": 2})
    content = choice["logprobs"]["content"]
    assert "".join(entry["token"] for entry in content) == choice["message"]["content"]
    assert bytes(content[0]["bytes"]).decode() == content[0]["token"]
    assert content[0]["top_logprobs"][0]["logprob"] == 0.0
    assert (await ask("Hi"))["logprobs"] is None


@pytest.mark.anyio
async def test_json_objects_have_the_keys_that_the_prompt_asks_for() -> None:
    options = {"response_format": {"type": "json_object"}}
    text = "Tell me a joke about cats. Return JSON with 'setup' and 'punchline' keys."
    assert set(json.loads((await ask(text, options=options))["message"]["content"])) == {"setup", "punchline"}
    text = "JSON with keys name and age: Ada is 36"
    assert json.loads((await ask(text, options=options))["message"]["content"])["name"] == "Ada"
    assert set(json.loads((await ask("Hello", options=options))["message"]["content"])) == {"answer"}


@pytest.mark.anyio
async def test_a_json_schema_is_filled_from_the_prompt_and_from_results() -> None:
    schema = {"type": "object", "properties": {"answer": {"type": "number"}}, "required": ["answer"]}
    options = {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}}
    assert json.loads((await ask("The answer is 7", options=options))["message"]["content"]) == {"answer": 7}
    first = await ask("What is 40 + 2?", tools=(CALCULATOR,), options=options)
    second = await ask("What is 40 + 2?", *answers(first, '{"result": 42}'), tools=(CALCULATOR,), options=options)
    assert json.loads(second["message"]["content"]) == {"answer": 42}


STREAMED = [
    call("Hello with grüße and 你好 🙂"),
    call("", options={"n": 3, "logprobs": True, "top_logprobs": 1}),
    call("Write much", max_completion_tokens=5),
    call("Write much", max_completion_tokens=0),
    call("one two three", options={"stop": "two"}),
    call(DEMO, tools=(CALCULATOR, DATES)),
    call("Weather in Paris?", options={"functions": [WEATHER["function"]]}),
    call("x", options={"response_format": {"type": "json_object"}}),
]


@pytest.mark.anyio
@pytest.mark.parametrize("asked", STREAMED)
async def test_a_stream_folds_to_the_complete_answer(asked: CompletionCall) -> None:
    fold = ChunkFold()
    chunks = [chunk async for chunk in PROVIDER.stream(asked)]
    for chunk in chunks:
        fold.add(chunk)
    whole = await PROVIDER.complete(asked)
    assert {**fold.completion(), "created": 0} == {**whole, "created": 0}
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"] == whole["usage"]
    assert len({(chunk["id"], chunk["created"], chunk["model"]) for chunk in chunks}) == 1


@pytest.mark.anyio
async def test_a_stream_begins_with_the_role_and_names_each_call_once() -> None:
    chunks = [chunk async for chunk in PROVIDER.stream(call(DEMO, tools=(CALCULATOR, DATES)))]
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]
    assert deltas[0]["role"] == "assistant"
    fragments = [fragment for delta in deltas for fragment in delta.get("tool_calls") or ()]
    assert [fragment["index"] for fragment in fragments if "id" in fragment] == [0, 1]
    assert [fragment["function"]["name"] for fragment in fragments if "name" in fragment["function"]] == [
        "calculator",
        "date_calculator",
    ]
    assert len(fragments) > 4


@pytest.mark.anyio
async def test_the_same_call_gets_the_same_answer_and_other_calls_other_ids() -> None:
    first, again = [await PROVIDER.complete(call("Hi", request_id="r1")) for _ in range(2)]
    assert {**first, "created": 0} == {**again, "created": 0}
    assert first["id"] != (await PROVIDER.complete(call("Hi", request_id="r2")))["id"]


@pytest.mark.anyio
@pytest.mark.parametrize("part", ["a", " ", "!", "(", "1+", '"a" ', "Aa, ", "1,", "-", "\n", "a@", "你好", "and what "])
async def test_a_megabyte_of_anything_is_answered(part: str) -> None:
    prompt = part * (1_000_000 // len(part))
    choice = await ask(prompt, tools=(CALCULATOR, DATES, WEATHER), tool_choice="required")
    assert choice["finish_reason"] == "tool_calls"


@pytest.mark.anyio
async def test_it_lists_its_one_model() -> None:
    assert [model.id for model in await PROVIDER.models()] == ["offline"]
    assert OfflineProvider(name="spare").name == "spare"
    assert PROVIDER.default_model == "offline"
