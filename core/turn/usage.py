"""Tokens: as a provider reports them, and summed over the rounds of a turn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..jsontext import JsonObject
from .events import Usage

__all__ = ["read_usage", "sum_usage", "usage_object"]

_SEVERAL = 2
_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")


def read_usage(completion: Mapping[str, Any]) -> Usage | None:
    """Read the ``usage`` of a completion; None when the provider reports none, or no number that can be true."""
    usage = completion.get("usage")
    if type(usage) is not dict and not isinstance(usage, Mapping):
        return None
    prompt, answer, total = [
        count if isinstance(count, int) and not isinstance(count, bool) and count >= 0 else None
        for count in map(usage.get, _COUNTS)
    ]
    if prompt is answer is total is None:
        return None
    prompt, answer = prompt or 0, answer or 0
    details = {key: value for key, value in usage.items() if key not in _COUNTS and value is not None}
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=answer,
        total_tokens=total or prompt + answer,
        details=details or None,
    )


def sum_usage(parts: Iterable[Usage | None]) -> Usage | None:
    """Add up what is known; None when nothing is."""
    known = [part for part in parts if part is not None]
    if len(known) < _SEVERAL:
        return known[0] if known else None
    prompt = answer = total = 0
    details: JsonObject = {}
    for part in known:
        prompt += part.prompt_tokens
        answer += part.completion_tokens
        total += part.total_tokens
        if part.details:
            details = _added(details, part.details)
    return Usage(prompt_tokens=prompt, completion_tokens=answer, total_tokens=total, details=details or None)


def usage_object(usage: Usage) -> JsonObject:
    """The usage in the OpenAI protocol's form."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
        **(usage.details or {}),
    }


def _added(left: Mapping[str, Any], right: Mapping[str, Any]) -> JsonObject:
    """Add numbers member by member, at any depth; of anything else the later value stays."""
    both: JsonObject = dict(left)
    for key, value in right.items():
        before = both.get(key)
        if isinstance(value, Mapping):
            both[key] = _added(before if isinstance(before, Mapping) else {}, value)
        elif isinstance(value, (int, float)) and isinstance(before, (int, float)) and not isinstance(value, bool):
            both[key] = before + value
        else:
            both[key] = value
    return both
