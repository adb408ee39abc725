"""Strict JSON, in and out.

Python's own ``json`` module reads ``NaN`` and ``Infinity``, keeps lone surrogates that cannot be sent on, and recurses
until the interpreter stops it. ``msgspec`` refuses the first two by itself; this module gives every refusal one error.
"""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar

import msgspec

__all__ = [
    "JsonError",
    "JsonObject",
    "dumps",
    "dumps_text",
    "loads",
    "loads_loosely",
    "loads_members",
    "loads_some",
    "well_formed",
]

T = TypeVar("T")

JsonObject: TypeAlias = dict[str, Any]
"""A JSON object: string keys, JSON values."""


class JsonError(ValueError):
    """The text is not JSON (RFC 8259), or the value cannot be written as JSON."""


def loads(text: str | bytes | bytearray | msgspec.Raw) -> Any:
    """Read one JSON value.

    Args:
        text: JSON text; bytes must be UTF-8.

    Returns:
        The value, made of dict, list, str, int, float, bool and None.

    Raises:
        JsonError: Not JSON, not UTF-8, a number out of range, a lone surrogate, or nested too deeply.
    """
    try:
        return msgspec.json.decode(text)
    except RecursionError:
        raise JsonError("nested too deeply") from None
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise JsonError(str(error)) from None


def loads_members(text: bytes | bytearray | msgspec.Raw) -> dict[str, msgspec.Raw]:
    """Read one JSON object, its members as they are written: for those who want a few of many.

    Returns:
        The members' JSON by name, each for :func:`loads`.

    Raises:
        JsonError: No JSON object; the texts within its members are not looked into.
    """
    return loads_some(text, dict[str, msgspec.Raw])


def loads_some(text: bytes | bytearray | msgspec.Raw, members: type[T]) -> T:
    """Read those members of one JSON object that a struct has: for those who know beforehand which they want.

    Returns:
        The struct; the others' texts are not looked into.

    Raises:
        JsonError: No JSON object, or a member of the struct is no JSON.
    """
    try:
        return msgspec.json.decode(text, type=members)
    except RecursionError:
        raise JsonError("nested too deeply") from None
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise JsonError(str(error)) from None


def loads_loosely(text: bytes) -> Any:
    """Read what some programs take for JSON: also ``NaN``, a byte order mark, lone surrogates, bytes that are no UTF-8.

    For copies of what is passed on as it is; the value may hold what :func:`dumps` refuses.

    Raises:
        JsonError: Not even that, or nested too deeply.
    """
    try:
        return loads(text)
    except JsonError:
        pass
    import json

    try:
        return json.loads(text.decode(json.detect_encoding(text), "replace"))
    except RecursionError:
        raise JsonError("nested too deeply") from None
    except ValueError as error:
        raise JsonError(str(error)) from None


def dumps(value: object) -> bytes:
    """Write a value as compact UTF-8 JSON.

    Raises:
        JsonError: The value holds something that JSON has no form for, or is nested too deeply.
    """
    try:
        return msgspec.json.encode(value)
    except RecursionError:
        raise JsonError("nested too deeply") from None
    except (TypeError, ValueError, msgspec.MsgspecError) as error:
        raise JsonError(str(error)) from None


def dumps_text(value: object) -> str:
    """Like :func:`dumps`, as text."""
    try:
        return msgspec.json.encode(value).decode()
    except Exception:  # noqa: BLE001  (the other one says it in our words)
        return dumps(value).decode()


def well_formed(text: str) -> str:
    """Foreign text as valid Unicode: a lone surrogate, which no JSON can carry, becomes a question mark."""
    return text.encode("utf-8", "replace").decode()
