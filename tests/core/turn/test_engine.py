"""The turn engine, against a real upstream on loopback; every test runs streaming and not."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Sequence
from typing import Any

import pytest

from promptdock import (
    Always,
    CompletionDelta,
    CompletionReceived,
    CompletionRequested,
    PluginCalled,
    PromptSettings,
    ProviderInitialized,
    SearchTerms,
    SelectionRequest,
    SelectionRule,
    SettingsConflicted,
    ToolContext,
    ToolError,
    TurnFailed,
    TurnFinished,
    TurnStarted,
    Verdict,
    tool,
)
from promptdock.turn.events import Event
from promptdock.turn.fold import TurnResult
from tests.support.services import Plugin, service_at
from tests.support.upstream import Upstream, error, raw, text, tool_calls

pytestmark = pytest.mark.anyio


@pytest.fixture(params=[False, True], ids=["whole", "stream"])
def stream(request: pytest.FixtureRequest) -> bool:
    """Whether the turn streams: nothing else may depend on it."""
    return bool(request.param)


@tool
def add(a: int, b: int) -> int:
    """Add two numbers.

    Args:
        a: One.
        b: The other.
    """
    return a + b


@tool
async def nap(seconds: float) -> str:
    """Sleep.

    Args:
        seconds: How long.
    """
    await asyncio.sleep(seconds)
    return f"slept {seconds}"


@tool
def stumble() -> str:
    """Fail with a secret in the text."""
    raise RuntimeError("sk-secret-in-text")


@tool
def refuse() -> str:
    """Fail in words for the model."""
    raise ToolError("Try the other door.")


@tool(timeout=0.05)
async def hang() -> str:
    """Never end."""
    await asyncio.sleep(60)
    return "never"


CALLERS_TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": "open_door", "parameters": {"type": "object", "properties": {}}},
}


def roles(upstream: Upstream, call: int) -> list[str]:
    """The roles of the messages in an upstream request."""
    return [message["role"] for message in upstream.calls[call].body["messages"]]


def system(upstream: Upstream, call: int) -> str:
    """The system text of an upstream request."""
    content: str = upstream.calls[call].body["messages"][0]["content"]
    return content


def answers(upstream: Upstream, call: int) -> list[Any]:
    """The contents of the tool messages in an upstream request, decoded."""
    found = []
    for message in upstream.calls[call].body["messages"]:
        if message["role"] == "tool":
            try:
                found.append(json.loads(message["content"]))
            except json.JSONDecodeError:
                found.append(message["content"])
    return found


def kinds(result: TurnResult) -> list[str]:
    """The kinds of the events, without the pieces of a stream."""
    return [type(event).__name__ for event in result.events if not isinstance(event, CompletionDelta)]


async def ask(
    upstream: Upstream,
    said: str,
    *tools: Any,
    rules: Sequence[Any] = (),
    settings: dict[str, Any] | None = None,
    **members: Any,
) -> TurnResult:
    """One prompt to a service with one plugin ``p`` of these tools and rules."""
    async with service_at(upstream, plugins={"p": Plugin(*tools, rules=rules)}, **(settings or {})) as service:
        return await service.prompt(said, **members)


async def test_t1_a_plain_answer(upstream: Upstream, stream: bool) -> None:
    """One upstream call; text and usage come through."""
    upstream.script(text("Hi", usage=(10, 2)))
    result = await ask(upstream, "Hello", stream=stream)
    assert result.text == "Hi"
    assert result.as_json()["usage"] == {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
    assert len(upstream.calls) == 1
    assert result.completion is not None
    assert result.completion["choices"][0]["message"] == {"role": "assistant", "content": "Hi", "refusal": None}


async def test_t2_what_upstream_gets(upstream: Upstream, stream: bool) -> None:
    """Model, messages, settings; a system message with one date line and the role once; no tools, no nulls."""
    result = await ask(
        upstream, "Hello", stream=stream, system_role="Be brief.", temperature=0.5, max_completion_tokens=64
    )
    assert result.failure is None
    body = upstream.calls[0].body
    assert (body["model"], body["temperature"]) == ("m1", 0.5)
    assert 64 in (body.get("max_tokens"), body.get("max_completion_tokens"))
    assert "tools" not in body
    assert "tool_choice" not in body
    assert "null" not in json.dumps(body)
    assert re.fullmatch(r"Today is \w+day, \d{4}-\d\d-\d\d \(UTC\)\.\nBe brief\.", system(upstream, 0))


async def test_t4_what_the_turn_uses_is_reported(upstream: Upstream, stream: bool) -> None:
    """The effective settings and the input, at the start; no tool was called."""
    result = await ask(upstream, "Hello", temperature=0.3, max_completion_tokens=7, stream=stream)
    started = result.events[0]
    assert isinstance(started, TurnStarted)
    assert (started.text, started.settings.provider, started.settings.model) == ("Hello", "fake", "m1")
    assert (started.settings.temperature, started.settings.max_completion_tokens) == (0.3, 7)
    assert result.calls == ()


async def test_t6_a_system_message_is_kept_and_not_doubled(upstream: Upstream, stream: bool) -> None:
    """The caller's own system text joins ours in one message."""
    await ask(upstream, "Hello", messages=({"role": "system", "content": "You are a pirate."},), stream=stream)
    assert roles(upstream, 0) == ["system", "user"]
    assert system(upstream, 0).count("Today is") == 1
    assert system(upstream, 0).endswith("\n\nYou are a pirate.")


