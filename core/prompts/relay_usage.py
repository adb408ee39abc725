"""Reading the tokens that providers report, in each of the forms that the OpenAI protocol has for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ..jsontext import JsonError, loads, loads_some
from ..turn.events import Usage

__all__ = ["usage_in", "usage_near", "usage_of"]

_PROMPT: Final = ("prompt_tokens", "input_tokens")
_ANSWER: Final = ("completion_tokens", "output_tokens")
_TOTAL: Final = "total_tokens"
_KNOWN: Final = frozenset({*_PROMPT, *_ANSWER, _TOTAL})
_HOLDERS: Final = ("response", "x_groq")
"""Members that hold the usage of a stream's event."""
# in JSON the quotes of a text are escaped, so that no text of a model's looks like this member
_MEMBER: Final = re.compile(rb'"usage"\s*:\s*(\{(?:[^{}]|\{[^{}]*\})*\})')


class _Told(msgspec.Struct):
    """What is read of a reply's text."""

    usage: Any = None
    response: msgspec.Raw = msgspec.Raw()
    x_groq: msgspec.Raw = msgspec.Raw()


def usage_in(reply: object) -> Usage | None:
    """Read the usage of a reply, or of an event of one; None when it reports no tokens.

    Args:
        reply: Decoded JSON: a chat completion or a chunk of one, embeddings, a response or an event of one.
    """
    if not isinstance(reply, Mapping):
        return None
    found = _usage(reply.get("usage"))
    for name in _HOLDERS:
        holder = reply.get(name)
        if found is None and isinstance(holder, Mapping):
            found = _usage(holder.get("usage"))
    return found


def usage_of(text: bytes | bytearray) -> Usage | None:
    """The same of JSON text, of which only the usage is decoded.

    Raises:
        JsonError: It is no JSON object.
    """
    told = loads_some(text, _Told)
    found = _usage(told.usage)
    for holder in (told.response, told.x_groq):
        if found is None and memoryview(holder)[:1].tobytes() == b"{":
            found = _usage(loads_some(holder, _Told).usage)
    return found


def usage_near(text: bytes) -> Usage | None:
    """Find the last usage in a part of a JSON text, for replies that are too large to be read as a whole."""
    for found in reversed(list(_MEMBER.finditer(text))):
        try:
            usage = _usage(loads(found[1]))
        except JsonError:
            continue
        if usage is not None:
            return usage
    return None


def _usage(value: Any) -> Usage | None:
    if not isinstance(value, Mapping):
        return None
    prompt, answer = _first(value, _PROMPT), _first(value, _ANSWER)
    total = _first(value, (_TOTAL,))
    if prompt is None and answer is None:
        if total is None:
            return None
        prompt = total
    counted = (prompt or 0) + (answer or 0)
    details = {name: item for name, item in value.items() if name not in _KNOWN and item is not None}
    return Usage(
        prompt_tokens=prompt or 0,
        completion_tokens=answer or 0,
        total_tokens=total or counted,
        details=details or None,
    )


def _first(value: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    for name in names:
        count = value.get(name)
        if type(count) is int and count >= 0:  # true and false are no numbers here
            return count
    return None
