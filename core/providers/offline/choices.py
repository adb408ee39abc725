"""Values that are chosen, not found: members of an enumeration, and yes or no."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .schemas import Subject
from .supply import Supply
from .words import content_stems, kin, split_name, stem, stems, word_list, word_set

__all__ = ["chosen", "presumed", "scored", "yes_or_no"]

MENTIONED = 60
"""Score of a value whose words stand in the prompt."""
_DESCRIBED = 20
"""Score of a value whose words in the description stand in the prompt."""
_RELATED = 30
"""Score of a value that the prompt has a related word for."""
_HINTED = 10
"""Score of a value that the prompt has a part or a form of: too little for what is optional."""
_NEUTRAL = word_set("any all none other others unspecified unknown undefined default auto automatic dontcare")
_DEFAULT = re.compile(r"\bdefaults?(?: value)?(?: is| to|:|=)? ['\"“`]?(-?\w[\w.-]{0,60})", re.IGNORECASE)
_SHORTEST = 4
"""Letters that two words share at their beginning to be forms of one: rent, rental."""
_SPAN = re.compile(r"\bfrom\b.{1,60}\b(?:to|until|till)\b|\bbetween\b", re.IGNORECASE | re.DOTALL)
_NO = word_set("no not without don't dont false off disable disabled never exclude excluding skip")
_YES = word_set("yes true on enable enabled with include including")


def chosen(values: Sequence[Any], schema: Mapping[str, Any], supply: Supply, *, required: bool = True) -> list[Any]:
    """The member of an enumeration that the clause speaks of most, as a list of one; empty when it speaks of none."""
    ranked = sorted(scored(values, schema, supply), key=lambda pair: -pair[0])
    return [ranked[0][1]] if ranked and ranked[0][0] > (0 if required else _HINTED) else []


def presumed(schema: Mapping[str, Any]) -> list[Any]:
    """The value that holds when nothing is said, as a list of one: by the description, or by its own meaning."""
    values = list(schema.get("enum", ()))
    told = _DEFAULT.search(str(schema.get("description") or "")[:2000])
    if told:
        named = told[1].rstrip(".").casefold()
        if values:
            return [value for value in values if str(value).casefold() == named][:1]
        kind = schema.get("type")
        if kind in ("integer", "number") and re.fullmatch(r"-?\d{1,15}", named):
            return [int(named)]
    return [value for value in values if str(value).casefold().replace("'", "") in _NEUTRAL][:1]


def scored(values: Sequence[Any], schema: Mapping[str, Any], supply: Supply) -> list[tuple[int, Any]]:
    """The members of an enumeration with what speaks for each, in the schema's order."""
    text = supply.clause.text
    apart = _SPAN.search(text) or any(item.origin == "implied" for item in supply.clause.evidence)
    said = set(stems(text)) | ({stem("between"), stem("difference")} if apart else set())
    numbers = {item.value for item in supply.left() if item.kind == "number"}
    described = schema.get("description", "")[:2000]
    found: list[tuple[int, Any]] = []
    for value in values[:200]:
        if isinstance(value, str) and value:
            score = _said(value, text, said)
            if score < MENTIONED:
                score += _described(value, values, described, supply.clause.stems - supply.hidden)
            found.append((score, value))
        else:
            found.append((100 if _is_number(value) and value in numbers else 0, value))
    return found


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _said(value: str, text: str, said: set[str]) -> int:
    flags = 0 if len(value) < 4 and value.isupper() else re.IGNORECASE  # "US" is not in "tell us"
    if re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text, flags):
        return 100
    if flags == 0:
        return 0
    parts = [stem(word) for word in split_name(value)]
    if parts and all(part in said for part in parts):
        return MENTIONED
    if parts and all(not said.isdisjoint(kin(part)) for part in parts):
        return _RELATED
    return _HINTED if any(_is_form(part, word) for part in parts for word in said) else 0


def _is_form(part: str, word: str) -> bool:
    """Whether two stems are one word, or forms of one."""
    short, long = sorted((part, word), key=len)
    return len(short) >= _SHORTEST and long.startswith(short) and len(long) - len(short) < _SHORTEST


def _described(value: str, values: Sequence[Any], description: str, said: frozenset[str]) -> int:
    """What a description says of one value: the words from the value to the next value or mark."""
    at = re.search(rf"(?<!\w){re.escape(value)}(?!\w)", description)
    if at is None:
        return 0
    rest = re.split(r"[,;.\n|]", description[at.end() :], maxsplit=1)[0][:200]
    others = {stem(word) for other in values if isinstance(other, str) for word in split_name(other)}
    return _DESCRIBED if (content_stems(word_list(rest)) - others) & said else 0


def yes_or_no(subject: Subject, supply: Supply) -> bool | None:
    """Whether the clause asks for a property, refuses it, or says nothing of it."""
    words = word_list(supply.clause.text)
    own = {word for word in subject.name_stems if word not in {"is", "has", "be", "us"} and len(word) > 2}
    for place, word in enumerate(words):
        if stem(word) in own:
            around = {*words[max(0, place - 3) : place], *words[place + 1 : place + 3]}
            return not around & _NO
    if len(words) < 4 and (set(words) & (_YES | _NO)):
        return not set(words) & _NO
    return None
