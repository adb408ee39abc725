"""What two calls are compared by: their messages and tools, without what differs from run to run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ..jsontext import JsonError, JsonObject, loads

__all__ = ["lines_of", "without_dates"]

_DATE_LINE: Final = re.compile(r"^Today is \w+, \d{4}-\d\d-\d\d \(UTC\)\.$", re.MULTILINE)
_ANY_DATE: Final = "Today is [date] (UTC)."


def without_dates(request: Mapping[str, Any]) -> JsonObject:
    """A call whose system messages do not say what day it is."""
    return {**request, "messages": [_undated(message) for message in request["messages"]]}


def lines_of(messages: Sequence[Mapping[str, Any]], tools: Iterable[Mapping[str, Any]]) -> list[str]:
    """A call as lines of text that can be compared and read.

    Ids of tool calls are numbered in their order, dates of system messages are left out, arguments are given as what
    they mean, and tools by name.

    Args:
        messages: The thread.
        tools: The tools on offer.
    """
    ids: dict[str, str] = {}
    lines: list[str] = []
    for message in messages:
        lines += _message_lines(_undated(message), ids)
    for tool in sorted(tools, key=_tool_name):
        lines += ["", f"tool {_tool_name(tool)}:", *_json_lines(tool)]
    return lines


def _undated(message: Mapping[str, Any]) -> Mapping[str, Any]:
    content = message.get("content")
    if message.get("role") not in {"system", "developer"} or not isinstance(content, str):
        return message
    return {**message, "content": _DATE_LINE.sub(_ANY_DATE, content)}


def _message_lines(message: Mapping[str, Any], ids: dict[str, str]) -> list[str]:
    role = str(message.get("role"))
    answered = message.get("tool_call_id")
    lines = ["", f"{role} to {_numbered(answered, ids)}:" if answered is not None else f"{role}:"]
    for name, value in message.items():
        if value is None or value == [] or name in {"role", "tool_call_id"}:
            continue
        if name == "tool_calls":
            for call in value:
                lines += _call_lines(call, ids)
        elif name == "content" and isinstance(value, str):
            lines += [f"  {line}" for line in value.splitlines()]
        else:
            lines += [f"  {name}:", *_json_lines(value, "    ")]
    return lines


def _call_lines(call: Mapping[str, Any], ids: dict[str, str]) -> list[str]:
    function = call.get("function") or call.get("custom") or {}
    given = function.get("arguments", function.get("input"))
    try:
        meant = loads(given) if isinstance(given, str) else given
    except JsonError:
        meant = given
    return [f"  {_numbered(call.get('id'), ids)} calls {function.get('name')}", *_json_lines(meant, "    ")]


def _numbered(identity: object, ids: dict[str, str]) -> str:
    return ids.setdefault(str(identity), f"call {len(ids) + 1}")


def _tool_name(tool: Mapping[str, Any]) -> str:
    return str((tool.get("function") or tool.get("custom") or {}).get("name", ""))


def _json_lines(value: Any, indent: str = "  ") -> list[str]:
    """A value with each of its parts on a line of its own, so that a long one moves no other."""
    return [f"{indent}{line}" for line in json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False).splitlines()]
