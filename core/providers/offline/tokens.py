"""The offline provider's own tokens: words, single characters of scripts without spaces, and punctuation marks.

They are not any vendor's tokens; they give limits, usage and log probabilities something that can be counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["count", "count_messages", "pieces"]

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+|[^\w\s]")
_PIECE = re.compile(rf"\s+|[{_UNSPACED}]|[^\W{_UNSPACED}]+|[^\w\s]")


def pieces(text: str) -> list[str]:
    """Cut a text into tokens, each with the white space before it; joined, they are the text again."""
    found: list[str] = []
    space = ""
    for match in _PIECE.finditer(text):
        if match[0].isspace():
            space = match[0]
        else:
            found.append(space + match[0])
            space = ""
    if space:
        found.append(space)
    return found


def count(text: str) -> int:
    """How many tokens a text has."""
    return len(_TOKEN.findall(text))


def count_messages(values: Iterable[Any]) -> int:
    """How many tokens the texts of messages and tools have, member names left out."""
    total = 0
    waiting = list(values)
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            total += count(value)
        elif isinstance(value, Mapping):
            waiting.extend(item for key, item in value.items() if key not in _NOT_READ)
        elif isinstance(value, (list, tuple)):
            waiting.extend(value)
    return total


_NOT_READ = frozenset({"image_url", "input_audio", "file", "id", "tool_call_id", "type"})
"""Members whose text no model would read as words: bytes in base 64, addresses, ids."""
