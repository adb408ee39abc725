"""What the log says of an event: a chosen set of facts, none longer than a line can bear."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from promptdock import Event, ServiceEvent, TurnFailed, TurnStarted

from . import service_facts

__all__ = ["bounded", "facts_of"]

LONGEST = 2_000
"""The most characters of one fact."""
MOST = 50
"""The most items of a fact that is a list."""

_PLAIN = {
    "provider_initialized": ("provider", "plugin", "model"),
    "plugin_selected": ("plugin", "rule", "tools"),
    "settings_conflicted": ("setting", "kept", "dropped"),
    "tool_presented": ("tool", "name", "plugin"),
    "completion_requested": ("round", "provider", "last"),
    "completion_received": ("round", "ms"),
    "tool_requested": ("round", "call_id", "tool", "plugin"),
    "plugin_called": ("round", "call_id", "tool", "plugin"),
    "plugin_responded": ("round", "call_id", "tool", "plugin", "error", "ms"),
    "tool_responded": ("round", "call_id", "tool", "plugin", "error", "ms"),
    "turn_failed": ("round", "rounds", "ms"),
    "turn_finished": ("rounds", "max_rounds_reached", "ms"),
    **service_facts.PLAIN,
}
_CONTENT = {
    "turn_started": ("text",),
    "plugin_selected": ("reason", "terms"),
    "completion_requested": ("request",),
    "completion_received": ("completion",),
    "tool_requested": ("name", "arguments"),
    "plugin_called": ("arguments",),
    "tool_responded": ("arguments", "content"),
    "turn_finished": ("completion",),
    **service_facts.CONTENT,
}


def facts_of(event: Event, *, include_content: bool) -> dict[str, Any]:
    """The facts of an event that the log gets.

    Args:
        event: Any event that hooks are told of.
        include_content: Whether texts, arguments and results are among them.
    """
    facts: dict[str, Any] = {}
    if isinstance(event, ServiceEvent):
        facts = {"caller": event.caller, "account": event.account}
    facts |= {name: getattr(event, name) for name in _PLAIN.get(event.hook, ())}
    facts |= _counted(event)
    if include_content:
        facts |= {name: getattr(event, name) for name in _CONTENT.get(event.hook, ())}
        if isinstance(event, TurnFailed):
            facts["message"] = event.error.message
    return facts


def _counted(event: Event) -> dict[str, Any]:
    """Facts that stand inside of something larger, or are its size."""
    if isinstance(event, TurnStarted):
        used = event.settings
        thread = {"messages": len(event.messages)}
        return {"caller": event.caller, "provider": used.provider, "model": used.model, **thread}
    if isinstance(event, TurnFailed):
        return {"status": event.error.status, "code": event.error.code}
    facts: dict[str, Any] = {}
    request = getattr(event, "request", None)
    if isinstance(request, Mapping):
        facts["model"] = request.get("model")
        facts["messages"] = len(request.get("messages") or ())
        facts["tools"] = len(request.get("tools") or ())
    usage = getattr(event, "usage", None)
    if usage is not None:
        facts["prompt_tokens"] = usage.prompt_tokens
        facts["completion_tokens"] = usage.completion_tokens
    content = getattr(event, "content", None)
    if isinstance(content, str):
        facts["characters"] = len(content)
    return facts


def bounded(value: Any) -> Any:
    """A value that fits into a line: numbers as they are (decimals as text), texts and lists cut, the rest cut JSON."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, Decimal):
        return f"{value:f}"  # exact, and without an exponent
    if isinstance(value, str):
        return value if len(value) <= LONGEST else f"{value[:LONGEST]}… ({len(value)} characters)"
    if isinstance(value, tuple) and all(isinstance(item, str) for item in value):
        return [bounded(item) for item in value[:MOST]]
    return bounded(json.dumps(value, default=str, ensure_ascii=False))
