"""Decide and transform hooks, each with its failure policy; and telling of what happens around turns."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

from promptdock import Allow, CompletionCall, Deny, KeyCreated, KeyDeleted, ToolCall, ToolResult, hookimpl
from promptdock.plugins.observer import QUEUE_LIMIT
from promptdock.testing import service_events
from tests.support.hosts import bare_host

pytestmark = pytest.mark.anyio

CALL = ToolCall(
    id="call_1", tool="p.t", name="t", plugin="p", arguments={"a": 1}, request_id="req-1", caller="c", round=1
)
REQUEST = CompletionCall(model="m", messages=({"role": "user", "content": "hi"},), request_id="req-1", round=2)
RESULT = ToolResult(call_id="call_1", tool="p.t", plugin="p", arguments={}, content="abc", request_id="req-1")


def plugin(**functions: Callable[..., Any]) -> object:
    """A plugin object with the given functions as hooks."""
    return SimpleNamespace(**{name: hookimpl(function) for name, function in functions.items()})


def approving(function: Callable[..., Any]) -> object:
    """A plugin that approves with this function."""
    return plugin(approve_tool_call=function)


async def test_nobody_asked_nobody_denies(tmp_path: Path) -> None:
    host = bare_host(tmp_path)
    assert await host.approve_tool_call(CALL) is None
    assert await host.prepare_completion(REQUEST) is REQUEST
    assert await host.transform_tool_result(RESULT) is RESULT
    assert host.statistics() == ()


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([None, None], None),
        ([Allow(), None], Allow()),
        ([None, Allow()], Allow()),
        ([Allow(), Deny("no")], Deny("no")),
        ([Deny("no"), Allow()], Deny("no")),
        ([Deny("first"), Deny("second")], Deny("first")),
    ],
)
async def test_the_first_denial_wins(tmp_path: Path, answers: list[Any], expected: object) -> None:
    asked: list[int] = []

    def answering(number: int) -> Callable[[], Any]:
        def answer() -> Any:
            asked.append(number)
            return answers[number]

        return answer

    host = bare_host(tmp_path, {f"p{number}": approving(answering(number)) for number in range(2)})
    assert await host.approve_tool_call(CALL) == expected
    assert asked == ([0] if isinstance(answers[0], Deny) else [0, 1])


@pytest.mark.parametrize("answer", [True, False, "allow", {"allow": True}, Allow, Deny])
async def test_nonsense_is_a_denial_that_names_the_plugin(tmp_path: Path, answer: object) -> None:
    host = bare_host(tmp_path, {"odd": approving(lambda: answer)})
    denial = await host.approve_tool_call(CALL)
    assert isinstance(denial, Deny)
    assert "'odd'" in denial.reason
    assert "instead of Allow, Deny or None" in denial.reason
    assert host.statistics()[0].failures == 1


@pytest.mark.parametrize("error", [ValueError("secret"), SystemExit(1)])
async def test_a_failing_approval_is_a_denial_without_the_exceptions_words(
    tmp_path: Path, error: BaseException
) -> None:
    def failing() -> None:
        raise error

    denial = await bare_host(tmp_path, {"odd": approving(failing)}).approve_tool_call(CALL)
    assert isinstance(denial, Deny)
    assert f"'odd' raised {type(error).__name__}" in denial.reason
    assert "secret" not in denial.reason


async def test_an_approval_that_takes_too_long_is_a_denial(tmp_path: Path) -> None:
    async def hanging() -> None:
        await asyncio.sleep(60)

    denial = await bare_host(tmp_path, {"slow": approving(hanging)}, hook_timeout=0.05).approve_tool_call(CALL)
    assert denial == Deny("The approval hook of plugin 'slow' took longer than 0.05 s, which counts as a denial.")


async def test_a_denial_without_a_text_gets_one(tmp_path: Path) -> None:
    wrong: Any = 7
    host = bare_host(tmp_path, {"terse": approving(lambda: Deny(wrong))})
    assert await host.approve_tool_call(CALL) == Deny("Plugin 'terse' denied it.")


async def test_approvals_get_their_own_settings(tmp_path: Path) -> None:
    class Mine(BaseModel):
        word: str

    def ask(call: ToolCall, settings: Mine) -> Deny:
        return Deny(f"{settings.word} {call.arguments['a']}")

    extra = {"mine": plugin(register_settings=lambda: Mine, approve_tool_call=ask)}
    host = bare_host(tmp_path, extra, plugins={"mine": {"word": "never"}})
    assert await host.approve_tool_call(CALL) == Deny("never 1")


async def test_requests_are_changed_one_after_the_other(tmp_path: Path) -> None:
    async def add(call: CompletionCall) -> CompletionCall:
        return replace(call, model=call.model + "+async")

    extra = {
        "a": plugin(prepare_completion=add),
        "b": plugin(prepare_completion=lambda call: None),
        "c": plugin(prepare_completion=lambda call: replace(call, model=call.model + "+sync")),
    }
    prepared = await bare_host(tmp_path, extra).prepare_completion(REQUEST)
    assert prepared == replace(REQUEST, model="m+async+sync")


async def test_what_a_request_belongs_to_cannot_be_changed(tmp_path: Path) -> None:
    extra = {"mine": plugin(prepare_completion=lambda call: replace(call, request_id="forged", round=9))}
    assert await bare_host(tmp_path, extra).prepare_completion(REQUEST) == REQUEST


async def test_a_transformation_that_fails_or_answers_nonsense_leaves_the_previous_value(tmp_path: Path) -> None:
    def failing() -> None:
        raise ValueError

    async def hanging() -> None:
        await asyncio.sleep(60)

    hooks = ("prepare_completion", "transform_tool_result")
    extra = {
        "a": plugin(
            prepare_completion=lambda call: replace(call, model="changed"),
            transform_tool_result=lambda result: replace(result, content="changed"),
        ),
        "b": plugin(**dict.fromkeys(hooks, failing)),
        "c": plugin(**dict.fromkeys(hooks, hanging)),
        "d": plugin(**dict.fromkeys(hooks, lambda: {"model": "x"})),
        "e": plugin(**dict.fromkeys(hooks, lambda: "text")),
    }
    host = bare_host(tmp_path, extra, hook_timeout=0.05)
    assert await host.prepare_completion(REQUEST) == replace(REQUEST, model="changed")
    assert await host.transform_tool_result(RESULT) == replace(RESULT, content="changed")
    counted = {(found.plugin, found.hook): (found.failures, found.timeouts) for found in host.statistics()}
    assert counted[("b", "prepare_completion")] == (1, 0)
    assert counted[("c", "prepare_completion")] == (0, 1)
    assert counted[("d", "transform_tool_result")] == (1, 0)
    assert counted[("a", "transform_tool_result")] == (0, 0)


async def test_only_the_content_of_a_result_is_taken_over_and_only_text(tmp_path: Path) -> None:
    extra = {
        "a": plugin(transform_tool_result=lambda result: replace(result, content="new", tool="other.tool")),
        "b": plugin(transform_tool_result=lambda result: replace(result, content=b"bytes")),
    }
    host = bare_host(tmp_path, extra)
    assert await host.transform_tool_result(RESULT) == replace(RESULT, content="new")


def created(number: int) -> KeyCreated:
    """An event with a number."""
    return KeyCreated(request_id="req-1", caller="ann@7", account="7", key_id=str(number), name="n")


def deleted(number: int) -> KeyDeleted:
    """Another kind of event with a number."""
    return KeyDeleted(request_id="req-1", caller="ann@7", account="7", key_id=str(number), name="n")


async def test_every_event_around_turns_reaches_its_own_hook_with_the_settings(tmp_path: Path) -> None:
    told: list[tuple[str, object]] = []

    class Mine(BaseModel):
        word: str

    def hook_for(name: str) -> Callable[..., None]:
        def observe(event: Any, settings: Mine) -> None:
            assert settings.word == "hello"
            told.append((name, event))

        return observe

    hooks = {event.hook: hook_for(event.hook) for event in service_events()}
    mine = plugin(register_settings=lambda: Mine, **hooks)
    host = bare_host(tmp_path, {"mine": mine}, plugins={"mine": {"word": "hello"}})
    around = service_events()
    for event in around:
        host.tell(event)
    assert await host.drain(10)
    assert told == [(event.hook, event) for event in around]


async def test_a_plugin_hears_the_events_of_all_its_hooks_in_the_order_in_which_they_happened(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []

    async def slow(event: KeyCreated) -> None:
        await asyncio.sleep(0.001)
        told.append(("created", event.key_id))

    quick = plugin(key_deleted=lambda event: told.append(("deleted", event.key_id)), key_created=slow)
    host = bare_host(tmp_path, {"mine": quick})
    for number in range(10):
        host.tell(created(number))
        host.tell(deleted(number))
    assert await host.drain(10)
    assert told == [(kind, str(number)) for number in range(10) for kind in ("created", "deleted")]


async def test_t61_an_observer_around_turns_that_raises_or_hangs_is_felt_by_nobody_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    release = threading.Event()
    heard = asyncio.Event()
    told: list[str] = []

    def failing() -> None:
        raise SystemExit(1)

    def hanging() -> None:
        release.wait(30)

    async def well(event: KeyCreated) -> None:
        told.append(event.key_id)
        if event.key_id == "9":
            heard.set()

    extra = {"a": plugin(key_created=hanging), "b": plugin(key_created=failing), "c": plugin(key_created=well)}
    host = bare_host(tmp_path, extra, hook_timeout=30)
    for number in range(10):
        host.tell(created(number))
    await asyncio.wait_for(heard.wait(), 10)  # while plugin a still holds its first event
    counted = {found.plugin: (found.calls, found.failures) for found in host.statistics()}
    assert told == [str(number) for number in range(10)]
    assert counted["a"] == (1, 0)
    release.set()
    assert await host.drain(10)
    counted = {found.plugin: (found.calls, found.failures) for found in host.statistics()}
    assert counted == {"a": (10, 0), "b": (10, 10), "c": (10, 0)}
    assert {record.name for record in caplog.records} == {"promptdock.plugins.b"}


async def test_what_waits_around_turns_is_bounded(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []

    @hookimpl
    async def observe(event: Any) -> None:
        told.append(event.key_id)

    host = bare_host(tmp_path, {"mine": SimpleNamespace(key_created=observe)})
    for number in range(QUEUE_LIMIT + 5):
        host.tell(created(number))
    assert await host.drain(60)
    assert told == [str(number) for number in range(QUEUE_LIMIT)]
    assert "5 events were not told" in caplog.text
    host.tell(created(1))
    assert await host.drain(10)
    assert told[-1] == "1"


async def test_nobody_who_observes_costs_no_task(tmp_path: Path) -> None:
    host = bare_host(tmp_path, {"mine": plugin(key_deleted=lambda: None)})
    tasks = asyncio.all_tasks()
    host.tell(created(1))
    assert asyncio.all_tasks() == tasks


async def test_closing_tells_what_is_left_around_turns_and_then_nothing_more(tmp_path: Path) -> None:
    told: list[str] = []

    async def slow(event: KeyCreated) -> None:
        await asyncio.sleep(0.01)
        told.append(event.key_id)

    host = bare_host(tmp_path, {"mine": plugin(key_created=slow)})
    host.tell(created(1))
    host.tell(created(2))
    await host.aclose()
    assert told == ["1", "2"]
    host.tell(created(3))
    assert await host.drain(10)
    assert told == ["1", "2"]
