"""Calls of the calculator through the host's runner, as a model makes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from promptdock import Allow, ToolCall, ToolResult
from promptdock.http import SharedHttpClient
from promptdock.threads import WorkerThreads
from promptdock.tools.calls import BoundTool, CallRequest
from promptdock.tools.errors import ToolErrorCode
from promptdock.tools.outcome import ToolOutcome
from promptdock.tools.runner import ToolRunner
from promptdock_builtin.calculator.tool import calculate

pytestmark = pytest.mark.anyio


class _Silent:
    """Watches a call and says nothing."""

    def called(self, arguments: Mapping[str, Any]) -> None:
        """Nothing."""

    def responded(self, error: ToolErrorCode | None, ms: float) -> None:
        """Nothing."""

    def progressed(self, message: str, fraction: float | None) -> None:
        """Nothing."""


async def _allow(call: ToolCall) -> Allow:
    return Allow()


async def _unchanged(result: ToolResult) -> ToolResult:
    return result


async def _call(arguments: object) -> ToolOutcome:
    http = SharedHttpClient()
    runner = ToolRunner(
        threads=WorkerThreads(1), http=http, timeout=30, result_limit=10_000, approve=_allow, transform=_unchanged
    )
    bound = BoundTool(id="calculator.calculate", name="calculator", plugin="calculator", tool=calculate)
    request = CallRequest(
        call_id="call_1",
        name="calculator",
        raw_arguments=json.dumps(arguments),
        bound=bound,
        request_id="r",
        caller="c",
        text="t",
        round=1,
    )
    try:
        return await runner.run(request, _Silent())
    finally:
        await http.aclose()


async def test_t29_tool_message() -> None:
    outcome = await _call({"expression": "2+3*(4-1)"})
    assert outcome.message == {"role": "tool", "tool_call_id": "call_1", "content": '[{"result":11}]'}


async def test_digits_of_a_large_number_arrive() -> None:
    outcome = await _call({"expression": "2**100"})
    assert json.loads(outcome.content) == [{"result": 2.0**100, "exact": str(2**100)}]


async def test_t42_error_reaches_the_model() -> None:
    outcome = await _call({"expression": "1/0"})
    assert json.loads(outcome.content) == {
        "error": {"code": "tool_failed", "message": "The expression divides by zero."}
    }


@pytest.mark.parametrize("expression", ["9**9**9", "factorial(10**7)", "10**4000000", "1" * 100_000])
async def test_t43_bomb_reaches_the_model_as_an_error(expression: str) -> None:
    outcome = await _call({"expression": expression})
    assert outcome.error is ToolErrorCode.TOOL_FAILED
    assert len(outcome.content) < 300


@pytest.mark.parametrize("arguments", [{}, {"expression": 5}, {"expression": "1", "base": 2}, []])
async def test_wrong_arguments_are_refused_before_the_call(arguments: object) -> None:
    outcome = await _call(arguments)
    assert outcome.error in {ToolErrorCode.INVALID_ARGUMENTS, ToolErrorCode.MALFORMED_ARGUMENTS}
