"""Texts and lists as TOML writes them."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["toml_list", "toml_string"]

_LONGEST_LINE = 100
_ESCAPES = {'"': '\\"', "\\": "\\\\"}


def toml_string(text: str) -> str:
    """A text in double quotes; what does not print is written as an escape."""
    return '"' + "".join(map(_character, text)) + '"'


def _character(character: str) -> str:
    if character.isprintable():
        return _ESCAPES.get(character, character)
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def toml_list(texts: Sequence[str]) -> str:
    """A list of texts, on one line if it fits there."""
    items = [toml_string(text) for text in texts]
    line = f"[{', '.join(items)}]"
    if len(line) <= _LONGEST_LINE:
        return line
    return "[\n" + "".join(f"    {item},\n" for item in items) + "]"
