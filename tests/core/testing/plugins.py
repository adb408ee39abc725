"""Plugins for tests of the harness."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from promptdock import SearchTerms, SelectionRule, Tool, ToolContext, ToolError, TurnFinished, hookimpl, tool

__all__ = ["Dice", "Slow", "Wild", "roll_dice"]


@tool
def roll_dice(sides: int = 6, count: int = 1) -> list[int]:
    """Roll dice.

    Args:
        sides: Faces of each die.
        count: How many dice to roll.
    """
    if sides < 1:
        raise ToolError("A die has at least one side.")
    return [sides] * count


class Dice:
    """One tool with a rule, and an observer."""

    def __init__(self) -> None:
        self.finished: list[str] = []

    @hookimpl
    def register_tools(self) -> Sequence[Tool]:
        return [roll_dice]

    @hookimpl
    def register_selection_rules(self) -> Sequence[SelectionRule]:
        return [SearchTerms("dice", "roll", tools=[roll_dice])]

    @hookimpl
    def turn_finished(self, event: TurnFinished) -> None:
        self.finished.append(event.turn_id)


@tool
async def wait(seconds: float, context: ToolContext) -> str:
    """Wait.

    Args:
        seconds: How long.
    """
    context.progress("waiting", 0.5)
    await asyncio.sleep(seconds)
    return "waited"


class Slow:
    """An async tool that is always presented."""

    @hookimpl
    def register_tools(self) -> Sequence[Tool]:
        return [wait]


@tool
def leave() -> str:
    """End the process."""
    raise SystemExit(3)


@tool(timeout=0.2)
def hang() -> str:
    """Hang."""
    time.sleep(2)
    return "late"


class Wild:
    """Does what no plugin should."""

    @hookimpl
    def register_tools(self) -> Sequence[Tool]:
        return [leave, hang]

    @hookimpl
    def turn_started(self) -> None:
        raise RuntimeError("an observer in bad mood")
