"""Providers that misbehave: a turn still ends with exactly one last event, and the server lives on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from promptdock import (
    Always,
    CompletionCall,
    PromptSettings,
    Provider,
    SelectionRequest,
    SelectionRule,
    TurnFailed,
    TurnFinished,
    TurnStarted,
    Verdict,
    hookimpl,
    tool,
)
from promptdock.providers.base import Capabilities
from promptdock.settings import Settings, load_settings
from promptdock.turn.fold import TurnResult
from tests.support.catalogs import make_tool
from tests.support.services import Plugin, service_at
from tests.support.upstream import Upstream, events, text, tool_calls

pytestmark = pytest.mark.anyio


@pytest.fixture(params=[False, True], ids=["whole", "stream"])
def stream(request: pytest.FixtureRequest) -> bool:
    """Whether the turn streams."""
    return bool(request.param)


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


class Odd(Provider):
    """Answers what a function makes up."""

    name = "odd"
    default_model = "odd"

    def __init__(self, answer: Callable[[], Any], *, tools: bool = True) -> None:
        self._answer = answer
        self._tools = tools

    async def complete(self, call: CompletionCall) -> Any:
        return self._answer()

    async def stream(self, call: CompletionCall) -> AsyncIterator[Any]:
        yield self._answer()

    def capabilities(self, model: str) -> Capabilities:
        return Capabilities(tools=model != "no-tools")


class OddPlugin:
    """Brings one odd provider."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    @hookimpl
    def register_providers(self) -> list[Provider]:
        return [self._provider]


def settings() -> Settings:
    """Nothing installed but what a test gives, and the odd provider asked by default."""
    return load_settings(plugins_deny=("promptdock",), default_provider="odd", strict=True)


async def prompt(answer: Callable[[], Any], *, stream: bool, **plugins: object) -> TurnResult:
    """One prompt to a provider that answers oddly."""
    from promptdock import open_service

    async with open_service(settings(), extra={"odd": OddPlugin(Odd(answer)), **plugins}) as service:
        return await service.prompt("hi", stream=stream)


def raising(error: BaseException) -> Callable[[], Any]:
    """An answer that is an exception."""

    def answer() -> Any:
        raise error

    return answer


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (SystemExit(3), 500, "internal_error"),
        (asyncio.CancelledError(), 503, "cancelled"),
        (KeyboardInterrupt(), 500, "internal_error"),
        (RecursionError(), 500, "internal_error"),
        (TimeoutError(), 504, "upstream_timeout"),
        (ConnectionResetError(), 502, "upstream_unreachable"),
    ],
)
async def test_whatever_a_provider_raises_ends_the_turn(
    error: BaseException, status: int, code: str, stream: bool
) -> None:
    """Also what would end the process, or looks like a cancellation of our own."""
    result = await prompt(raising(error), stream=stream)
    assert isinstance(result.events[-1], TurnFailed)
    assert result.failure is not None
    assert (result.failure.error.status, result.failure.error.code) == (status, code)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        "text",
        {"choices": "x"},
        {"choices": [None]},
        {"choices": [{"message": "x", "delta": "x"}]},
        {"choices": [{"message": {"tool_calls": ["x"]}, "delta": {"tool_calls": ["x"]}}]},
        {"choices": [{"message": {"tool_calls": [{"function": "x"}]}, "delta": {"tool_calls": [{"function": "x"}]}}]},
    ],
)
async def test_what_is_no_completion_is_the_providers_fault(answer: Any, stream: bool) -> None:
    """A 502 that says what is wrong with it, not a defect of ours."""
    result = await prompt(lambda: answer, stream=stream)
    assert result.failure is not None
    assert (result.failure.error.status, result.failure.error.code) == (502, "upstream_invalid_response")
    assert "The provider odd gave an answer that is no chat completion" in result.failure.error.message


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"finish_reason": "eos"}, {"finish_reason": "stop"}),
        ({"finish_reason": 5}, {"finish_reason": "stop"}),
        ({"finish_reason": "tool_calls"}, {"finish_reason": "stop"}),
        ({"finish_reason": "content_filter"}, {"finish_reason": "content_filter"}),
        ({"index": "a", "finish_reason": "length"}, {"index": 0, "finish_reason": "length"}),
        ({"logprobs": 5, "finish_reason": "stop"}, {"logprobs": None}),
    ],
)
async def test_what_clients_cannot_take_is_put_right(
    given: dict[str, Any], shown: dict[str, Any], stream: bool
) -> None:
    """Vendors' own words for the end of an answer, and members of wrong types."""
    choice = {"message": {"content": "hi"}, "delta": {"content": "hi"}, **given}
    result = await prompt(lambda: {"choices": [choice], "model": 5, "system_fingerprint": 7}, stream=stream)
    assert result.completion is not None
    assert result.completion["choices"][0].items() >= shown.items()
    assert result.completion["model"] == "odd"
    assert "system_fingerprint" not in result.completion


