"""The plugin, by itself and in a host."""

from __future__ import annotations

import asyncio

import promptdock_dice

from promptdock import open_service


def test_each_die_shows_one_of_its_faces() -> None:
    """A tool can be called like the function that it is made of."""
    rolled = promptdock_dice.roll_dice(sides=4, count=50)
    assert len(rolled) == 50
    assert set(rolled) <= {1, 2, 3, 4}


def test_a_prompt_about_dice_rolls_them() -> None:
    """The offline provider stands in for a language model; the plugin is found through its entry point."""

    async def ask() -> list[str | None]:
        async with open_service() as service:
            result = await service.prompt("Roll the dice.", model="offline/offline")
            return [call.tool for call in result.calls]

    assert asyncio.run(ask()) == ["dice.roll_dice"]
