"""What a turn leaves behind, gathered from its events: rows for the store, spending for the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

from ..jsontext import JsonObject
from ..store.charges import MOST_TOKENS, CompletionSpend, ToolSpend
from ..store.turns import TurnEnd
from ..turn.events import (
    CompletionDelta,
    CompletionReceived,
    CompletionRequested,
    Event,
    PluginCalled,
    PluginSelected,
    ToolPresented,
    ToolRequested,
    ToolResponded,
    TurnFailed,
    TurnFinished,
)
from ..turn.messages import Message
from ..turn.narration import narrated_messages
from ..turn.observe import CANCELLED
from ..turn.tokens import estimate_body, estimate_completion
from .wire import StreamedEvents

__all__ = ["TurnRecord"]

_E = TypeVar("_E", bound=Event)


class TurnRecord:
    """Hears one turn, as an observer of it.

    Args:
        turn_id: The turn's row.
        said: What the caller said, as it joined the thread.
        streamed: Gathers what is streamed, to be kept with the turn; None when nobody will ask for it again.

    Attributes:
        events: What happened, without the pieces of answers.
        last: The newest of them, of which there is none before the first; the turn's end, once it has ended.
        streamed: As given.
    """

    def __init__(self, turn_id: UUID, said: Sequence[Message], streamed: StreamedEvents | None = None) -> None:
        self._turn_id = turn_id
        self._said = tuple(said)
        self.events: list[Event] = []
        self.last: Event
        self._by_kind: defaultdict[type[Event], list[Any]] = defaultdict(list)
        self.streamed = streamed
        self._narrated: tuple[int, tuple[Message, ...]] = (-1, ())
        self._spent: tuple[int, tuple[CompletionSpend, ...]] = (-1, ())

    def tell(self, event: Event) -> None:
        """Take an event."""
        kind = type(event)
        if kind is not CompletionDelta:
            self.last = event
            self.events.append(event)
            self._by_kind[kind].append(event)
        if self.streamed is not None:
            self.streamed.add(event)

    @property
    def messages(self) -> tuple[Message, ...]:
        """What the turn adds to the thread, the caller's own included, with narration."""
        heard = len(self.events)
        if self._narrated[0] != heard:  # told in the store and in the reply, and made once
            self._narrated = (heard, narrated_messages(self.events, self._said))
        return self._narrated[1]

    def of(self, kind: type[_E]) -> Sequence[_E]:
        """The events of one kind so far, in order."""
        return self._by_kind.get(kind, ())

    def completions(self) -> tuple[CompletionSpend, ...]:
        """What the upstream calls took, one each; an estimate where the provider does not say."""
        heard = len(self.events)
        if self._spent[0] != heard:  # charged and summed up, and counted once
            self._spent = (heard, tuple(self._completions()))
        return self._spent[1]

    def _completions(self) -> list[CompletionSpend]:
        asked = {event.round: event for event in self.of(CompletionRequested)}
        spent = [_spent(asked[event.round], event) for event in self.of(CompletionReceived)]
        last = self.last
        if isinstance(last, TurnFailed) and last.unreported is not None:
            open_call = last.unreported
            spent.append(
                CompletionSpend(
                    round=open_call.round,
                    provider=open_call.provider,
                    model=open_call.model,
                    prompt_tokens=open_call.prompt_tokens,
                    completion_tokens=open_call.completion_tokens,
                    total_tokens=open_call.prompt_tokens + open_call.completion_tokens,
                    is_estimated=True,
                )
            )
        return spent

    def invocations(self) -> list[ToolSpend]:
        """The tools that ran, once for each time."""
        return [ToolSpend(round=event.round, plugin=event.plugin, tool=event.tool) for event in self.of(PluginCalled)]

    def plugins_presented(self) -> frozenset[str]:
        """Ids of the plugins whose tools the model saw."""
        return frozenset([event.plugin for event in self.of(ToolPresented)])

    def end(self, last_entry: JsonObject | None = None) -> TurnEnd:
        """Everything that the store keeps of the turn.

        Args:
            last_entry: Of a streamed turn, the entry that its readers get once all of this is stored.
        """
        prompt = completion = total = 0
        for spent in self.completions():
            prompt += spent.prompt_tokens
            completion += spent.completion_tokens
            total += spent.total_tokens
        return TurnEnd(
            state=self._state(),
            messages=self.messages[len(self._said) :],
            rounds=len(self.of(CompletionReceived)),
            # whatever a provider reports, the turn's end has to be stored
            prompt_tokens=min(prompt, MOST_TOKENS),
            completion_tokens=min(completion, MOST_TOKENS),
            total_tokens=min(total, MOST_TOKENS),
            error=_error(self.last),
            tool_calls=self._tool_calls(),
            selections=self._selections(),
            log=None if self.streamed is None or last_entry is None else [*self.streamed.entries, last_entry],
        )

    def _state(self) -> str:
        if isinstance(self.last, TurnFinished):
            return "finished"
        is_cancelled = isinstance(self.last, TurnFailed) and self.last.error.code == CANCELLED.code
        return "cancelled" if is_cancelled else "failed"

    def _tool_calls(self) -> list[JsonObject]:
        asked = {(event.round, event.call_id): event.arguments for event in self.of(ToolRequested)}
        return [
            {
                "turn_id": self._turn_id,
                "round": event.round,
                "call_id": event.call_id,
                "name": event.name,
                "tool": event.tool,
                "plugin": event.plugin,
                "arguments": asked.get((event.round, event.call_id), ""),
                "result": event.content,
                "error": event.error,
                "ms": event.ms,
            }
            for event in self.of(ToolResponded)
        ]

    def _selections(self) -> list[JsonObject]:
        return [
            {
                "turn_id": self._turn_id,
                "plugin": event.plugin,
                "rule": event.rule,
                "reason": event.reason,
                "terms": event.terms,
                "tools": event.tools,
            }
            for event in self.of(PluginSelected)
        ]


def _spent(asked: CompletionRequested, event: CompletionReceived) -> CompletionSpend:
    usage = event.usage
    model = asked.request["model"]
    if usage is not None:
        return CompletionSpend(
            round=event.round,
            provider=asked.provider,
            model=model,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            total_tokens=usage.total_tokens,
            is_estimated=False,
        )
    prompt, answer = estimate_body(asked.request), estimate_completion(event.completion)
    return CompletionSpend(
        round=event.round,
        provider=asked.provider,
        model=model,
        prompt_tokens=prompt,
        completion_tokens=answer,
        total_tokens=prompt + answer,
        is_estimated=True,
    )


def _error(event: Event) -> dict[str, Any] | None:
    if not isinstance(event, TurnFailed):
        return None
    return {"status": event.error.status, "code": event.error.code, "message": event.error.message}
