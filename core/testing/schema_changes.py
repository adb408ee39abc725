"""What changed between two versions of tools, and whether it breaks whoever calls them.

A change is breaking when a call that was right may be wrong now, or mean something else; additive when all calls that
were right still are; cosmetic when only texts differ.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, TypeAlias

__all__ = ["tool_changes"]

_Schema: TypeAlias = Mapping[str, Any]

_TEXTS: Final = ("description", "title", "examples", "$comment")
_LEAST: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_MOST: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_CHOICES: Final = ("type", "enum", "anyOf", "oneOf")
_WIDER: Final = MappingProxyType({'"integer"': '"number"'})
_NESTED: Final = MappingProxyType({"properties": "the parameter", "$defs": "the definition"})


def tool_changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Compare name, description and parameters of tools.

    Args:
        before: The tools as they were, by id.
        now: The tools as they are.

    Yields:
        A line for each change, which begins with ``breaking``, ``additive`` or ``cosmetic``.
    """
    for tool in sorted(before.keys() | now.keys()):
        if tool not in now:
            yield f"breaking: the tool {tool} is gone"
        elif tool not in before:
            yield f"additive: the tool {tool} is new"
        else:
            old, new = before[tool], now[tool]
            if old.get("name") != new.get("name"):
                yield f"breaking: {tool} was called {old.get('name')!r}, and is called {new.get('name')!r}"
            yield from _text_changes(tool, old, new)
            yield from _schema_changes(tool, old.get("parameters") or {}, new.get("parameters") or {})


def _schema_changes(where: str, old: Any, new: Any) -> Iterator[str]:
    if old == new:
        return
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        yield f"breaking: {where} is {_short(new)} instead of {_short(old)}"
        return
    yield from _text_changes(where, old, new)
    if ("anyOf" in old) != ("anyOf" in new):
        yield from _taken(where, "anyOf", *map(_alternatives, (old, new)))
        yield from _other_changes(where, ("default",), old, new)
        return
    for key, what in _NESTED.items():
        yield from _member_changes(where, what, (old, new), key)
    yield from _required_changes(where, old, new)
    for key in _CHOICES:
        yield from _choice_changes(where, key, old, new)
    for key in (*_LEAST, *_MOST):
        yield from _limit_changes(where, key, old, new)
    yield from _schema_changes(f"each item of {where}", old.get("items", {}), new.get("items", {}))
    told = {*_TEXTS, *_NESTED, *_CHOICES, *_LEAST, *_MOST, "required", "items"}
    yield from _other_changes(where, sorted((old.keys() | new.keys()) - told), old, new)


def _other_changes(where: str, keys: Iterable[str], old: _Schema, new: _Schema) -> Iterator[str]:
    for key in keys:
        if old.get(key) != new.get(key):
            kind = "additive" if key == "default" and key not in old else "breaking"
            yield f"{kind}: {where} has {_shown(key, new)} instead of {_shown(key, old)}"


def _text_changes(where: str, old: _Schema, new: _Schema) -> Iterator[str]:
    for key in _TEXTS:
        if old.get(key) != new.get(key):
            verb = "reads" if key == "description" else f"has the {key.strip('$')}"
            yield f"cosmetic: {where} {verb} {new.get(key)!r} instead of {old.get(key)!r}"


def _member_changes(where: str, what: str, schemas: tuple[_Schema, _Schema], key: str) -> Iterator[str]:
    old, new = (schema.get(key) or {} for schema in schemas)
    for name in sorted(old.keys() | new.keys()):
        member = f"{what} {name!r} of {where}"
        if name not in new:
            yield f"breaking: {member} is gone"
        elif name in old:
            yield from _schema_changes(member, old[name], new[name])
        elif key == "properties" and name in schemas[1].get("required", ()):
            yield f"breaking: {member} is new, and required"
        else:
            yield f"additive: {member} is new"


def _required_changes(where: str, old: _Schema, new: _Schema) -> Iterator[str]:
    both = (old.get("properties") or {}).keys() & (new.get("properties") or {}).keys()
    for name in sorted(both):
        before, now = (name in schema.get("required", ()) for schema in (old, new))
        if before != now:
            how = "breaking" if now else "additive"
            yield f"{how}: the parameter {name!r} of {where} is {'required' if now else 'optional'} now"


def _choice_changes(where: str, key: str, *both: _Schema) -> Iterator[str]:
    """One of several: more of them is additive, fewer is breaking; none at all means that anything goes."""
    old, new = both
    if old.get(key) == new.get(key):
        return
    if key not in new or key not in old:
        kind = "additive" if key not in new else "breaking"
        yield f"{kind}: {where} has {_shown(key, new)} instead of {_shown(key, old)}"
        return
    yield from _taken(where, key, *(schema[key] if isinstance(schema[key], list) else [schema[key]] for schema in both))


def _alternatives(schema: _Schema) -> Sequence[Any]:
    """What a schema takes, as the alternatives of one that has several: ``int`` may have become ``int | None``."""
    core = {key: value for key, value in schema.items() if key not in {*_TEXTS, "default"}}
    return core["anyOf"] if core.keys() == {"anyOf"} else [core]


def _taken(where: str, key: str, old: Sequence[Any], new: Sequence[Any]) -> Iterator[str]:
    before, now = ([json.dumps(choice, sort_keys=True) for choice in choices] for choices in (old, new))
    lost = [text for text in before if text not in now and _WIDER.get(text) not in now]
    more = [text for text in now if text not in before]
    if lost:
        yield f"breaking: {where} takes {', '.join(map(_clipped, lost))} no more ({key})"
    if more:
        yield f"additive: {where} takes {', '.join(map(_clipped, more))}, too ({key})"


def _limit_changes(where: str, key: str, old: _Schema, new: _Schema) -> Iterator[str]:
    before, now = old.get(key), new.get(key)
    if before == now:
        return
    wider = now is None or (before is not None and (now < before if key in _LEAST else now > before))
    yield f"{'additive' if wider else 'breaking'}: {where} has {_shown(key, new)} instead of {_shown(key, old)}"


def _shown(key: str, schema: _Schema) -> str:
    return f"{key} {_short(schema[key])}" if key in schema else f"no {key}"


def _short(value: Any) -> str:
    return _clipped(json.dumps(value, ensure_ascii=False, sort_keys=True))


def _clipped(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}…"
