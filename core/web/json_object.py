"""From the bytes of a body to a JSON object that may be walked."""

from __future__ import annotations

from typing import Any, Final

from ..errors import BadRequest
from ..jsontext import JsonError, JsonObject, loads

__all__ = ["MAX_DEPTH", "json_object"]

MAX_DEPTH: Final = 64
"""How deep lists and objects may nest: far below where anything that walks them recursively would give up."""


def json_object(body: bytes) -> JsonObject:
    """Read an object.

    Raises:
        BadRequest: Not strict JSON, no object, or nested too deeply.
    """
    if not body:
        raise BadRequest("The body is empty; send a JSON object.", code="invalid_json")
    try:
        asked = loads(body)
    except JsonError as error:
        raise BadRequest(f"The body is not JSON: {error}.", code="invalid_json") from None
    if not isinstance(asked, dict):
        raise BadRequest("The body must be a JSON object.", code="invalid_json")
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH:  # fewer brackets cannot nest that deeply
        _check_depth(asked)
    return asked


def _check_depth(value: JsonObject) -> None:
    """Level by level, since a walk that recurses is what this protects from."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return
    raise BadRequest(f"The body nests lists and objects more than {MAX_DEPTH} deep.", code="invalid_json")
