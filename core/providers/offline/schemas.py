"""Reading JSON Schemas: references, alternatives, and what a property's name and description say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .keywords import sound
from .words import content_stems, kin, split_name, stem, word_list

__all__ = ["Subject", "alternatives", "resolved", "subject_of", "type_of"]

_MOST_STEPS = 16
_MOST_DESCRIBED = 2_000


@dataclass(frozen=True, slots=True)
class Subject:
    """What a value is about.

    Attributes:
        name: The property's name.
        name_stems: Stems of the words of the name.
        described: Stems of the words of title and description that the name does not have.
        stems: Both.
        kin: The stems of the name, and of words that mean much the same.
    """

    name: str = ""
    name_stems: frozenset[str] = frozenset()
    described: frozenset[str] = frozenset()
    stems: frozenset[str] = frozenset()
    kin: frozenset[str] = frozenset()

    def about(self, words: frozenset[str]) -> bool:
        """Whether the name or the description has one of these words."""
        return not self.stems.isdisjoint(_stem_set(words))

    def named(self, words: frozenset[str]) -> bool:
        """Whether the name has one of these words."""
        return not self.name_stems.isdisjoint(_stem_set(words))


@lru_cache(maxsize=64)
def _stem_set(words: frozenset[str]) -> frozenset[str]:
    return frozenset(stem(word) for word in words)


def subject_of(name: str, schema: Mapping[str, Any]) -> Subject:
    """Say what a property is about, by its name, title and description."""
    own = frozenset(stem(word) for word in split_name(name))
    described = " ".join(str(schema.get(key) or "") for key in ("title", "description"))[:_MOST_DESCRIBED]
    near = frozenset(other for word in own for other in kin(word))
    told = content_stems(word_list(described)) - own
    return Subject(name, own, told, own | told, near)


def resolved(schema: Any, root: Mapping[str, Any]) -> dict[str, Any]:
    """Follow ``$ref`` and merge ``allOf``, within this document and a bounded number of steps.

    Returns:
        The merged schema, of which every keyword of this level makes sense.
    """
    merged: dict[str, Any] = {}
    waiting = [schema]
    for _ in range(_MOST_STEPS):
        if not waiting:
            break
        part = sound(waiting.pop(0))
        if "$ref" in part:
            waiting.append(_pointed_at(part["$ref"], root))
        waiting.extend(part.get("allOf", ()))
        _merge(merged, part)
    return merged


def _merge(merged: dict[str, Any], part: Mapping[str, Any]) -> None:
    for key, value in part.items():
        if key in ("$ref", "allOf"):
            continue
        held = merged.get(key)
        if key == "properties" and held is not None:
            merged[key] = {**held, **value}
        elif key == "required" and held is not None:
            merged[key] = [*held, *(name for name in value if name not in held)]
        else:
            merged.setdefault(key, value)


def _pointed_at(reference: str, root: Mapping[str, Any]) -> Any:
    if not reference.startswith("#"):
        return {}
    here: Any = root
    for step in reference[1:].split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(here, Mapping):
            here = here.get(key)
        elif isinstance(here, list) and key.isdecimal() and len(key) < 9 and int(key) < len(here):
            here = here[int(key)]
        else:
            return {}
    return here


def alternatives(schema: Mapping[str, Any], root: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The schemas that a value may choose from (``anyOf``, ``oneOf``, a list of types); none if there is no choice."""
    for key in ("anyOf", "oneOf"):
        branches = schema.get(key)
        if branches:
            outer = {name: value for name, value in schema.items() if name not in ("anyOf", "oneOf", "default")}
            return [resolved({"allOf": [branch, outer]}, root) for branch in branches[:_MOST_STEPS]]
    types = schema.get("type")
    if isinstance(types, list) and "enum" not in schema and "const" not in schema:
        return [{**schema, "type": one} for one in types[:_MOST_STEPS]]
    return []


def type_of(schema: Mapping[str, Any]) -> str:
    """The JSON type that a schema asks for; a guess by its keywords when it does not say."""
    written = schema.get("type")
    if isinstance(written, str):
        return written
    guesses = (("properties", "object"), ("items", "array"), ("prefixItems", "array"), ("minimum", "number"))
    return next((kind for key, kind in guesses if key in schema), "string")
