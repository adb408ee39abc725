"""Putting results of tools into words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ...jsontext import JsonError, JsonObject, loads
from .expressions import find_expressions
from .thread import Answered
from .words import split_name

__all__ = ["facts", "phrase_results"]

_VERB = re.compile(r"(?:get|fetch|retrieve)\s(?=\w)")
_NUMBER = re.compile(r"[-−]?\d[\d.,]*(?:e[-+]?\d+)?", re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?|today|tomorrow|yesterday", re.IGNORECASE)
_MOST_TEXT = 600
_MOST_MEMBERS = 12
_MOST_LISTED = 6
_BARE = frozenset({"result", "value", "output", "answer", "data"})
"""Names of members that say nothing beyond their value."""


def phrase_results(answered: Sequence[Answered]) -> str:
    """Say what tools have answered, one sentence for each call."""
    return " ".join(_sentence(call) for call in answered)


def facts(answered: Sequence[Answered]) -> list[str]:
    """What tools have answered, as lines of ``name: value``."""
    found: list[str] = []
    for call in answered:
        value = _read(call.result)
        if isinstance(value, dict):
            plain = {key: item for key, item in value.items() if isinstance(item, (str, int, float))}
            found += [f"{key}: {_said(item)}" for key, item in list(plain.items())[:_MOST_MEMBERS]]
        else:
            found.append(_said(value))
    return found


def _sentence(call: Answered) -> str:
    name = _VERB.sub("", " ".join(split_name(call.name))) or call.name
    subject = _subject(call.arguments)
    value = _read(call.result)
    error = _error(value)
    if error is not None:
        return _closed(f"The tool {name} failed{f' for {subject}' if subject else ''}: {error}")
    return _closed(_stated(name, subject, call.arguments, _said(value) or "nothing"))


def _stated(name: str, subject: str, arguments: JsonObject | None, said: str) -> str:
    """A result with what it is the result of: arithmetic equals it, two dates span it, else the tool gives it."""
    if _is_arithmetic(subject):
        return f"{subject} is {said}" if _NUMBER.fullmatch(said) else f"{subject}: {said}"
    span = next((value for value in (arguments or {}).values() if _is_span(value)), None)
    if span is not None:
        return f"From {span[0]} to {span[1]}: {said}"
    title = name[:1].upper() + name[1:]
    return f"{title} for {subject}: {said}" if subject else f"{title}: {said}"


def _is_arithmetic(subject: str) -> bool:
    found = next(find_expressions(subject), None)
    return found is not None and found[:2] == (0, len(subject)) and not _DAY.fullmatch(subject)


def _is_span(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(_DAY.fullmatch(str(item)) for item in value)


def _closed(text: str) -> str:
    return text if text.endswith((".", "!", "?", "。")) else text + "."


def _subject(arguments: JsonObject | None) -> str:
    """What a call was about: the first argument that is short enough to repeat."""
    for value in (arguments or {}).values():
        listed = value if isinstance(value, list) else [value]
        if listed and all(isinstance(item, (str, int, float)) and not isinstance(item, bool) for item in listed):
            text = _joined([str(item) for item in listed[:_MOST_LISTED]])
            if 0 < len(text) <= 80 and "\n" not in text:
                return text
    return ""


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def _read(result: str) -> Any:
    text = result.strip()
    try:
        value = loads(text) if text[:1] in ("{", "[", '"') else text
    except JsonError:
        value = text
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _error(value: Any) -> str | None:
    if isinstance(value, str) and value.lower().startswith("error"):
        return _short(value.partition(":")[2].strip() or value)
    if not isinstance(value, dict) or not value.get("error"):
        return None
    error = value["error"]
    if isinstance(error, dict):
        return _short(str(error.get("message") or error.get("code") or "no reason given"))
    return _short(str(error))


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _MOST_TEXT else text[: _MOST_TEXT - 1].rstrip() + "…"


def _said(value: Any, depth: int = 0) -> str:
    if isinstance(value, dict):
        return _members(value, depth)
    if isinstance(value, list):
        return _list(value)
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return _short(str(value))


def _list(values: list[Any]) -> str:
    if not values:
        return "nothing"
    plain = not any(isinstance(value, (dict, list)) for value in values)
    if plain and len(values) <= _MOST_LISTED:
        return _joined([_said(value) for value in values])
    if plain:
        return f"{_joined([_said(value) for value in values[:3]])} and {len(values) - 3} more"
    return f"{len(values)} entries"


def _members(value: JsonObject, depth: int) -> str:
    if len(value) == 1 and next(iter(value)).lower() in _BARE:
        return _said(next(iter(value.values())), depth)
    parts: list[str] = []
    for key, item in list(value.items())[:_MOST_MEMBERS]:
        name = key.replace("_", " ")
        if item is None:
            continue
        if isinstance(item, dict) and item:
            parts.append(f"{name} ({_said(item, depth + 1)})" if depth < 2 else f"{name} with {len(item)} values")
        else:
            parts.append(f"{name} {_said(item, depth + 1)}")
    if len(value) > _MOST_MEMBERS:
        parts.append(f"and {len(value) - _MOST_MEMBERS} more values")
    return ", ".join(parts) or "nothing"
