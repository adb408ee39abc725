"""Folding the events of a turn into its result."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..jsontext import JsonError, JsonObject, loads
from ..selection.decisions import Decision
from .events import Event, ToolPresented, ToolResponded, TurnFailed, TurnFinished, TurnStarted
from .messages import message_text
from .usage import usage_object

__all__ = ["TurnResult", "fold_events", "fold_turn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnResult:
    """What came of one turn.

    Attributes:
        text: The answer; empty when the turn failed or only hands tool calls back.
        provider: Name of the provider that was asked.
        model: The model that was asked.
        tools_presented: Wire names of the tools that the model saw, in order.
        decisions: For each candidate tool, whether it was presented, and why.
        calls: The answered tool calls, in order.
        rounds: How many upstream calls were answered.
        completion: The chat completion as the OpenAI endpoint would give it; None when the turn failed.
        failure: How the turn failed, or None.
        events: All events, in order.
    """

    text: str
    provider: str
    model: str
    tools_presented: tuple[str, ...]
    decisions: Sequence[Decision]
    calls: tuple[ToolResponded, ...]
    rounds: int
    completion: JsonObject | None
    failure: TurnFailed | None
    events: tuple[Event, ...]

    def as_json(self) -> JsonObject:
        """The result as ``promptdock prompt --json`` prints it."""
        ended = self.events[-1] if self.events else None
        usage = ended.usage if isinstance(ended, (TurnFinished, TurnFailed)) else None
        shown: JsonObject = {
            "text": self.text,
            "provider": self.provider,
            "model": self.model,
            "tools_presented": list(self.tools_presented),
            "calls": [_call_as_json(call) for call in self.calls],
            "usage": None if usage is None else usage_object(usage),
            "rounds": self.rounds,
        }
        if self.failure is not None:
            error = self.failure.error
            shown["error"] = {"code": error.code, "message": error.message, "status": error.status}
        return shown


def _call_as_json(call: ToolResponded) -> JsonObject:
    shown: JsonObject = {"tool": call.tool or call.name, "arguments": call.arguments, "ms": round(call.ms, 3)}
    if call.error is None:
        shown["result"] = _read(call.content)
    else:
        content = _read(call.content)
        shown["error"] = content["error"] if isinstance(content, Mapping) and "error" in content else content
    return shown


def _read(content: str) -> Any:
    """A tool message's content as data where it is JSON, else as the text it is."""
    try:
        return loads(content)
    except JsonError:
        return content


def fold_events(events: Iterable[Event]) -> TurnResult:
    """Fold all events of one turn."""
    heard = tuple(events)
    started = next((event for event in heard if isinstance(event, TurnStarted)), None)
    ended = heard[-1] if heard else None
    finished = ended if isinstance(ended, TurnFinished) else None
    failed = ended if isinstance(ended, TurnFailed) else None
    text = ""
    if finished is not None and finished.completion["choices"]:
        text = message_text(finished.completion["choices"][0]["message"])
    return TurnResult(
        text=text,
        provider=started.settings.provider if started else "",
        model=started.settings.model if started else "",
        tools_presented=tuple(event.name for event in heard if isinstance(event, ToolPresented)),
        decisions=started.decisions if started else (),
        calls=tuple(event for event in heard if isinstance(event, ToolResponded)),
        rounds=finished.rounds if finished else failed.rounds if failed else 0,
        completion=finished.completion if finished else None,
        failure=failed,
        events=heard,
    )


async def fold_turn(events: AsyncIterator[Event]) -> TurnResult:
    """Hear a turn to its end and fold it."""
    return fold_events([event async for event in events])
