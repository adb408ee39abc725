"""Dice for language models: a promptdock plugin, whole."""

from __future__ import annotations

import random
from typing import Annotated

from pydantic import Field

from promptdock import SearchTerms, SelectionRule, Tool, hookimpl, tool


@tool(examples=[{}, {"sides": 20, "count": 3}])
def roll_dice(
    sides: Annotated[int, Field(ge=2, le=1000)] = 6, count: Annotated[int, Field(ge=1, le=100)] = 1
) -> list[int]:
    """Roll dice.

    Args:
        sides: Faces of each die.
        count: How many dice to roll.
    """
    return [random.randint(1, sides) for _ in range(count)]


@hookimpl
def register_tools() -> list[Tool]:
    """One tool."""
    return [roll_dice]


@hookimpl
def register_selection_rules() -> list[SelectionRule]:
    """A tool without a rule is always presented; this one only when the prompt speaks of dice."""
    return [
        SearchTerms(
            "dice",
            "die",
            "roll",
            tools=[roll_dice],
            selects=["Roll two dice", "throw a die for me"],
            ignores=["What is the weather in Paris?"],
        )
    ]
