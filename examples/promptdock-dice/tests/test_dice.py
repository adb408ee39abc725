"""The plugin in a promptdock of its own: no server, no key, no network."""

from __future__ import annotations

from typing import Any

import pytest

from promptdock.testing import Host, ToolCallFailed, calls


def test_each_die_shows_one_of_its_faces(host: Host) -> None:
    """The tool runs as in promptdock; the fixture ``host`` has the plugin of this project's ``pyproject.toml``."""
    rolled = host.call("roll_dice", sides=4, count=50)
    assert len(rolled) == 50
    assert set(rolled) <= {1, 2, 3, 4}


def test_a_prompt_about_dice_rolls_them(host: Host) -> None:
    """The model says what it is told: first it calls the tool, then it answers."""
    host.script([calls("roll_dice", sides=20, count=3), "There they are."])
    turn = host.prompt("Roll three dice with 20 sides.")
    turn.assert_selected("roll_dice")
    (call,) = turn.calls
    assert (call.tool, len(call.result)) == ("dice.roll_dice", 3)
    assert turn.text == "There they are."


@pytest.mark.parametrize("prompt", ["Roll two dice", "throw a die for me"])
def test_prompts_about_dice_show_the_tool(host: Host, prompt: str) -> None:
    """No model is asked for this."""
    host.assert_selected("roll_dice", prompt=prompt)


def test_other_prompts_do_not_show_it(host: Host) -> None:
    """And the rule is the reason."""
    host.assert_not_selected("roll_dice", prompt="What is the weather in Paris?", because="search_terms")


@pytest.mark.parametrize("arguments", [{"sides": 1}, {"count": 101}, {"sides": "many"}, {"colour": "red"}])
def test_what_is_no_die_is_refused(host: Host, arguments: dict[str, Any]) -> None:
    """What does not fit the types never reaches the function; the model reads why."""
    with pytest.raises(ToolCallFailed, match="invalid_arguments"):
        host.call("roll_dice", arguments)


@pytest.mark.promptdock(plugins=["calculator"])
@pytest.mark.parametrize("trouble", [{"raises": RuntimeError("boom")}, {"cancel_after": 0.01}], ids=repr)
def test_dice_roll_whatever_befalls_another_plugin(host: Host, trouble: dict[str, Any]) -> None:
    """The host isolates plugins from each other."""
    host.script([[calls("calculator", expression="17 + 4"), calls("roll_dice")], "Done."])
    with host.chaos(plugin="calculator", **trouble):
        calculator, dice = host.prompt("What is 17 + 4? And roll a die.").calls
    assert calculator.error is not None
    assert dice.error is None


def test_what_models_read_has_not_changed(host: Host) -> None:
    """When it is meant to: ``pytest --promptdock-update``."""
    host.assert_schemas("schemas.json")