async def test_t7_temperature_zero_is_a_value(upstream: Upstream, stream: bool) -> None:
    """It is sent, and reported as used."""
    result = await ask(upstream, "Hello", temperature=0.0, stream=stream)
    assert upstream.calls[0].body["temperature"] == 0
    assert isinstance(result.events[0], TurnStarted)
    assert result.events[0].settings.temperature == 0.0


async def test_t8_the_providers_defaults_apply(upstream: Upstream) -> None:
    """When neither the prompt nor a rule says anything."""
    fake = {
        "base_url": upstream.base_url,
        "api_key": "k",
        "default_model": "gpt-4o-mini",
        "default_temperature": 0.5,
        "default_max_completion_tokens": 2048,
    }
    result = await ask(upstream, "Hello", settings={"providers": {"fake": fake}})
    body = upstream.calls[0].body
    assert (body["model"], body["temperature"]) == ("gpt-4o-mini", 0.5)
    assert 2048 in (body.get("max_tokens"), body.get("max_completion_tokens"))
    assert isinstance(result.events[0], TurnStarted)
    assert result.events[0].settings.max_completion_tokens == 2048


async def test_t9_private_roles_and_flags_never_go_upstream(upstream: Upstream, stream: bool) -> None:
    """They are taken, and left out of what is sent."""
    thread = (
        {"role": "promptdock", "content": "plugin dice selected"},
        {"role": "user", "content": "hi", "promptdock_is_new": True},
        {"role": "promptdock_error", "content": "upstream failed"},
    )
    await ask(upstream, "again", messages=thread, stream=stream)
    assert roles(upstream, 0) == ["system", "user", "user"]
    assert "promptdock" not in json.dumps(upstream.calls[0].body)


async def test_t13_usage_may_be_missing(upstream: Upstream, stream: bool) -> None:
    """The answer stands without it."""
    upstream.script(text("Hi", usage=None))
    result = await ask(upstream, "Hello", stream=stream)
    assert result.text == "Hi"
    assert result.as_json()["usage"] is None
    assert result.completion is not None
    assert "usage" not in result.completion


async def test_t14_nulls_are_pruned_in_every_round(upstream: Upstream, stream: bool) -> None:
    """Also those of the model's own messages, sent back in later rounds."""
    upstream.script([tool_calls([("add", {"a": 1, "b": 2})]), text("3")])
    await ask(upstream, "add", add, stream=stream, options={"stop": None, "metadata": {"a": None, "b": "c"}})
    for call in upstream.calls:
        assert "null" not in json.dumps(call.body)
    assert upstream.calls[1].body["metadata"] == {"b": "c"}


async def test_t15_t16_a_rule_decides_per_prompt(upstream: Upstream, stream: bool) -> None:
    """Selected: tool and system text are there; not selected: neither is."""
    rule = SearchTerms("gobstopper", tools=[add], system="You know sweets.")
    chosen = await ask(upstream, "what is an everlasting gobstopper?", add, rules=[rule], stream=stream)
    assert [item["function"]["name"] for item in upstream.calls[0].body["tools"]] == ["add"]
    assert upstream.calls[0].body["tool_choice"] == "auto"
    assert system(upstream, 0).endswith("\n\nYou know sweets.")
    assert "PluginSelected" in kinds(chosen)
    dropped = await ask(upstream, "what is 2+2", add, rules=[rule], stream=stream)
    assert "tools" not in upstream.calls[1].body
    assert "sweets" not in system(upstream, 1)
    assert "PluginSelected" not in kinds(dropped)


