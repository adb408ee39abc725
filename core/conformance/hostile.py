"""Arguments as nobody should send them: texts that are no JSON, values of wrong types, extremes of every kind."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..jsontext import JsonObject
from .texts import AWKWARD

__all__ = ["HostileCall", "hostile_calls"]

_HUGE = 200_000
"""Characters of a huge text."""
_DEEP = 5_000
"""Levels of a deeply nested value."""
_WRONG: tuple[Any, ...] = (None, True, False, 0, -1, 10**30, -(10**30), 1.5, 1e308, "", "null", [], [[]], {}, {"a": 1})


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileCall:
    """One call that nobody should make.

    Attributes:
        what: What is wrong with it, in a few words.
        raw: The text of its arguments, as a model would write it; may hold lone surrogates.
    """

    what: str
    raw: str


def hostile_calls(schema: Mapping[str, Any], valid: JsonObject) -> Iterator[HostileCall]:
    """Make hostile calls of a valid one.

    Args:
        schema: The schema of the tool.
        valid: Arguments that fit it.

    Yields:
        The calls, those that are no JSON first. Some may happen to fit the schema.
    """
    yield from _no_objects(valid)
    yield HostileCall(what="an extra member", raw=_text({**valid, "promptdock_no_such_parameter": 1}))
    yield HostileCall(what="an extra member without a name", raw=_text({**valid, "": None}))
    yield HostileCall(what="the members of a class", raw=_text({**valid, "__class__": {"__init__": {}}, "self": 1}))
    for name in valid:
        without = {key: value for key, value in valid.items() if key != name}
        yield HostileCall(what=f"{name} is missing", raw=_text(without))
    for name, part in schema.get("properties", {}).items():
        yield from _wrong_members(name, part, valid)


def _no_objects(valid: JsonObject) -> Iterator[HostileCall]:
    whole = _text(valid)
    yield HostileCall(what="half of the text", raw=whole[: len(whole) // 2] or "{")
    yield HostileCall(what="no JSON", raw="calculate it, please")
    yield HostileCall(what="two objects", raw=whole + whole)
    yield HostileCall(what="a text around the object", raw=f"```json\n{whole}\n```")
    yield HostileCall(what="single quotes", raw=repr(valid))
    for raw in ("null", "true", "[]", "[{}]", '""', "0", "NaN", "\x00", "\ufeff{}"):
        yield HostileCall(what=f"{raw!r} instead of an object", raw=raw)
    yield HostileCall(what="a deeply nested array", raw="[" * _DEEP + "]" * _DEEP)
    yield HostileCall(what="a lone surrogate as a name", raw='{"\\ud800": 1}')


def _wrong_members(name: str, part: Any, valid: JsonObject) -> Iterator[HostileCall]:
    for value in _WRONG:
        yield HostileCall(what=f"{name} is {value!r}", raw=_text({**valid, name: value}))
    for value in AWKWARD:
        yield HostileCall(what=f"{name} is the text {value[:40]!r}", raw=_text({**valid, name: value}))
    rest = {key: value for key, value in valid.items() if key != name}
    for what, written in (
        ("NaN", "NaN"),
        ("Infinity", "-Infinity"),
        ("a number of 5,000 digits", "9" * 5000),
        ("a number that is out of range", "1e999"),
        ("a lone surrogate", '"\\udfff\\ud800"'),
        ("a raw surrogate", '"\ud800"'),
        ("a deeply nested array", "[" * _DEEP + "]" * _DEEP),
        ("a deeply nested object", '{"a":' * _DEEP + "1" + "}" * _DEEP),
        ("a huge text", json.dumps("a" * _HUGE)),
        ("a huge text of brackets", json.dumps("(" * _HUGE)),
        ("a huge text of words", json.dumps("\u202e1 + " * (_HUGE // 5))),
        ("a huge array", json.dumps([0] * (_HUGE // 10))),
    ):
        yield HostileCall(what=f"{name} is {what}", raw=_with_written(rest, name, written))
    if isinstance(part, Mapping) and isinstance(valid.get(name), (list, dict)):
        for value in _WRONG:
            yield HostileCall(what=f"{name} holds {value!r}", raw=_text({**valid, name: _holding(valid[name], value)}))


def _holding(holder: Any, value: Any) -> Any:
    changed = copy.deepcopy(holder)
    if isinstance(changed, list):
        return [value, *changed[1:]]
    for key in changed or {"a": None}:
        changed[key] = value
        break
    return changed


def _with_written(rest: JsonObject, name: str, written: str) -> str:
    others = "".join(f"{json.dumps(key)}: {_text(value)}, " for key, value in rest.items())
    return f"{{{others}{json.dumps(name)}: {written}}}"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
