"""What a caller of an LLM client gets: the completion, with what was effective and everything that happened."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from ..jsontext import JsonObject
from ..turn.events import (
    CompletionReceived,
    CompletionRequested,
    Event,
    PluginSelected,
    ToolPresented,
    ToolRequested,
    ToolResponded,
    TurnFailed,
    TurnFinished,
)
from .decisions import shown_decisions

if TYPE_CHECKING:
    from .record import TurnRecord
    from .running import OpenTurn

__all__ = ["reply_data"]

_OPERATORS: Final = frozenset({"system", "developer"})


def reply_data(turn: OpenTurn) -> JsonObject:
    """The ``data`` of a reply.

    Args:
        turn: One that has ended.

    Returns:
        The chat completion with two further members. ``metadata``: ``tool_calls``, what ``model``, ``temperature`` and
        ``max_completion_tokens`` were effective, and ``input_text``. ``promptdock``: session, turn, upstream calls with
        masked keys, plugins, tools, decisions, and the new messages with narration. Callers who may not read the client
        are not told its system text, nor where its provider is. Of a turn that failed the
        completion has the id ``error_response`` and no usage, and its text says what went wrong.
    """
    last = turn.record.last
    completion = last.completion if isinstance(last, TurnFinished) else _error_completion(turn, last)
    noted = completion.get("promptdock", {})
    return {**completion, "metadata": _metadata(turn), "promptdock": {**_particulars(turn), **noted}}


def _metadata(turn: OpenTurn) -> JsonObject:
    plan = turn.opening.planned.plan
    return {
        "tool_calls": _tool_calls(turn.record) or None,
        "provider": plan.settings.provider,
        "model": plan.settings.model,
        "temperature": plan.settings.temperature,
        "max_completion_tokens": plan.settings.max_completion_tokens,
        "input_text": plan.text,
    }


def _particulars(turn: OpenTurn) -> JsonObject:
    opening, record = turn.opening, turn.record
    plan = opening.planned.plan
    presented = record.of(ToolPresented)
    return {
        "session_key": opening.session_key,
        "turn": {"id": str(opening.turn_id), "number": opening.number, "request_id": plan.request.request_id},
        "iterations": [_for_strangers(one) if turn.is_strangers else one for one in _iterations(record)],
        "plugins": {
            "attached": sorted(turn.attached_plugins),
            "selected": _unique(
                (
                    *[event.plugin for event in record.of(PluginSelected)],
                    *[event.plugin for event in presented],
                )
            ),
        },
        "tools": [event.name for event in presented],
        "decisions": shown_decisions(plan.tool_set.decisions),
        "dropped_messages": opening.planned.dropped,
        "messages": list(record.messages),
        "rounds": len(record.of(CompletionReceived)),
    }


def _iterations(record: TurnRecord) -> Iterator[JsonObject]:
    """Every upstream call: what was asked, and what came back, if anything did."""
    answers = {event.round: event.completion for event in record.of(CompletionReceived)}
    for event in record.of(CompletionRequested):
        yield {
            "request": {"api_url": event.api_url, "api_key": event.key_hint, **event.request},
            "response": answers.get(event.round),
        }


def _for_strangers(iteration: JsonObject) -> JsonObject:
    """An upstream call as those see it who may prompt the client and not read it: without the operator's own part."""
    request = dict(iteration["request"])
    request |= {"api_url": None, "api_key": None}
    request["messages"] = [one for one in request.get("messages", ()) if one["role"] not in _OPERATORS]
    return {**iteration, "request": request}


def _tool_calls(record: TurnRecord) -> list[JsonObject]:
    asked = {(one.round, one.call_id): one.arguments for one in record.of(ToolRequested)}
    return [
        {
            "function_name": event.name,
            "function_args": asked.get((event.round, event.call_id), ""),
            "tool": event.tool,
            "plugin": event.plugin,
            "error": event.error,
        }
        for event in record.of(ToolResponded)
    ]


def _error_completion(turn: OpenTurn, last: Event) -> JsonObject:
    """An upstream failure in the form of an answer, for LLM clients that want it so; nothing but its public text."""
    text = last.error.message if isinstance(last, TurnFailed) else ""
    now = int(time.time())
    return {
        "id": "error_response",
        "object": "chat.completion",
        "created": now,
        "model": turn.opening.planned.plan.settings.model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": None},
                "finish_reason": "stop",
                "logprobs": None,
            }
        ],
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        "system_fingerprint": f"error_response_{now}",
        "promptdock": {"error": asdict(last.error) if isinstance(last, TurnFailed) else None},
    }


def _unique(names: Iterable[str]) -> list[Any]:
    return list(dict.fromkeys(names))