async def test_t22_a_rules_settings_are_used_and_reported(upstream: Upstream, stream: bool) -> None:
    """Where the caller leaves them open; what the caller says stays."""
    wanted = PromptSettings(model="m9", temperature=0.2, max_completion_tokens=100)
    rule = Always(settings=wanted)
    result = await ask(upstream, "hi", rules=[rule], stream=stream)
    body = upstream.calls[0].body
    assert (body["model"], body["temperature"]) == ("m9", 0.2)
    assert isinstance(result.events[0], TurnStarted)
    assert (result.events[0].settings.model, result.events[0].settings.max_completion_tokens) == ("m9", 100)
    await ask(upstream, "hi", rules=[rule], stream=stream, model="fake/m1", temperature=0.0)
    assert (upstream.calls[1].body["model"], upstream.calls[1].body["temperature"]) == ("m1", 0)


async def test_t23_a_conflict_is_an_event(upstream: Upstream) -> None:
    """It names both rules; the priority decides."""
    rules = [Always(settings=PromptSettings(model="a"), priority=1), Always(settings=PromptSettings(model="b"))]
    result = await ask(upstream, "hi", rules=rules)
    (conflict,) = [event for event in result.events if isinstance(event, SettingsConflicted)]
    assert (conflict.kept, conflict.dropped) == ("p: always = a", "p: always = b")
    assert upstream.calls[0].body["model"] == "a"


async def test_t25_additions_stand_once_in_every_request(upstream: Upstream, stream: bool) -> None:
    """However many rounds and turns there are."""
    upstream.script([tool_calls([("add", {"a": 1, "b": 2})]), text("3"), text("again")])
    rule = Always(tools=[add], system="Count well.")
    async with service_at(upstream, plugins={"p": Plugin(add, rules=[rule])}) as service:
        first = await service.prompt("add", stream=stream)
        ended = first.events[-1]
        assert isinstance(ended, TurnFinished)
        await service.prompt("more", messages=[{"role": "user", "content": "add"}, *ended.messages], stream=stream)
    for call in range(3):
        assert system(upstream, call).count("Count well.") == 1
        assert system(upstream, call).count("Today is") == 1


async def test_t26_a_call_is_told_with_its_plugin_and_the_answer_comes_from_the_second_round(
    upstream: Upstream, stream: bool
) -> None:
    """The tool message is the result as JSON."""

    @tool
    def contact(inquiry_type: str) -> dict[str, str]:
        """Look something up."""
        return {"phone": "123", "asked": inquiry_type}

    upstream.script([tool_calls([("contact", {"inquiry_type": "contact"})]), text("Call 123.")])
    result = await ask(upstream, "whom do I call?", contact, stream=stream)
    assert (result.text, len(upstream.calls)) == ("Call 123.", 2)
    assert answers(upstream, 1) == [{"phone": "123", "asked": "contact"}]
    (call,) = result.calls
    assert (call.tool, call.plugin, call.arguments) == ("p.contact", "p", {"inquiry_type": "contact"})


async def test_t30_rounds_go_on_until_the_model_has_its_answer(upstream: Upstream, stream: bool) -> None:
    """Each round offers the tools; usage is the sum."""
    upstream.script(
        [
            tool_calls([("add", {"a": 1, "b": 2})], usage=(10, 5)),
            tool_calls([("add", {"a": 3, "b": 4})], usage=(20, 5)),
            text("7", usage=(30, 1)),
        ]
    )
    result = await ask(upstream, "add twice", add, stream=stream)
    assert (result.text, result.rounds) == ("7", 3)
    assert all("tools" in call.body for call in upstream.calls)
    assert answers(upstream, 2) == [3, 7]
    assert result.as_json()["usage"] == {"prompt_tokens": 60, "completion_tokens": 11, "total_tokens": 71}


