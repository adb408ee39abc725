"""How well a piece of evidence suits a value: the scores behind the choice of arguments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .dates import iso_date
from .evidence import Evidence, Kind
from .limits import matching
from .schemas import Subject, type_of
from .supply import Supply
from .words import stem, word_set

__all__ = ["ENOUGH", "Fit", "fit", "is_expression", "is_free_text", "is_place", "is_placed"]

ENOUGH = 20
"""Evidence that scores less is not used."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A value that could be made of a piece of evidence.

    Attributes:
        score: How well it suits; higher is better.
        value: The value.
        specific: Whether name, description or format ask for just this, so that an optional property may take it.
    """

    score: int
    value: Any
    specific: bool


_DATE = word_set("date day when deadline birthday until time checkin checkout")
_EXPRESSION = word_set("expression formula equation arithmetic calculation calculate math")
_URL = word_set("url uri link website webpage page site endpoint homepage")
_EMAIL = word_set("email mail recipient sender cc bcc")
_PLACE = word_set("location city place country town region address state destination origin area")
_CODE = word_set("id code identifier number reference key symbol version phone zip sku")
_FREE_TEXT = word_set(
    "query question text message prompt sentence content body input search description request task instruction comment"
)
_MATCHING: dict[Kind, tuple[frozenset[str], int, int]] = {
    "date": (_DATE, 90, 15),
    "expression": (_EXPRESSION, 95, 5),
    "email": (_EMAIL, 90, 25),
    "url": (_URL, 90, 25),
    "code": (_CODE, 65, 18),
    "number": (_CODE, 45, 12),
}
_FORMATS: dict[str, Kind] = {
    "date": "date",
    "date-time": "date",
    "time": "date",
    "email": "email",
    "idn-email": "email",
    "uri": "url",
    "url": "url",
    "iri": "url",
    "uri-reference": "url",
}
_PLACE_LEADS = frozenset({"in", "at", "near", "for", "to", "from", "of", "around"})
_ROLES = {"from": "source", "to": "target", "until": "target", "into": "target"}


def is_free_text(subject: Subject) -> bool:
    """Whether a text may say anything, so that a whole sentence suits."""
    return subject.named(_FREE_TEXT)


def is_expression(subject: Subject) -> bool:
    """Whether an arithmetic expression is asked for."""
    return subject.about(_EXPRESSION)


def is_place(subject: Subject) -> bool:
    """Whether a place is asked for."""
    return subject.about(_PLACE)


def is_placed(item: Evidence) -> bool:
    """Whether a piece is a name that the word before makes a place: "in Oslo"."""
    return item.kind == "name" and item.lead in _PLACE_LEADS


def fit(item: Evidence, schema: Mapping[str, Any], subject: Subject, supply: Supply) -> Fit | None:
    """Judge a piece of evidence as a scalar's value.

    Args:
        item: The evidence.
        schema: Schema of the scalar, resolved, without alternatives.
        subject: What the scalar is about.
        supply: Where the evidence stands.

    Returns:
        The value and its score, or None when it does not suit at all.
    """
    kind = type_of(schema)
    near = supply.near(item, subject.name_stems)
    described = supply.near(item, subject.described)
    if kind in ("integer", "number"):
        return _number(item, schema, near, described)
    if kind != "string":
        return None
    if "pattern" in schema and matching(schema["pattern"], [str(item.value)]) is None:
        return None
    found = _by_format(item, schema) if schema.get("format") in _FORMATS else _text(item, subject)
    if found is None:
        return None
    role = _role(item, subject)
    score = found.score + 12 * near + 4 * described + 25 * role
    return Fit(score, found.value, found.specific or near > 1 or role > 0)


def _number(item: Evidence, schema: Mapping[str, Any], near: int, described: int) -> Fit | None:
    value = _figures(item)
    if value is None:
        return None
    if type_of(schema) == "integer":
        if value != int(value):
            return None
        value = int(value)
    score = 60 + 12 * near + 4 * described - (35 if not _in_range(value, schema) else 0)
    return Fit(score, value, near > 0 or described > 1)


def _figures(item: Evidence) -> int | float | None:
    """The number that a piece is, in quotes or without."""
    if item.kind == "quoted" and re.fullmatch(r"-?\d{1,15}(?:\.\d{1,15})?", str(item.value)):
        return float(item.value) if "." in str(item.value) else int(item.value)
    return item.value if item.kind == "number" and not isinstance(item.value, str) else None


def _in_range(value: float, schema: Mapping[str, Any]) -> bool:
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    return not (
        (low is not None and value < low)
        or (high is not None and value > high)
        or (above is not None and value <= above)
        or (below is not None and value >= below)
    )


def _by_format(item: Evidence, schema: Mapping[str, Any]) -> Fit | None:
    if item.kind != _FORMATS[schema["format"]]:
        return None
    value = str(item.value)
    if schema["format"] == "date":
        whole = iso_date(value)
        return Fit(100, whole, specific=True) if whole else None
    if schema["format"] == "date-time" and "T" not in value.upper():
        whole = iso_date(value)
        return Fit(100, f"{whole}T00:00:00Z", specific=True) if whole else None
    return Fit(100, value, specific=True)


def _text(item: Evidence, subject: Subject) -> Fit | None:
    if item.kind in _MATCHING:
        words, asked, otherwise = _MATCHING[item.kind]
        matches = subject.about(words)
        return Fit(asked if matches else otherwise, str(item.value), matches and item.kind != "number")
    score: int = {"quoted": 70, "name": 22 if item.weak else 50, "phrase": 30}[item.kind]
    if item.kind != "quoted":
        score -= 40 * is_expression(subject) + 30 * subject.named(_DATE)
        score -= 20 * (item.kind == "name" and is_free_text(subject))
    placed = is_place(subject) and item.lead in _PLACE_LEADS
    score += 8 * (placed and item.kind in ("name", "phrase"))
    return Fit(score, str(item.value), placed and item.kind == "name")


def _role(item: Evidence, subject: Subject) -> int:
    """1 when the word before fits the side that is asked for (from, to), -1 when it is the other side's."""
    wanted = {word for word, role in _ROLES.items() if stem(role) in subject.kin or word in subject.name_stems}
    if not wanted or item.lead not in _ROLES:
        return 0
    return 1 if item.lead in wanted else -1
