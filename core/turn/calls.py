"""Running the tool calls of one round: all at once, each answered exactly once, in call order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import msgspec

from ..plugins.catalog import RegisteredTool
from ..tools.errors import ToolErrorCode
from ..tools.execution import is_immediate
from ..tools.outcome import ToolOutcome
from ..tools.runner import BoundTool, CallRequest, ToolRunner
from .events import Event, PluginCalled, PluginResponded, ToolProgressed, ToolRequested, ToolResponded
from .meter import Meter
from .plan import TurnPlan

__all__ = ["RequestedCall", "RoundOfCalls", "split_calls"]


class RequestedCall(msgspec.Struct, frozen=True):
    """A call as the model asked for it."""

    id: str
    name: str
    arguments: str


def split_calls(
    completion: Mapping[str, Any], handed_back: Collection[str]
) -> tuple[list[RequestedCall], list[Mapping[str, Any]]]:
    """Tell the calls that are answered here from those of the caller's own tools.

    Args:
        completion: A provider's answer; its first choice counts.
        handed_back: Wire names of the caller's own tools.

    Returns:
        Ours and theirs, each in the model's order. A name that nobody presented is ours: it is answered with an error.
    """
    ours: list[RequestedCall] = []
    theirs: list[Mapping[str, Any]] = []
    choices = completion.get("choices") or [{}]
    for call in (choices[0].get("message") or {}).get("tool_calls") or ():
        inner = call.get("function") or call.get("custom") or {}
        name = inner.get("name") or ""
        if name in handed_back:
            theirs.append(call)
        else:
            ours.append(RequestedCall(id=call["id"], name=name, arguments=inner.get("arguments") or ""))
    return ours, theirs


class RoundOfCalls:
    """The calls of one round that are answered here.

    Args:
        plan: The turn.
        round_number: Number of the round, from 1.
        calls: The calls, in the model's order.
        runner: What runs tools.
        offered: Wire names of the tools that the model was really offered; no other one is run.
        meter: Asked last whether a call may run; None when nobody counts them.

    Attributes:
        request_id: The request that the turn answers.
        turn_id: The turn.
        round: Number of the round.
        outcomes: The answers, in call order, once it has run.
    """

    def __init__(
        self,
        plan: TurnPlan,
        round_number: int,
        calls: Sequence[RequestedCall],
        runner: ToolRunner,
        offered: Collection[str],
        meter: Meter | None = None,
    ) -> None:
        self._plan = plan
        self.request_id = plan.request.request_id
        self.turn_id = plan.turn_id
        self.round = round_number
        self._calls = calls
        self._runner = runner
        self._approve = None if meter is None else meter.approve
        self._tools = {tool.name: tool for tool in plan.tool_set.tools if tool.name in offered}
        self.outcomes: tuple[ToolOutcome, ...] = ()

    async def run(self) -> AsyncGenerator[Event, None]:
        """Run the calls and tell of it; afterwards :attr:`outcomes` holds the answers, in call order.

        Closing the generator cancels what still runs.
        """
        for call in self._calls:
            yield self._requested(call)
        if len(self._calls) == 1 and self._is_immediate(self._calls[0]):
            told: list[Event] = []
            try:
                self.outcomes = (await self._answer(self._calls[0], told.append),)
            finally:  # also of a call that is cancelled while hooks look at its result: it has run, and is charged
                for event in told:
                    yield event
        else:
            async with aclosing(self._side_by_side()) as running:
                async for event in running:
                    yield event
        for outcome in self.outcomes:
            yield self._responded(outcome)

    async def _side_by_side(self) -> AsyncGenerator[Event, None]:
        """Each call in a task of its own, told of while they run."""
        events: asyncio.Queue[Event | None] = asyncio.Queue()
        tasks = [asyncio.create_task(self._answer(call, events.put_nowait)) for call in self._calls]
        gathered = asyncio.gather(*tasks)
        gathered.add_done_callback(lambda _: events.put_nowait(None))
        try:
            while (event := await events.get()) is not None:
                yield event
            self.outcomes = tuple(await gathered)
        finally:
            await _stop(tasks, gathered)

    def _is_immediate(self, call: RequestedCall) -> bool:
        """Whether a call is over as soon as it runs, so that nothing can be told of it meanwhile."""
        tool = self._tools.get(call.name)
        return tool is not None and is_immediate(tool.tool)

    async def _answer(self, call: RequestedCall, tell: Callable[[Event], None]) -> ToolOutcome:
        tool = self._tools.get(call.name)
        request = CallRequest(
            call_id=call.id,
            name=call.name,
            raw_arguments=call.arguments,
            bound=None if tool is None else bound(tool),
            request_id=self.request_id,
            caller=self._plan.request.caller.name,
            text=self._plan.text,
            round=self.round,
            presented=tuple(self._tools),
        )
        return await self._runner.run(request, _Watcher(self, call, tool, tell), self._approve)

    def _requested(self, call: RequestedCall) -> ToolRequested:
        tool = self._tools.get(call.name)
        return ToolRequested(
            request_id=self.request_id,
            turn_id=self.turn_id,
            at=time.time(),
            round=self.round,
            call_id=call.id,
            name=call.name,
            arguments=call.arguments,
            tool=None if tool is None else tool.id,
            plugin=None if tool is None else tool.plugin.name,
        )

    def _responded(self, outcome: ToolOutcome) -> ToolResponded:
        return ToolResponded(
            request_id=self.request_id,
            turn_id=self.turn_id,
            at=time.time(),
            round=self.round,
            call_id=outcome.call_id,
            name=outcome.name,
            tool=outcome.tool,
            plugin=outcome.plugin,
            arguments=outcome.arguments,
            content=outcome.content,
            error=outcome.error,
            ms=outcome.ms,
        )


async def _stop(tasks: Sequence[asyncio.Task[ToolOutcome]], gathered: asyncio.Future[list[ToolOutcome]]) -> None:
    """Cancel what still runs, and wait for it, so that no tool outlives its turn unseen."""
    if gathered.done() and not gathered.cancelled() and gathered.exception() is None:
        return
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, gathered, return_exceptions=True)


def bound(tool: RegisteredTool) -> BoundTool:
    """A tool with what the runner has to know of its owner."""
    return BoundTool(id=tool.id, name=tool.name, plugin=tool.plugin.name, tool=tool.tool, settings=tool.plugin.settings)


class _Watcher:
    """Turns what the runner tells of one call into events."""

    def __init__(
        self,
        owner: RoundOfCalls,
        call: RequestedCall,
        tool: RegisteredTool | None,
        tell: Callable[[Event], None],
    ) -> None:
        self._owner = owner
        self._call = call
        self._tool = "" if tool is None else tool.id
        self._plugin = "" if tool is None else tool.plugin.name
        self._tell = tell

    def called(self, arguments: Mapping[str, Any]) -> None:
        self._tell(
            PluginCalled(
                request_id=self._owner.request_id,
                turn_id=self._owner.turn_id,
                at=time.time(),
                round=self._owner.round,
                call_id=self._call.id,
                tool=self._tool,
                plugin=self._plugin,
                arguments=arguments,
            )
        )

    def responded(self, error: ToolErrorCode | None, ms: float) -> None:
        self._tell(
            PluginResponded(
                request_id=self._owner.request_id,
                turn_id=self._owner.turn_id,
                at=time.time(),
                round=self._owner.round,
                call_id=self._call.id,
                tool=self._tool,
                plugin=self._plugin,
                error=error,
                ms=ms,
            )
        )

    def progressed(self, message: str, fraction: float | None) -> None:
        self._tell(
            ToolProgressed(
                request_id=self._owner.request_id,
                turn_id=self._owner.turn_id,
                at=time.time(),
                round=self._owner.round,
                call_id=self._call.id,
                tool=self._tool,
                message=message,
                fraction=fraction,
            )
        )