async def test_t31_a_second_turn_with_tools_is_a_valid_thread(upstream: Upstream, stream: bool) -> None:
    """Each assistant message with calls is followed by its answers."""
    upstream.script(
        [tool_calls([("add", {"a": 1, "b": 2})]), text("3"), tool_calls([("add", {"a": 5, "b": 5})]), text("10")]
    )
    async with service_at(upstream, plugins={"p": Plugin(add)}) as service:
        first = await service.prompt("one", stream=stream)
        ended = first.events[-1]
        assert isinstance(ended, TurnFinished)
        second = await service.prompt("two", messages=[{"role": "user", "content": "one"}, *ended.messages])
    assert second.text == "10"
    assert roles(upstream, 3) == ["system", "user", "assistant", "tool", "assistant", "user", "assistant", "tool"]


async def test_t32_calls_of_one_round_run_at_once_and_answers_keep_their_order(
    upstream: Upstream, stream: bool
) -> None:
    """Three sleeps of half a second take far less than one and a half."""
    upstream.script([tool_calls([("nap", {"seconds": s}) for s in (0.5, 0.4, 0.3)]), text("done")])
    began = time.perf_counter()
    result = await ask(upstream, "sleep", nap, stream=stream)
    assert time.perf_counter() - began < 1.2
    assert result.text == "done"
    sent = [message for message in upstream.calls[1].body["messages"] if message["role"] == "tool"]
    assert [message["tool_call_id"] for message in sent] == ["call_0", "call_1", "call_2"]
    assert answers(upstream, 1) == ["slept 0.5", "slept 0.4", "slept 0.3"]


async def test_t33_a_model_that_loops_is_stopped(upstream: Upstream, stream: bool) -> None:
    """The last round is sent with tool_choice none; one that calls all the same gets a flagged reply."""
    upstream.script(tool_calls([("add", {"a": 1, "b": 1})]))
    result = await ask(upstream, "loop", add, stream=stream, settings={"max_rounds": 3})
    assert [call.body["tool_choice"] for call in upstream.calls] == ["auto", "auto", "none"]
    assert result.completion is not None
    assert result.completion["promptdock"] == {"rounds": 3, "max_rounds_reached": True}
    assert result.completion["choices"][0]["finish_reason"] == "stop"
    assert "tool_calls" not in result.completion["choices"][0]["message"]
    assert result.text == "Stopped after 3 rounds of tool calls without a final answer."


async def test_t33_a_model_that_answers_in_the_last_round_is_flagged_too(upstream: Upstream, stream: bool) -> None:
    """Its tools were taken away, and the reply says so."""
    upstream.script([tool_calls([("add", {"a": 1, "b": 1})]), text("2")])
    result = await ask(upstream, "add", add, stream=stream, settings={"max_rounds": 2})
    assert result.text == "2"
    assert result.completion is not None
    assert result.completion["promptdock"]["max_rounds_reached"] is True


@pytest.mark.parametrize(
    ("call", "code", "words"),
    [
        (("nothing", {}), "unknown_tool", "nothing"),
        (("add", '{"a": 1,'), "malformed_arguments", "JSON"),
        (("add", {"a": 1}), "invalid_arguments", "b"),
        (("add", {"a": 1, "b": 2, "c": 3}), "invalid_arguments", "c"),
        (("stumble", {}), "tool_failed", "log"),
        (("refuse", {}), "tool_failed", "Try the other door."),
        (("hang", {}), "timeout", "0.05"),
    ],
)
async def test_t34_t35_t36_a_failing_call_is_told_to_the_model(
    upstream: Upstream, stream: bool, call: tuple[str, Any], code: str, words: str
) -> None:
    """The turn goes on, and no text of an exception gets out."""
    upstream.script([tool_calls([call]), text("I see.")])
    result = await ask(upstream, "go", add, stumble, refuse, hang, stream=stream)
    assert result.text == "I see."
    (answer,) = answers(upstream, 1)
    assert answer["error"]["code"] == code
    assert words in answer["error"]["message"]
    assert "sk-secret" not in json.dumps(upstream.calls[1].body)
    assert result.as_json()["calls"][0]["error"]["code"] == code


async def test_t37_an_empty_list_of_calls_is_no_call(upstream: Upstream, stream: bool) -> None:
    """One upstream call, and its text."""
    reply = text("Hi")
    assert reply.completion is not None
    reply.completion["choices"][0]["message"]["tool_calls"] = []
    upstream.script(reply)
    assert (await ask(upstream, "Hello", add, stream=stream)).text == "Hi"
    assert len(upstream.calls) == 1


