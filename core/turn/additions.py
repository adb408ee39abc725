"""What a turn adds to its thread: assistant and tool messages, told by its events however it ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..jsontext import JsonObject
from .events import CompletionReceived, Event, ToolResponded, TurnFinished
from .messages import Message

__all__ = ["answer_message", "new_messages", "new_rounds", "tool_message"]


def answer_message(completion: Mapping[str, Any]) -> JsonObject:
    """The message of a provider's answer as it joins the thread: its first choice, without nulls."""
    choices = completion.get("choices") or [{"message": {"role": "assistant", "content": ""}}]
    message: JsonObject = {key: value for key, value in choices[0]["message"].items() if value is not None}
    message.setdefault("content", None)
    return message


def tool_message(event: ToolResponded) -> JsonObject:
    """The tool message that answers a call."""
    return {"role": "tool", "tool_call_id": event.call_id, "content": event.content}


def new_messages(events: Iterable[Event]) -> tuple[Message, ...]:
    """What a turn adds to the thread, in order.

    Args:
        events: All events of one turn, or the first of them when it was cancelled.

    Returns:
        Of a turn that has its answer, what ``TurnFinished`` says. Of any other the complete rounds: an assistant
        message that calls tools is there only with all of its answers.
    """
    return tuple(message for messages in new_rounds(events).values() for message in messages)


def new_rounds(events: Iterable[Event]) -> dict[int, tuple[Message, ...]]:
    """The same by number of the round: an assistant message, and the tool messages that answer it."""
    heard = tuple(events)
    if heard and isinstance(heard[-1], TurnFinished):
        return _split(heard[-1].messages)
    answers = {
        event.round: answer_message(event.completion) for event in heard if isinstance(event, CompletionReceived)
    }
    replies: dict[int, dict[str, Message]] = {number: {} for number in answers}
    for event in heard:
        if isinstance(event, ToolResponded):
            replies[event.round].setdefault(event.call_id, tool_message(event))
    return {
        number: (answer, *replies[number].values())
        for number, answer in answers.items()
        if {call["id"] for call in answer.get("tool_calls") or ()} <= replies[number].keys()
    }


def _split(messages: Iterable[Message]) -> dict[int, tuple[Message, ...]]:
    rounds: dict[int, tuple[Message, ...]] = {}
    for message in messages:
        number = len(rounds) + 1 if message["role"] == "assistant" else len(rounds)
        rounds[number] = (*rounds.get(number, ()), message)
    return rounds
