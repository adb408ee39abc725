"""The turn engine: rounds of asking the provider and running tools, told as one stream of events."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, Protocol

from ..error_table import describe
from ..errors import ErrorInfo
from ..jsontext import JsonObject
from ..providers.base import CompletionCall
from ..providers.chunks import ChunkFold
from ..tasks import is_cancelled
from ..tools.runner import ToolRunner
from .additions import answer_message
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
from .round_call import round_call
from .tool_choice import tool_name
from .unreported import OpenCall
from .upstream import ask
from .usage import read_usage, sum_usage, usage_object
from .view import CallerView

__all__ = ["TurnEngine"]

_log = logging.getLogger("promptdock.turn")


class RequestHooks(Protocol):
    """What the engine needs of the plugin host."""

    async def prepare_completion(self, call: CompletionCall) -> CompletionCall:
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
        is_heard = False  # whether what is raised comes from who hears the turn
        try:
            async with aclosing(turn.events()) as events:
                async for event in events:
                    is_heard = True
                    yield event
                    is_heard = False
        except BaseException as error:  # the one error boundary of a turn, since plugins raise anything
            if is_heard or (isinstance(error, asyncio.CancelledError) and is_cancelled()):
                raise
            yield turn.failed(error)


class _Turn:
    """One turn under way."""

    def __init__(self, engine: TurnEngine, plan: TurnPlan) -> None:
        self._engine = engine
        self._plan = plan
        self._started = time.perf_counter()
        self._round = 0
        self._usage: list[Usage | None] = []
        self._new: list[Message] = []
        self._offered: frozenset[str] = frozenset()
        self._open_call: OpenCall | None = None
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
            cut_off = bool(ours) and not theirs and self._round >= self._engine.max_rounds
            self._keep_answer(without_calls=cut_off)
            if ours and not cut_off:
                calls = RoundOfCalls(self._plan, self._round, ours, self._engine.runner, self._offered)
                async with aclosing(calls.run()) as running:
                    async for event in running:
                        yield event
                answers = [outcome.message for outcome in calls.outcomes]
                if theirs:
                    caller = self._plan.request.caller.name
                    self._engine.held.hold(caller, self._plan.sent, theirs, self._new[-1], answers)
                self._new += answers
            if theirs or not ours or cut_off:
                break
            self._view.end_round()
        for event in self._closing(cut_off=cut_off, handed_back=bool(theirs)):
            yield event

    async def _ask(self) -> AsyncGenerator[Event, None]:
        """One round's upstream call."""
        provider = self._plan.provider.provider
        call = round_call(self._plan, self._new, self._round, last=self._is_last)
        call = await self._engine.hooks.prepare_completion(call)
        self._offered = frozenset(tool_name(tool) for tool in call.tools)
        yield CompletionRequested(
            **self._now(),
            round=self._round,
            provider=provider.name,
            request=call.shared_body(),
            last=self._is_last,
            api_url=provider.base_url,
            key_hint=provider.key_hint,
        )
        began = time.perf_counter()
        fold = ChunkFold()
        async with aclosing(ask(provider, call, stream=self._plan.request.stream)) as chunks:
            async for chunk in chunks:
                fold.add(chunk)
                if self._open_call is None:
                    self._open_call = OpenCall(provider.name, call, fold)
                if choices := self._view.show(chunk):
                    self._note_names(chunk)
                    if (delta := self._shown(choices)) is not None:
                        yield delta
        self._open_call = None
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

    def _keep_answer(self, *, without_calls: bool) -> None:
        """Add the model's message to the thread."""
        message = answer_message(self._completion)
        if without_calls:
            message.pop("tool_calls", None)
            message["content"] = message["content"] or self._cut_off_text
        self._new.append(message)

    def _closing(self, *, cut_off: bool, handed_back: bool) -> Sequence[Event]:
        note: JsonObject = {"rounds": self._round, "max_rounds_reached": cut_off or self._is_last}
        deltas: list[CompletionDelta | None] = []
        if cut_off and self._new[-1]["content"] == self._cut_off_text:
            deltas.append(self._shown(self._view.say(self._cut_off_text)))
        reason = "stop" if cut_off else "tool_calls" if handed_back else None
        deltas.append(self._shown(self._view.finish(reason), note))
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
        return [*(delta for delta in deltas if delta is not None), finished]

    @property
    def _cut_off_text(self) -> str:
        return f"Stopped after {self._round} rounds of tool calls without a final answer."

    @property
    def _is_last(self) -> bool:
        """Whether the model must not ask for our tools any more in this round."""
        return bool(self._plan.tool_set.tools) and self._round >= self._engine.max_rounds

    def _note_names(self, answer: Mapping[str, Any]) -> None:
        """Remember what the first answer calls itself: the caller sees one model all along."""
        self._model = self._model or answer.get("model") or ""
        self._fingerprint = self._fingerprint or answer.get("system_fingerprint")

    def _shown(self, choices: tuple[JsonObject, ...], note: JsonObject | None = None) -> CompletionDelta | None:
        """Add to what the caller gets to see; in a turn that streams, this is an event."""
        at = time.time()
        model = self._model or self._plan.settings.model
        shown: JsonObject = {"id": self._plan.turn_id, "created": int(at), "model": model, "choices": choices}
        if self._fingerprint is not None:
            shown["system_fingerprint"] = self._fingerprint
        self._visible.add(shown)
        if not self._plan.request.stream:
            return None
        return CompletionDelta(
            request_id=self._plan.request.request_id,
            turn_id=self._plan.turn_id,
            at=at,
            round=self._round,
            choices=choices,
            model=model,
            system_fingerprint=self._fingerprint,
            note=note,
        )

    def failed(self, error: BaseException) -> TurnFailed:
        """The end of a turn that has no answer."""
        plan = self._plan
        info = _naming(describe(error), plan.settings.provider)
        _log.log(
            logging.ERROR if info.status >= 500 else logging.WARNING,
            "turn %s failed in round %d: %s (%s), model %s/%s, request %s",
            plan.turn_id,
            self._round,
            info.code,
            type(error).__name__,
            plan.settings.provider,
            plan.settings.model,
            plan.request.request_id,
            exc_info=error if info.code == "internal_error" else None,  # what has a code of its own is no defect
            extra={"request_id": plan.request.request_id, "turn_id": plan.turn_id},
        )
        return TurnFailed(
            **self._now(),
            error=info,
            round=self._round,
            ms=self._ms(),
            rounds=len(self._usage),
            usage=sum_usage(self._usage),
            unreported=None if self._open_call is None else self._open_call.unreported(),
        )

    def _now(self) -> dict[str, Any]:
        return {**self._stamp, "at": time.time()}

    def _ms(self) -> float:
        return (time.perf_counter() - self._started) * 1000


def _naming(info: ErrorInfo, provider: str) -> ErrorInfo:
    """The same error with the provider's name in it: the table of errors does not know who was asked."""
    general = "The provider"
    if not info.message.startswith((f"{general} ", f"{general}'s ")) or provider in info.message:
        return info
    return replace(info, message=f"{general} {provider}{info.message.removeprefix(general)}")