async def test_t38_upstream_fails_in_round_two(upstream: Upstream, stream: bool) -> None:
    """The failure has its own status, and the next turn works."""
    upstream.script([tool_calls([("add", {"a": 1, "b": 2})]), error(503, "overloaded"), text("fine")])
    async with service_at(upstream, plugins={"p": Plugin(add)}) as service:
        failed = await service.prompt("add", stream=stream)
        assert failed.failure is not None
        assert (failed.failure.error.status, failed.failure.round, failed.failure.rounds) == (502, 2, 1)
        assert failed.failure.usage is not None
        assert (await service.prompt("again", stream=stream)).text == "fine"


async def test_t40_one_definition_for_one_name(upstream: Upstream, stream: bool) -> None:
    """The caller's own tool of the same name takes the place of ours."""
    mine = {"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {}}}}
    upstream.script(tool_calls([("add", {})]))
    result = await ask(upstream, "hi", add, tools=(mine,), stream=stream)
    assert [item["function"]["name"] for item in upstream.calls[0].body["tools"]] == ["add"]
    assert result.calls == ()
    assert result.completion is not None
    assert result.completion["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "add"


async def test_t99_the_order_of_events(upstream: Upstream, stream: bool) -> None:
    """Each once, in the order in which it happened."""
    upstream.script([tool_calls([("add", {"a": 1, "b": 2})]), text("3")])
    result = await ask(upstream, "add", add, rules=[SearchTerms("add", tools=[add])], stream=stream)
    assert kinds(result) == [
        "TurnStarted",
        "ProviderInitialized",
        "PluginSelected",
        "ToolPresented",
        "CompletionRequested",
        "CompletionReceived",
        "ToolRequested",
        "PluginCalled",
        "PluginResponded",
        "ToolResponded",
        "CompletionRequested",
        "CompletionReceived",
        "TurnFinished",
    ]


async def test_the_callers_tools_are_handed_back(upstream: Upstream, stream: bool) -> None:
    """They are offered beside ours; their calls end the turn with finish_reason tool_calls."""
    upstream.script(tool_calls([("open_door", {"wide": True})]))
    result = await ask(upstream, "open", add, tools=(CALLERS_TOOL,), stream=stream)
    assert [item["function"]["name"] for item in upstream.calls[0].body["tools"]] == ["open_door", "add"]
    assert result.completion is not None
    (choice,) = result.completion["choices"]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["tool_calls"][0]["function"] == {"name": "open_door", "arguments": '{"wide": true}'}
    assert result.calls == ()


async def test_a_mixed_round_runs_ours_hands_theirs_back_and_remembers(upstream: Upstream, stream: bool) -> None:
    """When the caller's answers come, the model sees the whole round: its calls and all answers."""
    upstream.script([tool_calls([("add", {"a": 1, "b": 2}), ("open_door", {})]), text("both done")])
    async with service_at(upstream, plugins={"p": Plugin(add)}) as service:
        first = await service.prompt("go", tools=(CALLERS_TOOL,), stream=stream)
        assert [call.tool for call in first.calls] == ["p.add"]
        assert first.completion is not None
        (choice,) = first.completion["choices"]
        assert choice["finish_reason"] == "tool_calls"
        (call,) = choice["message"]["tool_calls"]
        assert call["function"]["name"] == "open_door"
        thread = [
            {"role": "user", "content": "go"},
            choice["message"],
            {"role": "tool", "tool_call_id": call["id"], "content": "opened"},
        ]
        second = await service.prompt(messages=thread, tools=(CALLERS_TOOL,), stream=stream)
    assert second.text == "both done"
    assert roles(upstream, 1) == ["system", "user", "assistant", "tool", "tool"]
    assert answers(upstream, 1) == [3, "opened"]
    assert len(upstream.calls[1].body["messages"][2]["tool_calls"]) == 2


async def test_texts_of_several_rounds_are_one_answer(upstream: Upstream, stream: bool) -> None:
    """What the model says beside a call is part of what the caller reads, streaming or not."""
    upstream.script([tool_calls([("add", {"a": 1, "b": 2})], content="Let me see."), text("It is 3.")])
    assert (await ask(upstream, "add", add, stream=stream)).text == "Let me see.\n\nIt is 3."


async def test_a_required_choice_binds_the_first_round_only(upstream: Upstream, stream: bool) -> None:
    """Else the model could never answer."""
    upstream.script([tool_calls([("add", {"a": 1, "b": 2})]), text("3")])
    await ask(upstream, "add", add, tool_choice="required", stream=stream)
    assert [call.body["tool_choice"] for call in upstream.calls] == ["required", "auto"]


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "open_door"}}])
async def test_a_forced_choice_of_the_callers_tools_leaves_ours_out(
    upstream: Upstream, stream: bool, choice: Any
) -> None:
    """ "Required" means the list that the caller knows."""
    upstream.script(tool_calls([("open_door", {})]))
    result = await ask(upstream, "open", add, tools=(CALLERS_TOOL,), tool_choice=choice, stream=stream)
    assert [item["function"]["name"] for item in upstream.calls[0].body["tools"]] == ["open_door"]
    assert upstream.calls[0].body["tool_choice"] == choice
    assert result.tools_presented == ()


