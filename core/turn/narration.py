"""Narration: events as messages with a private role, for people who read the thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from ..jsontext import JsonObject
from .additions import new_rounds
from .events import (
    CompletionReceived,
    CompletionRequested,
    Event,
    PluginSelected,
    SettingsConflicted,
    ToolPresented,
    ToolRequested,
    TurnFailed,
)
from .messages import Message

__all__ = ["narrate", "narrated_messages"]

_ROLE = "promptdock"
_ROLE_OF_ERRORS = "promptdock_error"


def narrate(event: Event) -> JsonObject | None:
    """Tell of an event in one line.

    Args:
        event: Any event of a turn.

    Returns:
        A message ``{"role", "content", "promptdock_event"}``, the last of which names the event's hook; its role is
        ``promptdock_error`` for a failure and ``promptdock`` for anything else. None for kinds of events that have no
        narration.
    """
    return _told(event) if type(event) in _TEXTS else None


def narrated_messages(events: Iterable[Event], new_user_messages: Iterable[Message]) -> tuple[Message, ...]:
    """The new messages of a turn with their narration, in one order for every round.

    The user's messages, the rules that selected, the settings they disagreed on; then for each round what is asked of
    whom, in the first one the tools, what it took, the model's message, and for each call that call and its answer; at
    the end the failure, if there is one.

    Args:
        events: All events of one turn.
        new_user_messages: What the caller said.

    Returns:
        The messages; without the private roles they are the user's and
        :func:`~promptdock.turn.additions.new_messages`.
    """
    heard = tuple(events)
    rounds = new_rounds(heard)
    by_kind: dict[type[Event], list[Any]] = {}
    for event in heard:
        by_kind.setdefault(type(event), []).append(event)
    calls: dict[int, list[ToolRequested]] = {}
    for call in by_kind.get(ToolRequested, ()):
        calls.setdefault(call.round, []).append(call)
    order: list[Event | Message] = [*by_kind.get(PluginSelected, ()), *by_kind.get(SettingsConflicted, ())]
    for event in heard:
        if isinstance(event, CompletionRequested):
            order.append(event)
            if event.round == 1:
                order += by_kind.get(ToolPresented, ())
        elif isinstance(event, CompletionReceived):
            order.append(event)
            order += _answered(rounds.get(event.round, ()), calls.get(event.round, ()))
        elif isinstance(event, TurnFailed):
            order.append(event)
    return (*new_user_messages, *[_told(one) if isinstance(one, Event) else one for one in order])


def _told(event: Event) -> JsonObject:
    role = _ROLE_OF_ERRORS if isinstance(event, TurnFailed) else _ROLE
    return {"role": role, "content": " ".join(_TEXTS[type(event)](event).split()), "promptdock_event": event.hook}


def _answered(messages: Sequence[Message], calls: Sequence[ToolRequested]) -> Sequence[Event | Message]:
    """A round's messages, each answer of a tool behind the call that is to be told."""
    if not calls:
        return messages
    order: list[Event | Message] = [*messages[:1]]
    answers = list(messages[1:])
    for call in calls:
        order.append(call)
        for place, message in enumerate(answers):
            if message.get("tool_call_id") == call.call_id:
                order.append(answers.pop(place))
                break
    return [*order, *answers]


def _asked(event: CompletionRequested) -> str:
    asked: Mapping[str, Any] = event.request
    temperature, most = asked.get("temperature"), asked.get("max_completion_tokens")
    tools = len(asked.get("tools") or ())
    members = (
        "the vendor's temperature" if temperature is None else f"temperature {temperature:g}",
        "an answer of any length" if most is None else f"at most {most} tokens",
        f"{tools or 'no'} tool{'' if tools == 1 else 's'}",
    )
    return f"Round {event.round}: asked {event.provider} for {asked.get('model')} with {', '.join(members)}."


def _taken(event: CompletionReceived) -> str:
    usage = event.usage
    if usage is None:
        return f"Round {event.round} took an unknown number of tokens: the provider reports none."
    parts = f"{usage.prompt_tokens} of the prompt, {usage.completion_tokens} of the answer"
    return f"Round {event.round} took {usage.total_tokens} tokens: {parts}."


def _presented(event: ToolPresented) -> str:
    described = (event.definition.get("function") or {}).get("description")
    return f"Presented {event.name}: {described}" if described else f"Presented {event.name}."


_TEXTS: Final[Mapping[type[Event], Callable[[Any], str]]] = MappingProxyType(
    {
        PluginSelected: lambda event: f"Selected {event.plugin}: {event.reason}.",
        SettingsConflicted: lambda event: (
            f"Rules disagree on {event.setting}: {event.kept} was taken, {event.dropped} was left."
        ),
        ToolPresented: _presented,
        CompletionRequested: _asked,
        CompletionReceived: _taken,
        ToolRequested: lambda event: f"The model calls {event.name} with {event.arguments or 'no arguments'}",
        TurnFailed: lambda event: event.error.message,
    }
)
"""How each kind of event that has a narration is told."""
