"""The turn engine: rounds of asking the provider and running tools, told as one stream of events."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol

from ..error_table import describe
from ..jsontext import JsonObject
from ..providers.base import CompletionCall, Provider
from ..providers.call_ids import CallIds
from ..providers.chunks import ChunkFold, completion_as_chunks
from ..tools.runner import ToolRunner
from .calls import RoundOfCalls, split_calls
from .events import (
    CompletionDelta,
    CompletionReceived,
    CompletionRequested,
    Event,
    TurnFailed,
    TurnFinished,
    Usage,
)
from .handoff import HeldRounds
from .messages import Message
from .opening import opening_events
from .plan import TurnPlan
from .usage import read_usage, sum_usage, usage_object
from .view import CallerView

__all__ = ["TurnEngine"]

_log = logging.getLogger("promptdock.turn")


class RequestHooks(Protocol):
    """What the engine needs of the plugin host."""

    async def prepare_request(self, call: CompletionCall) -> CompletionCall:
        """Let plugins change what the provider is asked."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnEngine:
    """Runs turns. It holds no turn: each :meth:`run` has a state of its own.

    Attributes:
        hooks: The plugin host.
        runner: What runs tools.
        held: Rounds that are half answered.
        max_rounds: The most upstream calls of one turn.
    """

    hooks: RequestHooks
    runner: ToolRunner
    held: HeldRounds
    max_rounds: int

    async def run(self, plan: TurnPlan) -> AsyncGenerator[Event, None]:
        """Run one turn.

        Args:
            plan: What :func:`~promptdock.turn.plan.plan_turn` settled.

        Yields:
            Events; the last one is a ``TurnFinished`` or a ``TurnFailed``. Closing the generator, or cancelling who
            iterates it, cancels the upstream call and the running tools.
        """
        turn = _Turn(self, plan)
        try:
            async with aclosing(turn.events()) as events:
                async for event in events:
                    yield event
        except Exception as error:  # noqa: BLE001  (the one error boundary of a turn)
            yield turn.failed(error)