async def test_several_answers_come_through_without_tools_of_ours(upstream: Upstream, stream: bool) -> None:
    """With n there is no one conversation to run tools in; the decisions say so."""
    reply = raw(
        {
            "id": "x",
            "object": "chat.completion",
            "created": 1,
            "model": "m1",
            "choices": [
                {"index": i, "message": {"role": "assistant", "content": f"answer {i}"}, "finish_reason": "stop"}
                for i in range(2)
            ],
        }
    )
    upstream.script(reply)
    result = await ask(upstream, "hi", add, options={"n": 2}, stream=stream)
    assert result.completion is not None
    assert [choice["message"]["content"] for choice in result.completion["choices"]] == ["answer 0", "answer 1"]
    assert "tools" not in upstream.calls[0].body
    assert isinstance(result.events[0], TurnStarted)
    assert "several answers" in result.events[0].decisions[0].reason


async def test_the_stream_folds_to_the_whole(upstream: Upstream) -> None:
    """The deltas that a caller gets make the completion that the turn ends with."""
    upstream.script([tool_calls([("add", {"a": 1, "b": 2})], content="Hm."), text("Three it is, grüße 你好 🙂")])
    result = await ask(upstream, "add", add, stream=True)
    deltas = [event for event in result.events if isinstance(event, CompletionDelta)]
    content = "".join(choice["delta"].get("content") or "" for delta in deltas for choice in delta.choices)
    assert content == result.text == "Hm.\n\nThree it is, grüße 你好 🙂"
    ends = [choice["finish_reason"] for delta in deltas for choice in delta.choices if choice["finish_reason"]]
    assert ends == ["stop"]
    assert [delta.note for delta in deltas if delta.note] == [{"rounds": 2, "max_rounds_reached": False}]
    assert "role" in deltas[0].choices[0]["delta"]
    assert not any("role" in choice["delta"] for delta in deltas[1:] for choice in delta.choices)


async def test_closing_the_events_cancels_upstream(upstream: Upstream) -> None:
    """A caller that goes away costs nothing more, and the observers hear of it."""
    upstream.script(text("a long story " * 50, gap=0.05))
    async with service_at(upstream) as service:
        async for event in service.run(_request("tell", stream=True)):
            if isinstance(event, CompletionDelta):
                break
        await upstream.until(lambda: upstream.calls[0].disconnected)


async def test_cancelling_the_consumer_cancels_running_tools(upstream: Upstream) -> None:
    """The tool is told, and nothing is sent upstream any more."""
    told = asyncio.Event()

    @tool
    async def wait_long() -> str:
        """Wait."""
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            told.set()
            raise
        return "never"

    upstream.script([tool_calls([("wait_long", {})]), text("never")])
    async with service_at(upstream, plugins={"p": Plugin(wait_long)}) as service:
        running = asyncio.Event()

        async def consume() -> None:
            async for event in service.run(_request("wait")):
                if isinstance(event, PluginCalled):
                    running.set()

        task = asyncio.create_task(consume())
        await asyncio.wait_for(running.wait(), 10)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.wait_for(told.wait(), 10)
    assert len(upstream.calls) == 1


