"""What a thread says: the prompt to answer, and the answers that tools have given to it already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ...jsontext import JsonError, JsonObject, loads
from ...turn.messages import message_text
from .dates import find_dates, iso_date

__all__ = ["Answered", "Thread", "read_thread"]


@dataclass(frozen=True, slots=True)
class Answered:
    """A call that has its answer.

    Attributes:
        name: The tool.
        arguments: What it was called with; None when they could not be read.
        result: What the tool message says.
    """

    name: str
    arguments: JsonObject | None
    result: str


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread as the rules see it.

    Attributes:
        prompt: The text of the last user message; empty when there is none.
        other_parts: Whether that message has parts that are not text.
        answered: The calls that were made and answered since, in call order.
        before: The calls that were made for the user message before the last one.
        today: The date that the system message names; None when it names none.
    """

    prompt: str
    other_parts: bool
    answered: tuple[Answered, ...]
    before: tuple[Answered, ...]
    today: date | None = None


def read_thread(messages: Sequence[Mapping[str, Any]]) -> Thread:
    """Read a thread from its end back to the user message before the last."""
    users = [place for place, message in enumerate(messages) if message.get("role") == "user"]
    last = users[-1] if users else len(messages)
    previous = users[-2] if len(users) > 1 else 0
    asked = messages[last] if users else {}
    parts = asked.get("content")
    return Thread(
        prompt=message_text(asked) if asked else "",
        other_parts=isinstance(parts, list) and any(part.get("type") != "text" for part in parts),
        answered=_answered(messages[last:]),
        before=_answered(messages[previous:last]),
        today=_today(messages),
    )


def _today(messages: Sequence[Mapping[str, Any]]) -> date | None:
    if not messages or messages[0].get("role") not in ("system", "developer"):
        return None
    found = (iso_date(written) for _, _, written in find_dates(message_text(messages[0])[:2000]))
    whole = next((day for day in found if day), None)
    return date.fromisoformat(whole) if whole else None


def _answered(messages: Sequence[Mapping[str, Any]]) -> tuple[Answered, ...]:
    found: list[Answered] = []
    calls: dict[str, tuple[str, JsonObject | None]] = {}
    for message in messages:
        role = message.get("role")
        if role == "assistant":
            calls |= _made(message.get("tool_calls"))
            legacy = message.get("function_call")
            if isinstance(legacy, Mapping):
                calls[f"function {legacy.get('name')}"] = (str(legacy.get("name")), _arguments(legacy.get("arguments")))
        elif role in ("tool", "function"):
            key = f"function {message.get('name')}" if role == "function" else str(message.get("tool_call_id"))
            name, arguments = calls.get(key, (str(message.get("name") or "tool"), None))
            found.append(Answered(name, arguments, message_text(message)))
    return tuple(found)


def _made(calls: object) -> dict[str, tuple[str, JsonObject | None]]:
    """Names and arguments of calls, by id; a call that is none is passed over, since its answer can stand alone."""
    made: dict[str, tuple[str, JsonObject | None]] = {}
    for call in calls if isinstance(calls, Sequence) else ():
        body = call.get("function") or call.get("custom") if isinstance(call, Mapping) else None
        if isinstance(body, Mapping):
            made[str(call.get("id"))] = (str(body.get("name") or "tool"), _arguments(body.get("arguments")))
    return made


def _arguments(written: object) -> JsonObject | None:
    try:
        value = loads(written) if isinstance(written, str) else None
    except JsonError:
        return None
    return value if isinstance(value, dict) else None