class _Turn:
    """One turn under way."""

    def __init__(self, engine: TurnEngine, plan: TurnPlan) -> None:
        self._engine = engine
        self._plan = plan
        self._started = time.perf_counter()
        self._round = 0
        self._usage: list[Usage | None] = []
        self._sent: list[Message] = list(plan.messages)
        self._new: list[Message] = []
        self._own_tools = [tool.definition for tool in plan.tool_set.tools]
        self._view = CallerView(plan.handed_back)
        self._visible = ChunkFold()
        self._model = ""
        self._fingerprint: str | None = None
        self._completion: JsonObject = {}
        self._stamp = {"request_id": plan.request.request_id, "turn_id": plan.turn_id}

    async def events(self) -> AsyncGenerator[Event, None]:
        for event in opening_events(self._plan, self._now):
            yield event
        while True:
            self._round += 1
            async with aclosing(self._ask()) as asked:
                async for event in asked:
                    yield event
            ours, theirs = split_calls(self._completion, self._plan.handed_back)
            cut_off = self._is_last and bool(ours) and not theirs
            self._keep_answer(without_calls=cut_off)
            if ours and not cut_off:
                calls = RoundOfCalls(self._plan, self._round, ours, self._engine.runner)
                async with aclosing(calls.run()) as running:
                    async for event in running:
                        yield event
                answers = [outcome.message for outcome in calls.outcomes]
                self._keep(answers)
                if theirs:
                    ids = [call["id"] for call in theirs]
                    self._engine.held.hold(self._plan.request.caller.name, ids, self._new[-len(answers) - 1], answers)
            if theirs or not ours or cut_off:
                break
            self._view.end_round()
        for event in self._closing(cut_off=cut_off, mixed=bool(ours and theirs)):
            yield event

    async def _ask(self) -> AsyncGenerator[Event, None]:
        """One round's upstream call."""
        provider = self._plan.provider.provider
        call = await self._engine.hooks.prepare_request(self._call())
        yield CompletionRequested(
            **self._now(), round=self._round, provider=provider.name, request=call.body(), last=self._is_last
        )
        began = time.perf_counter()
        fold = ChunkFold()
        async with aclosing(_chunks(provider, call, stream=self._plan.request.stream)) as chunks:
            async for chunk in chunks:
                fold.add(chunk)
                if choices := self._view.show(chunk):
                    self._note_names(chunk)
                    delta = self._delta(choices)
                    if self._plan.request.stream:
                        yield delta
        self._completion = fold.completion()
        self._note_names(self._completion)
        usage = read_usage(self._completion)
        self._usage.append(usage)
        yield CompletionReceived(
            **self._now(),
            round=self._round,
            completion=self._completion,
            usage=usage,
            ms=(time.perf_counter() - began) * 1000,
        )

    def _call(self) -> CompletionCall:
        request, settings = self._plan.request, self._plan.settings
        tools = (*request.tools, *self._own_tools)
        return CompletionCall(
            model=settings.model,
            messages=tuple(self._sent),
            tools=tools,
            tool_choice=self._tool_choice() if tools else None,
            temperature=settings.temperature,
            max_completion_tokens=settings.max_completion_tokens,
            options=request.options,
            request_id=request.request_id,
            round=self._round,
        )

    def _tool_choice(self) -> str | Mapping[str, Any]:
        """The caller's choice binds the first round; "required" in every round would never let the model answer."""
        choice = self._plan.request.tool_choice
        if self._is_last:
            return "none"
        if choice is None:
            return "auto"
        forced = choice == "required" or (isinstance(choice, Mapping) and choice.get("type") in {"function", "custom"})
        return "auto" if forced and self._round > 1 else choice

    def _keep_answer(self, *, without_calls: bool) -> None:
        """Add the model's message to the thread."""
        choices = self._completion.get("choices") or [{"message": {"role": "assistant", "content": ""}}]
        message = {key: value for key, value in choices[0]["message"].items() if value is not None}
        message.setdefault("content", None)
        if without_calls:
            message.pop("tool_calls", None)
            message["content"] = message["content"] or self._cut_off_text
        self._keep([message])

    def _keep(self, messages: Sequence[Message]) -> None:
        self._sent += messages
        self._new += messages

    def _closing(self, *, cut_off: bool, mixed: bool) -> Sequence[Event]:
        note: JsonObject = {"rounds": self._round, "max_rounds_reached": self._is_last}
        deltas: list[CompletionDelta] = []
        if cut_off and self._new[-1]["content"] == self._cut_off_text:
            self._view.end_round()
            deltas.append(self._delta(self._view.say(self._cut_off_text)))
        reason = "stop" if cut_off else "tool_calls" if mixed else None
        deltas.append(self._delta(self._view.finish(reason), note))
        usage = sum_usage(self._usage)
        completion = self._visible.completion() | {"promptdock": note}
        if usage is not None:
            completion["usage"] = usage_object(usage)
        finished = TurnFinished(
            **self._now(),
            completion=completion,
            messages=tuple(self._new),
            rounds=self._round,
            max_rounds_reached=note["max_rounds_reached"],
            usage=usage,
            ms=self._ms(),
        )
        return [*(deltas if self._plan.request.stream else ()), finished]

    @property
    def _cut_off_text(self) -> str:
        return f"Stopped after {self._round} rounds of tool calls without a final answer."

    @property
    def _is_last(self) -> bool:
        """Whether the model must not ask for our tools any more in this round."""
        return bool(self._own_tools) and self._round >= self._engine.max_rounds

    def _note_names(self, answer: Mapping[str, Any]) -> None:
        """Remember what the first answer calls itself: the caller sees one model all along."""
        self._model = self._model or answer.get("model") or ""
        self._fingerprint = self._fingerprint or answer.get("system_fingerprint")

    def _delta(self, choices: tuple[JsonObject, ...], note: JsonObject | None = None) -> CompletionDelta:
        model = self._model or self._plan.settings.model
        delta = CompletionDelta(
            **self._now(),
            round=self._round,
            choices=choices,
            model=model,
            system_fingerprint=self._fingerprint,
            note=note,
        )
        frame = {"id": delta.turn_id, "created": int(delta.at), "model": model}
        if delta.system_fingerprint is not None:
            frame["system_fingerprint"] = delta.system_fingerprint
        self._visible.add({**frame, "choices": choices})
        return delta

    def failed(self, error: Exception) -> TurnFailed:
        """The end of a turn that has no answer."""
        info = describe(error)
        plan = self._plan
        _log.log(
            logging.ERROR if info.status >= 500 else logging.WARNING,
            "turn %s failed in round %d: %s, model %s/%s, request %s",
            plan.turn_id,
            self._round,
            info.code,
            plan.settings.provider,
            plan.settings.model,
            plan.request.request_id,
            exc_info=error,
        )
        return TurnFailed(
            **self._now(),
            error=info,
            round=self._round,
            ms=self._ms(),
            rounds=len(self._usage),
            usage=sum_usage(self._usage),
        )

    def _now(self) -> dict[str, Any]:
        return {**self._stamp, "at": time.time()}

    def _ms(self) -> float:
        return (time.perf_counter() - self._started) * 1000


async def _chunks(provider: Provider, call: CompletionCall, *, stream: bool) -> AsyncGenerator[JsonObject, None]:
    """Ask the provider, streaming or not: from here on it is all the same."""
    ids = CallIds()
    if not stream:
        for chunk in completion_as_chunks(await provider.complete(call)):
            yield ids.fill(chunk)
        return
    chunks = provider.stream(call)
    try:
        async for chunk in chunks:
            yield ids.fill(chunk)
    finally:
        close = getattr(chunks, "aclose", None)
        if close is not None:
            await close()
