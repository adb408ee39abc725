"""Answers as JSON: any object, or one by a schema."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...jsontext import JsonObject, dumps_text
from .clauses import Clause, read_prompt
from .fill import Filler
from .phrase import facts, phrase_results
from .supply import Supply
from .thread import Thread

__all__ = ["structured_answer"]

_KEY = re.compile(r"[A-Za-z_][\w-]{0,60}\Z")
_LISTED = re.compile(
    r"\b(?:keys?|fields?|members?|properties|property|attributes?)\b[\s:]{1,3}(?:(?:called|named|are|is)\s)?"
    r"((?:[A-Za-z_][\w-]{0,60})(?:(?:\s?,\s?(?:and\s)?|\sand\s)[A-Za-z_][\w-]{0,60}){0,20})"
)


def structured_answer(wanted: Any, thread: Thread) -> str | None:
    """Answer by ``response_format``, in JSON; None when it asks for text."""
    kind = wanted.get("type") if isinstance(wanted, Mapping) else None
    if kind not in ("json_object", "json_schema"):
        return None
    told = "\n".join([*facts(thread.answered), thread.prompt])
    clause = read_prompt(told, thread.today).whole
    if kind == "json_object":
        return dumps_text(_any_object(clause, thread))
    inner = wanted.get("json_schema")
    schema = inner.get("schema") if isinstance(inner, Mapping) else None
    root = schema if isinstance(schema, Mapping) else {"type": "object"}
    return dumps_text(Filler(root, Supply(clause)).fill())


def _any_object(clause: Clause, thread: Thread) -> JsonObject:
    """An object with the keys that the prompt asks for, as far as that can be told."""
    supply = Supply(clause)
    keys: list[str] = []
    for item in clause.evidence:
        if item.kind == "quoted" and _KEY.match(str(item.value)):
            keys.append(str(item.value))
            supply.take(item)
    listed = _LISTED.search(clause.text)
    if listed and not keys:
        keys = re.split(r"\s?,\s?(?:and\s)?|\sand\s", listed[1])
        supply = Supply(read_prompt(clause.text[: listed.start()] + clause.text[listed.end() :]).whole)
    names = list(dict.fromkeys(keys)) or ["answer"]
    if thread.answered:
        return dict.fromkeys(names, phrase_results(thread.answered))
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in names}, "required": names}
    value: JsonObject = Filler(schema, supply).fill()
    return value
