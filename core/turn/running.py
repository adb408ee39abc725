"""A turn under way: rounds of asking the provider and running tools, told as events."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..error_table import describe
from ..errors import ErrorInfo
from ..jsontext import JsonObject
from ..providers.base import CompletionCall
from ..providers.chunks import ChunkFold
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
from .messages import Message
from .observe import CANCELLED
from .opening import opening_events
from .plan import TurnPlan
from .round_call import round_call
from .tool_choice import tool_name
from .unreported import OpenCall
from .upstream import ChunkReader, ask, end
from .usage import read_usage, sum_usage, usage_object
from .view import CallerView

if TYPE_CHECKING:
    from .engine import TurnEngine
    from .meter import Meter

__all__ = ["RunningTurn"]

_log = logging.getLogger("promptdock.turn")


class RunningTurn:
    """One turn under way.

    Args:
        engine: Runs it.
        plan: What was settled before.
        meter: Has the last word on its upstream calls and tool calls; None for a turn without limits.
    """

    def __init__(self, engine: TurnEngine, plan: TurnPlan, meter: Meter | None = None) -> None:
        self._engine = engine
        self._plan = plan
        self._meter = meter
        self._provider = plan.provider.provider
        self._request_id = plan.request.request_id
        self._started = time.perf_counter()
        self._round = 0
        self._is_last = False  # whether the model must not ask for our tools any more in this round
        self._usage: list[Usage | None] = []
        self._new: list[Message] = []
        self._offered: frozenset[str] = frozenset()
        self._call: OpenCall | None = None
        self._view = CallerView(plan.handed_back)
        self._visible = ChunkFold()
        self._model = ""
        self._fingerprint: str | None = None
        self._completion: JsonObject = {}

    async def events(self) -> AsyncGenerator[Event, None]:
        """Run it; what goes wrong is raised. The last event is a ``TurnFinished``."""
        for event in opening_events(self._plan):
            yield event
        while True:
            self._round += 1
            self._is_last = bool(self._plan.tool_set.tools) and self._round >= self._engine.max_rounds
            asked = await self._prepared()
            yield self._requested(asked)
            call = self._call = OpenCall(self._provider.name, asked)  # from here on the provider is really asked
            if self._plan.request.stream:
                chunks, read = self._provider.stream(asked), ChunkReader(self._provider).read
                try:
                    async for chunk in chunks:
                        delta = self._heard(call, read(chunk))
                        if delta is not None:
                            yield delta
                finally:
                    await end(chunks)
            else:
                self._heard(call, await ask(self._provider, asked))
            yield self._received(call)
            ours, theirs = split_calls(self._completion, self._plan.handed_back)
            cut_off = bool(ours) and not theirs and self._round >= self._engine.max_rounds
            self._keep_answer(without_calls=cut_off)
            if ours and not cut_off:
                calls = RoundOfCalls(self._plan, self._round, ours, self._engine.runner, self._offered, self._meter)
                running = calls.run()
                try:
                    async for event in running:
                        yield event
                finally:
                    await running.aclose()
                self._keep_results([outcome.message for outcome in calls.outcomes], theirs)
            if theirs or not ours or cut_off:
                break
            self._view.end_round()
        for event in self._closing(cut_off=cut_off, handed_back=bool(theirs)):
            yield event

    async def _prepared(self) -> CompletionCall:
        """What the provider is asked in this round."""
        call = round_call(self._plan, self._new, self._round, last=self._is_last)
        call = await self._engine.hooks.prepare_completion(call)
        if self._meter is not None:
            call = self._meter.admit(call)
        self._offered = frozenset([tool_name(tool) for tool in call.tools])
        return call

    def _requested(self, call: CompletionCall) -> CompletionRequested:
        return CompletionRequested(
            request_id=self._request_id,
            turn_id=self._plan.turn_id,
            at=time.time(),
            round=self._round,
            provider=self._provider.name,
            request=call.shared_body(),
            last=self._is_last,
            api_url=self._provider.base_url,
            key_hint=self._provider.key_hint,
        )

    def _heard(self, call: OpenCall, chunk: JsonObject) -> CompletionDelta | None:
        """Take in a piece of the answer; in a turn that streams, give what the caller gets to see of it."""
        call.hear(chunk)
        choices = self._view.show(chunk)
        if not choices:
            return None
        self._note_names(chunk)
        return self._shown(choices)

    def _received(self, call: OpenCall) -> CompletionReceived:
        self._call = None
        self._completion = call.answer.completion()
        self._note_names(self._completion)
        usage = read_usage(self._completion)
        self._usage.append(usage)
        return CompletionReceived(
            request_id=self._request_id,
            turn_id=self._plan.turn_id,
            at=time.time(),
            round=self._round,
            completion=self._completion,
            usage=usage,
            ms=call.ms,
        )

    def _keep_answer(self, *, without_calls: bool) -> None:
        """Add the model's message to the thread."""
        message = answer_message(self._completion)
        if without_calls:
            message.pop("tool_calls", None)
            message["content"] = message["content"] or self._cut_off_text
        self._new.append(message)

    def _keep_results(self, answers: Sequence[Message], theirs: Sequence[Mapping[str, Any]]) -> None:
        """Add the answers of our tools to the thread; where the caller is to answer calls, too, they wait for these."""
        if theirs:
            caller = self._plan.request.caller.name
            self._engine.held.hold(caller, self._plan.sent, theirs, self._new[-1], answers)
        self._new += answers

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
            request_id=self._request_id,
            turn_id=self._plan.turn_id,
            at=time.time(),
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
            request_id=self._request_id,
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
        return self._ended(info, self._call if self._call is not None and self._call.has_begun else None)

    def cancelled(self) -> TurnFailed:
        """The end of a turn whose consumer has gone away; it may cost something even if no answer had begun."""
        return self._ended(CANCELLED, self._call)

    def _ended(self, error: ErrorInfo, open_call: OpenCall | None) -> TurnFailed:
        return TurnFailed(
            request_id=self._request_id,
            turn_id=self._plan.turn_id,
            at=time.time(),
            error=error,
            round=self._round,
            ms=self._ms(),
            rounds=len(self._usage),
            usage=sum_usage(self._usage),
            unreported=None if open_call is None else open_call.unreported(),
        )

    def _ms(self) -> float:
        return (time.perf_counter() - self._started) * 1000


def _naming(info: ErrorInfo, provider: str) -> ErrorInfo:
    """The same error with the provider's name in it: the table of errors does not know who was asked."""
    general = "The provider"
    if not info.message.startswith((f"{general} ", f"{general}'s ")) or provider in info.message:
        return info
    return replace(info, message=f"{general} {provider}{info.message.removeprefix(general)}")
