"""Decide and transform hooks, each with its failure policy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

from promptdock import Allow, CompletionCall, Deny, ToolCall, ToolResult, hookimpl
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
    assert await host.prepare_request(REQUEST) is REQUEST
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
    async def add(request: CompletionCall) -> CompletionCall:
        return replace(request, model=request.model + "+async")

    extra = {
        "a": plugin(prepare_request=add),
        "b": plugin(prepare_request=lambda request: None),
        "c": plugin(prepare_request=lambda request: replace(request, model=request.model + "+sync")),
    }
    prepared = await bare_host(tmp_path, extra).prepare_request(REQUEST)
    assert prepared == replace(REQUEST, model="m+async+sync")


async def test_what_a_request_belongs_to_cannot_be_changed(tmp_path: Path) -> None:
    extra = {"mine": plugin(prepare_request=lambda request: replace(request, request_id="forged", round=9))}
    assert await bare_host(tmp_path, extra).prepare_request(REQUEST) == REQUEST


async def test_a_transformation_that_fails_or_answers_nonsense_leaves_the_previous_value(tmp_path: Path) -> None:
    def failing() -> None:
        raise ValueError

    async def hanging() -> None:
        await asyncio.sleep(60)

    hooks = ("prepare_request", "transform_tool_result")
    extra = {
        "a": plugin(
            prepare_request=lambda request: replace(request, model="changed"),
            transform_tool_result=lambda result: replace(result, content="changed"),
        ),
        "b": plugin(**dict.fromkeys(hooks, failing)),
        "c": plugin(**dict.fromkeys(hooks, hanging)),
        "d": plugin(**dict.fromkeys(hooks, lambda: {"model": "x"})),
        "e": plugin(**dict.fromkeys(hooks, lambda: "text")),
    }
    host = bare_host(tmp_path, extra, hook_timeout=0.05)
    assert await host.prepare_request(REQUEST) == replace(REQUEST, model="changed")
    assert await host.transform_tool_result(RESULT) == replace(RESULT, content="changed")
    counted = {(found.plugin, found.hook): (found.failures, found.timeouts) for found in host.statistics()}
    assert counted[("b", "prepare_request")] == (1, 0)
    assert counted[("c", "prepare_request")] == (0, 1)
    assert counted[("d", "transform_tool_result")] == (1, 0)
    assert counted[("a", "transform_tool_result")] == (0, 0)


async def test_only_the_content_of_a_result_is_taken_over_and_only_text(tmp_path: Path) -> None:
    extra = {
        "a": plugin(transform_tool_result=lambda result: replace(result, content="new", tool="other.tool")),
        "b": plugin(transform_tool_result=lambda result: replace(result, content=b"bytes")),
    }
    host = bare_host(tmp_path, extra)
    assert await host.transform_tool_result(RESULT) == replace(RESULT, content="new")
