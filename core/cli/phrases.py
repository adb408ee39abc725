"""How numbers, calls and results read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..jsontext import JsonError, dumps_text, loads
from ..plaintext import one_line, shorten

__all__ = ["arguments_phrase", "count_phrase", "result_phrase", "time_phrase"]

_LONGEST_ARGUMENT = 120
_LONGEST_RESULT = 300


def time_phrase(ms: float) -> str:
    """Milliseconds as a person reads them."""
    if ms >= 1000:
        return f"{ms / 1000:.1f} s"
    return f"{ms:.0f} ms" if ms >= 10 else f"{ms:.1f} ms"


def count_phrase(number: int, noun: str) -> str:
    """A number with its noun, e.g. ``1 tool`` and ``2 tools``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def arguments_phrase(arguments: Mapping[str, Any] | None, written: str) -> str:
    """Arguments as they would stand in a call.

    Args:
        arguments: Decoded, or None when they could not be read.
        written: As the model wrote them; shown when they could not be read.
    """
    if arguments is None:
        return one_line(shorten(written, _LONGEST_ARGUMENT))
    return ", ".join(f"{one_line(str(name))}={_value(value)}" for name, value in arguments.items())


def _value(value: Any) -> str:
    try:
        text = dumps_text(value)
    except JsonError:
        text = repr(value)
    return one_line(shorten(text, _LONGEST_ARGUMENT))


def result_phrase(content: str, error: str | None) -> str:
    """What a tool answered, in one line; of an error its code and message."""
    try:
        value = loads(content)
    except JsonError:
        value = content
    if error is not None and isinstance(value, Mapping) and isinstance(value.get("error"), Mapping):
        content = f"{error}: {value['error'].get('message', '')}"
    elif isinstance(value, str):
        content = value
    return one_line(shorten(content, _LONGEST_RESULT))
