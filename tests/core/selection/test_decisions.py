"""Decisions that share a base are read like a tuple, and stored in two parts."""

from __future__ import annotations

import copy
import json
import pickle

import pytest
from msgspec.structs import replace

from promptdock import Decision
from promptdock.selection.decision_sets import restored_decisions, stored_decisions
from promptdock.selection.decisions import DecisionBase, Decisions, decision_as_json

DROPPED = [
    Decision(tool=f"a.{name}", plugin="a", rule="search_terms (input)", kept=False, reason="no term", name=name)
    for name in ("x", "y", "z")
]
LAST = Decision(tool=None, plugin="a", rule="always", kept=True, reason="always selected")
KEPT = replace(DROPPED[1], kept=True, reason="the input refers to 'y'", terms=("y",), ms=1.5)
PLAIN = (DROPPED[0], KEPT, DROPPED[2], LAST)


def base() -> DecisionBase:
    """A base of four, the last of them not about a tool."""
    return DecisionBase([*DROPPED, LAST], offered=3)


def test_decisions_are_read_like_a_tuple() -> None:
    """Length, order, places, slices, equality and hash."""
    made = Decisions(base(), {1: KEPT})
    assert len(made) == 4
    assert tuple(made) == PLAIN
    assert (made[1], made[-1], made[1:3]) == (KEPT, LAST, PLAIN[1:3])
    assert made == PLAIN
    assert PLAIN == made  # noqa: SIM300  (a tuple asks the other side)
    assert made == Decisions(base(), {1: KEPT})
    assert made != Decisions(base())
    assert made != list(PLAIN)
    assert hash(made) == hash(PLAIN)
    assert repr(made) == repr(PLAIN)
    assert KEPT in made
    assert made.index(LAST) == 3
    assert [*reversed(made)] == [*reversed(PLAIN)]
    with pytest.raises(IndexError):
        made[4]
    assert not Decisions(DecisionBase())


def test_copies_are_the_same_decisions() -> None:
    """Whoever keeps events elsewhere gets them whole."""
    made = Decisions(base(), {1: KEPT})
    copies: list[object] = [copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made))]
    assert copies == [PLAIN, PLAIN, PLAIN]


def test_withheld_tools_say_so_and_nothing_else_does() -> None:
    """What a rule said of its terms stays."""
    made = Decisions(base(), {1: KEPT}, withheld="no tools here")
    assert [(item.kept, item.reason, item.overruled) for item in made[:3]] == [(False, "no tools here", True)] * 3
    assert made[1].terms == ("y",)
    assert made[3] == LAST


@pytest.mark.parametrize("withheld", [None, "no tools here"])
def test_what_is_stored_in_two_parts_comes_back_whole(withheld: str | None) -> None:
    """By way of JSON, as rows hold it."""
    made = Decisions(base(), {1: KEPT}, withheld=withheld)
    stored = stored_decisions(made)
    shared, own = json.loads(json.dumps([stored.base_as_json(), stored.overrides]))
    expected = json.loads(json.dumps([decision_as_json(item) for item in made]))
    assert restored_decisions(shared, own) == expected
    assert len(own) == (1 if withheld is None else 2)
    assert own[0]["at"] == 1


def test_plain_decisions_are_stored_the_same_way() -> None:
    """E.g. those of a test, or of a row of an older version."""
    stored = stored_decisions(PLAIN)
    assert restored_decisions(stored.base_as_json(), stored.overrides) == [decision_as_json(item) for item in PLAIN]
    assert [item["at"] for item in stored.overrides] == [1]


def test_the_name_of_a_set_follows_from_what_it_says() -> None:
    """Not from who holds it, nor from how long anything took."""
    one = stored_decisions(Decisions(base(), {1: KEPT})).set_id
    assert stored_decisions(Decisions(base())).set_id == one
    assert stored_decisions([*DROPPED, replace(LAST, ms=3.0)]).set_id == one
    assert stored_decisions([*DROPPED[:2], LAST]).set_id != one
    assert stored_decisions([*DROPPED, replace(LAST, reason="because")]).set_id != one
    assert str(one) == "10db7ab0-acf7-5b52-8322-0c129d197ce0"