async def test_a_tool_tells_its_progress(upstream: Upstream, stream: bool) -> None:
    """As events, while it runs, in order."""

    @tool
    def count(context: ToolContext) -> str:
        """Count to two."""
        context.progress("one", 0.5)
        context.progress("two", 1.0)
        return "counted"

    upstream.script([tool_calls([("count", {})]), text("ok")])
    result = await ask(upstream, "count", count, stream=stream)
    seen = kinds(result)
    assert seen[seen.index("PluginCalled") : seen.index("ToolResponded")] == [
        "PluginCalled",
        "ToolProgressed",
        "ToolProgressed",
        "PluginResponded",
    ]


async def test_the_request_event_shows_what_is_sent(upstream: Upstream, stream: bool) -> None:
    """Without any key."""
    result = await ask(upstream, "Hello", stream=stream)
    (requested,) = [event for event in result.events if isinstance(event, CompletionRequested)]
    assert requested.request["messages"] == upstream.calls[0].body["messages"]
    assert "sk-fake" not in repr(result.events)


async def test_calls_without_ids_are_given_some(upstream: Upstream, stream: bool) -> None:
    """Some compatible servers send none, or the same twice."""
    reply = tool_calls([("add", {"a": 1, "b": 2}), ("add", {"a": 3, "b": 4})])
    assert reply.completion is not None
    for call in reply.completion["choices"][0]["message"]["tool_calls"]:
        call["id"] = ""
    upstream.script([reply, text("ok")])
    await ask(upstream, "add", add, stream=stream)
    message = next(item for item in upstream.calls[1].body["messages"] if item["role"] == "assistant")
    ids = [call["id"] for call in message["tool_calls"]]
    assert len(set(ids)) == 2
    assert all(ids)
    assert answers(upstream, 1) == [3, 7]


def _request(said: str, **members: Any) -> Any:
    from promptdock import PromptRequest

    return PromptRequest(messages=({"role": "user", "content": said},), **members)


class Teller:
    """An observer that keeps what it is told, and fails at one kind of event."""

    def __init__(self, kind: type[Event] | None = None) -> None:
        self.told: list[type[Event]] = []
        self._kind = kind

    def tell(self, event: Event) -> None:
        self.told.append(type(event))
        if type(event) is self._kind:
            raise RuntimeError("an observer of ours")


async def test_an_observer_that_fails_is_no_failure_of_the_turn(upstream: Upstream, stream: bool) -> None:
    """What of ours raises comes out as it is; nobody hears that an answered turn had failed."""
    upstream.script(text("hello"))
    listener, broken = Teller(), Teller(TurnFinished)
    async with service_at(upstream) as service:
        plan = await service.plan(_request("hi", stream=stream))
        with pytest.raises(RuntimeError, match="of ours"):
            async for _ in service.run_plan(plan, observers=[listener, broken]):
                pass
    assert listener.told[-1] is TurnFinished
    assert TurnFailed not in listener.told


async def test_a_turn_fails_of_an_observer_that_fails_before_its_end(upstream: Upstream, stream: bool) -> None:
    """Not as if its caller had gone: the caller gets the failure, and so do the other observers."""
    upstream.script(text("hello"))
    listener, broken = Teller(), Teller(CompletionReceived)
    async with service_at(upstream) as service:
        plan = await service.plan(_request("hi", stream=stream))
        events = [event async for event in service.run_plan(plan, observers=[listener, broken])]
    assert listener.told[-1] is broken.told[-1] is TurnFailed
    assert isinstance(events[-1], TurnFailed)
    assert events[-1].error.code == "internal_error"


class Moody(SelectionRule):
    """Selects, and cannot say its name any more once the turn is planned."""

    is_planned = False

    @property
    def description(self) -> str:
        if self.is_planned:
            raise RuntimeError("not now")
        return "moody"

    async def decide(self, request: SelectionRequest) -> Verdict:
        return Verdict(selected=True, reason="as I like")


async def test_a_turn_begins_with_its_start_whatever_fails_then(upstream: Upstream, stream: bool) -> None:
    rule = Moody(tools=[add])
    async with service_at(upstream, plugins={"p": Plugin(add, rules=[rule])}) as service:
        plan = await service.plan(_request("hi", stream=stream))
        rule.is_planned = True
        kinds = [type(event) async for event in service.run_plan(plan)]
    assert kinds == [TurnStarted, ProviderInitialized, TurnFailed]
