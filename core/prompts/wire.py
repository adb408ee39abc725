"""The events of a turn as they are streamed and kept: numbered, typed, plain JSON. See docs/prompts.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from msgspec.structs import asdict

from ..jsontext import JsonObject
from ..turn.events import (
    CompletionDelta,
    CompletionReceived,
    CompletionRequested,
    Event,
    PluginSelected,
    SettingsConflicted,
    ToolPresented,
    ToolProgressed,
    ToolRequested,
    ToolResponded,
    TurnStarted,
)
from ..turn.usage import usage_object
from .decisions import shown_decisions

__all__ = ["STREAM_VERSION", "StreamedEvents"]

STREAM_VERSION: Final = 1
"""Goes up when a reader of the stream would have to change; new kinds and members do not count."""

_ENDS: Final = frozenset({"turn.finished", "turn.failed", "turn.cancelled"})


class StreamedEvents:
    """What is streamed of one turn, in order; each entry has ``id`` (from 1), ``event`` and ``data``.

    Attributes:
        entries: Everything so far.
    """

    def __init__(self) -> None:
        self.entries: list[JsonObject] = []

    def add(self, event: Event) -> None:
        """Take an event of the turn; kinds that callers do not need are left out."""
        form = _FORMS.get(type(event))
        if form is not None:
            self.append(form[0], {"turn_id": event.turn_id, "at": event.at, **form[1](event)})

    def append(self, kind: str, data: JsonObject) -> None:
        """Add an entry."""
        self.entries.append(self.next(kind, data))

    @property
    def is_ended(self) -> bool:
        """Whether the last entry tells how the turn ended."""
        return bool(self.entries) and self.entries[-1]["event"] in _ENDS

    def next(self, kind: str, data: JsonObject) -> JsonObject:
        """The entry that :meth:`append` would add. Readers see what is added at once, so the end is stored first."""
        return {"id": len(self.entries) + 1, "event": kind, "data": data}


def _started(event: Any) -> JsonObject:
    return {
        "version": STREAM_VERSION,
        "settings": asdict(event.settings),
        "decisions": shown_decisions(event.decisions),
    }


def _selected(event: Any) -> JsonObject:
    return {
        "plugin": event.plugin,
        "rule": event.rule,
        "reason": event.reason,
        "terms": event.terms,
        "tools": event.tools,
    }


def _conflicted(event: Any) -> JsonObject:
    return {"setting": event.setting, "kept": event.kept, "dropped": event.dropped}


def _presented(event: Any) -> JsonObject:
    return {"tool": event.tool, "name": event.name, "plugin": event.plugin, "reason": event.reason}


def _asked(event: Any) -> JsonObject:
    return {"round": event.round, "provider": event.provider, "model": event.request.get("model"), "last": event.last}


def _delta(event: Any) -> JsonObject:
    return {"round": event.round, "choices": event.choices, "model": event.model}


def _received(event: Any) -> JsonObject:
    usage = None if event.usage is None else usage_object(event.usage)
    return {"round": event.round, "usage": usage, "ms": round(event.ms, 3)}


def _requested(event: Any) -> JsonObject:
    return {
        "round": event.round,
        "call_id": event.call_id,
        "name": event.name,
        "tool": event.tool,
        "arguments": event.arguments,
    }


def _progressed(event: Any) -> JsonObject:
    return {"call_id": event.call_id, "tool": event.tool, "message": event.message, "fraction": event.fraction}


def _responded(event: Any) -> JsonObject:
    return {
        "round": event.round,
        "call_id": event.call_id,
        "name": event.name,
        "tool": event.tool,
        "content": event.content,
        "error": event.error,
        "ms": round(event.ms, 3),
    }


_FORMS: Final[Mapping[type[Event], tuple[str, Callable[[Any], JsonObject]]]] = MappingProxyType(
    {
        TurnStarted: ("turn.started", _started),
        PluginSelected: ("plugin.selected", _selected),
        SettingsConflicted: ("settings.conflicted", _conflicted),
        ToolPresented: ("tool.presented", _presented),
        CompletionRequested: ("completion.requested", _asked),
        CompletionDelta: ("completion.delta", _delta),
        CompletionReceived: ("completion.received", _received),
        ToolRequested: ("tool.requested", _requested),
        ToolProgressed: ("tool.progressed", _progressed),
        ToolResponded: ("tool.responded", _responded),
    }
)
