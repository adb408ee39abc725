"""The caller's choice over the rounds of a turn."""

from __future__ import annotations

from typing import Any

import pytest

from promptdock.errors import BadRequest
from promptdock.turn.tool_choice import check_tool_choice, choice_for_round, forces_one_of

NAMED = {"type": "function", "function": {"name": "add"}}
ALLOWED: dict[str, Any] = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": []}}
TOOL: dict[str, Any] = {"type": "function", "function": {"name": "add"}}


@pytest.mark.parametrize(
    ("choice", "first", "later"),
    [
        (None, "auto", "auto"),
        ("auto", "auto", "auto"),
        ("none", "none", "none"),
        ("required", "required", "auto"),
        (NAMED, NAMED, "auto"),
        (ALLOWED, ALLOWED, {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}}),
    ],
)
def test_a_forced_choice_binds_the_first_round(choice: Any, first: Any, later: Any) -> None:
    """After it the model may answer."""
    assert choice_for_round(choice, 1) == first
    assert choice_for_round(choice, 2) == later


def test_which_choices_mean_the_callers_tools() -> None:
    """Those that name one, and "required" when the caller brings any."""
    assert forces_one_of("required", [TOOL])
    assert forces_one_of(NAMED, [TOOL])
    assert forces_one_of(ALLOWED, [TOOL])
    assert not forces_one_of("auto", [TOOL])
    assert not forces_one_of("required", [])
    assert not forces_one_of({"type": "function", "function": {"name": "other"}}, [TOOL])


def test_a_choice_that_nothing_can_fulfil_is_refused() -> None:
    """It lists what there is."""
    check_tool_choice(NAMED, {"add"})
    check_tool_choice("required", {"add"})
    with pytest.raises(BadRequest, match="there is no tool to choose"):
        check_tool_choice("required", set())
    with pytest.raises(BadRequest, match="names the tool 'add'; presented are: dice, roll"):
        check_tool_choice(NAMED, {"roll", "dice"})
