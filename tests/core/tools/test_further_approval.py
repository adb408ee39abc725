"""A runner that asks one more question before a call runs."""

from __future__ import annotations

from typing import Any

import pytest

from promptdock import Allow, Deny, PromptRequest, ToolCall, hookimpl, tool
from promptdock.tools.approval import Approval
from tests.support.services import service_at
from tests.support.upstream import Upstream, text, tool_calls

pytestmark = pytest.mark.anyio


@tool
def dice() -> int:
    """Roll a die."""
    return 6


class Games:
    """A plugin whose approval is known."""

    def __init__(self, answer: Approval) -> None:
        self._answer = answer

    @hookimpl
    def register_tools(self) -> list[Any]:
        return [dice]

    @hookimpl
    def approve_tool_call(self, call: ToolCall) -> Approval:
        return self._answer


class Asked:
    """A meter that answers a fixed word."""

    def __init__(self, answer: Approval) -> None:
        self._answer = answer
        self.calls: list[str] = []

    def admit(self, call: Any) -> Any:
        return call

    def approve(self, call: ToolCall) -> Approval:
        self.calls.append(call.tool)
        return self._answer

    def tell(self, event: Any) -> None:
        pass


@pytest.mark.parametrize(
    ("plugin", "further", "error", "asked"),
    [
        (None, None, None, 1),
        (Allow(), None, None, 1),
        (None, Allow(), None, 1),
        (None, Deny("no budget"), "denied", 1),
        (Allow(), Deny("no budget"), "denied", 1),
        (Deny("no"), Allow(), "denied", 0),
    ],
)
async def test_a_call_runs_when_nobody_denies_it(
    upstream: Upstream, plugin: Approval, further: Approval, error: str | None, asked: int
) -> None:
    """The further question is asked last, and only about calls that would run."""
    upstream.script([tool_calls([("dice", {})]), text("Six.")])
    meter = Asked(further)
    request = PromptRequest(messages=({"role": "user", "content": "Roll."},))
    async with service_at(upstream, plugins={"games": Games(plugin)}) as service:
        events = [event async for event in service.run(request, meter=meter)]
    assert [event.error for event in events if type(event).__name__ == "ToolResponded"] == [error]  # type: ignore[attr-defined]
    assert len(meter.calls) == asked