async def test_an_answer_in_parts_is_text(stream: bool) -> None:
    """As Mistral's thinking models give it."""
    parts = [{"type": "thinking", "thinking": []}, {"type": "text", "text": "for"}, {"type": "text", "text": "ty-two"}]
    choice = {"message": {"content": parts}, "delta": {"content": parts}, "finish_reason": "stop"}
    assert (await prompt(lambda: {"choices": [choice]}, stream=stream)).text == "forty-two"


async def test_an_answer_without_choices_is_an_empty_one(stream: bool) -> None:
    """There is nothing to say, and it is said."""
    result = await prompt(lambda: {"choices": []}, stream=stream)
    assert isinstance(result.events[-1], TurnFinished)
    assert result.text == ""


async def test_a_model_that_calls_what_nobody_offered_is_stopped_too(upstream: Upstream, stream: bool) -> None:
    """The limit on rounds holds whatever is presented."""
    upstream.script(tool_calls([("made_up", {})]))
    async with service_at(upstream, max_rounds=3) as service:
        result = await service.prompt("hi", stream=stream)
    assert (result.rounds, len(upstream.calls)) == (3, 3)
    assert result.completion is not None
    assert result.completion["promptdock"]["max_rounds_reached"] is True


async def test_null_calls_in_a_stream_are_no_calls(upstream: Upstream) -> None:
    """Some vendors send the member in every delta."""
    fragment = {"index": 0, "id": "c", "type": "function", "function": {"name": "add", "arguments": '{"a":1,"b":2}'}}
    deltas: list[dict[str, Any]] = [{"role": "assistant", "tool_calls": None}, {"tool_calls": [fragment]}]
    chunks = [{"id": "x", "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    end = {"id": "x", "choices": [{"index": 0, "delta": {"tool_calls": None}, "finish_reason": "tool_calls"}]}
    upstream.script([events(*chunks, end), text("3")])
    async with service_at(upstream, plugins={"p": Plugin(add)}) as service:
        result = await service.prompt("add", stream=True)
    assert (result.text, result.calls[0].content) == ("3", "3")


async def test_calls_that_all_carry_index_zero_are_told_apart(upstream: Upstream, stream: bool) -> None:
    """By their ids and names."""
    reply = tool_calls([("add", {"a": 1, "b": 2}), ("add", {"a": 3, "b": 4})])
    assert reply.completion is not None
    for call in reply.completion["choices"][0]["message"]["tool_calls"]:
        call["index"] = 0
    whole = {"index": 0, "delta": reply.completion["choices"][0]["message"], "finish_reason": "tool_calls"}
    upstream.script([reply if not stream else events({"id": "x", "choices": [whole]}), text("ok")])
    async with service_at(upstream, plugins={"p": Plugin(add)}) as service:
        result = await service.prompt("add", stream=stream)
    assert [call.content for call in result.calls] == ["3", "7"]


async def test_arguments_that_come_as_an_object_are_taken(stream: bool) -> None:
    """As some local servers send them."""
    call = {"id": "c", "type": "function", "function": {"name": "add", "arguments": {"a": 1, "b": 2}}}
    message = {"role": "assistant", "tool_calls": [call]}
    answers = [{"choices": [{"message": message, "delta": message}]}, {"choices": [{"message": {}, "delta": {}}]}]
    result = await prompt(lambda: answers.pop(0), stream=stream, p=Plugin(add))
    assert [call.content for call in result.calls] == ["3"]


class Stubborn(SelectionRule):
    """A rule that does not let itself be cancelled."""

    async def decide(self, request: SelectionRequest) -> Verdict:
        for _ in range(40):
            try:
                await asyncio.sleep(0.05)
            except asyncio.CancelledError:
                continue
        return Verdict(selected=True, reason="at last")


class Nonsense(SelectionRule):
    """A rule whose verdict is none."""

    nonblocking = True

    def decide(self, request: SelectionRequest) -> Verdict:
        return Verdict(selected=5, reason=object())  # type: ignore[arg-type]


class Exiting(SelectionRule):
    """A rule that wants to end the process."""

    nonblocking = True

    def decide(self, request: SelectionRequest) -> Verdict:
        raise SystemExit(3)


class Cancelling(SelectionRule):
    """A rule that pretends to be cancelled."""

    async def decide(self, request: SelectionRequest) -> Verdict:
        raise asyncio.CancelledError


async def test_rules_cannot_end_the_process_or_the_request(upstream: Upstream) -> None:
    """They have not selected, that is all."""
    one, two, three, four = (make_tool(name) for name in ("one", "two", "three", "four"))
    rules = [Exiting(tools=[one]), Cancelling(tools=[two]), Stubborn(tools=[three]), Nonsense(tools=[four])]
    plugin = Plugin(one, two, three, four, rules=rules)
    async with service_at(upstream, plugins={"p": plugin}, hook_timeout=0.1) as service:
        result = await service.prompt("hi")
    assert result.text == "Hello from the fake upstream."
    assert result.tools_presented == ()


async def test_a_rules_model_that_takes_no_tools_is_asked_without(stream: bool) -> None:
    """The rule's settings stand; its tools are left out, with the reason."""
    spoken = {"choices": [{"message": {"content": "hi"}, "delta": {"content": "hi"}, "finish_reason": "stop"}]}
    rule = Always(tools=[add], settings=PromptSettings(model="no-tools"))
    result = await prompt(lambda: spoken, stream=stream, p=Plugin(add, rules=[rule]))
    assert isinstance(result.events[0], TurnStarted)
    assert result.events[0].settings.model == "no-tools"
    assert [decision.reason for decision in result.events[0].decisions] == ["the model no-tools takes no tools"]


class Removing:
    """Takes every tool out of the request."""

    @hookimpl
    def prepare_completion(self, call: CompletionCall) -> CompletionCall:
        from dataclasses import replace

        return replace(call, tools=())


class Spoiling:
    """Makes a request that is none."""

    @hookimpl
    def prepare_completion(self, call: CompletionCall) -> CompletionCall:
        from dataclasses import replace

        return replace(call, messages=None)  # type: ignore[arg-type]


async def test_a_tool_that_a_hook_took_away_is_not_run(upstream: Upstream, stream: bool) -> None:
    """A model that calls it all the same is told that there is none."""
    upstream.script([tool_calls([("add", {"a": 1, "b": 2})]), text("ok")])
    async with service_at(upstream, plugins={"p": Plugin(add), "removing": Removing()}) as service:
        result = await service.prompt("add", stream=stream)
    assert [call.error for call in result.calls] == ["unknown_tool"]


async def test_a_request_that_is_none_leaves_the_previous_one(upstream: Upstream) -> None:
    """As for any other wrong answer of a transform hook."""
    async with service_at(upstream, plugins={"spoiling": Spoiling()}) as service:
        assert (await service.prompt("hi")).text == "Hello from the fake upstream."


async def test_slow_tools_do_not_starve_the_rules_of_other_prompts(upstream: Upstream) -> None:
    """Hooks and rules have threads of their own."""
    import threading

    gate = threading.Event()

    @tool
    def wait() -> str:
        """Wait for the gate."""
        gate.wait(20)
        return "waited"

    class Threaded(SelectionRule):
        def decide(self, request: SelectionRequest) -> Verdict:
            return Verdict(selected="quick" in request.text, reason="asked")

    quick = make_tool("quick")
    plugin = Plugin(wait, quick, rules=[Threaded(tools=[quick])])
    upstream.script(lambda got: text("ok") if "quick" in str(got.body["messages"]) else tool_calls([("wait", {})]))
    async with service_at(upstream, plugins={"p": plugin}, tool_threads=1, hook_timeout=5.0) as service:
        slow = asyncio.create_task(service.prompt("slow"))
        await upstream.until(lambda: upstream.calls)
        await asyncio.sleep(0.05)
        try:
            result = await service.prompt("quick")
        finally:
            gate.set()
            slow.cancel()
            await asyncio.gather(slow, return_exceptions=True)
    assert "quick" in result.tools_presented


async def test_errors_name_the_provider(stream: bool) -> None:
    """There may be many, and the caller may not have chosen."""
    result = await prompt(raising(ConnectionResetError()), stream=stream)
    assert result.failure is not None
    assert result.failure.error.message.startswith("The provider odd cannot be reached")


async def test_only_defects_are_logged_with_a_traceback(stream: bool, caplog: pytest.LogCaptureFixture) -> None:
    """A provider that is down fills nobody's log."""
    await prompt(raising(ConnectionResetError()), stream=stream)
    assert [record.exc_info for record in caplog.records if record.name == "promptdock.turn"] == [None]
    caplog.clear()
    await prompt(raising(LookupError()), stream=stream)
    assert [bool(record.exc_info) for record in caplog.records if record.name == "promptdock.turn"] == [True]
