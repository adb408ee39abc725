"""One word, and the names that a plugin gets of it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptdock.scaffold.names import PluginNames, check_module_name
from promptdock.scaffold.refusal import NameRefused


@pytest.mark.parametrize(
    "name",
    ["dice_roller", "Dice-Roller", "dice.roller", "promptdock-dice-roller", "promptdock_dice_roller", "-dice__roller-"],
)
def test_spellings_of_one_name(name: str) -> None:
    assert PluginNames.of(name) == PluginNames("dice_roller", "promptdock-dice-roller", "promptdock_dice_roller")
    assert PluginNames.of(name).words == "dice roller"


@pytest.mark.parametrize(
    ("name", "because"),
    [
        ("", "is no name for a plugin"),
        ("two words", "is no name for a plugin"),
        ("dice!", "is no name for a plugin"),
        ("dice\n", "is no name for a plugin"),
        ("7up", "No plugin can be named '7up'"),
        ("-", "No plugin can be named '-'"),
        ("a" * 65, "No plugin can be named"),
        ("promptdock", "is the host's own name"),
        ("Promptdock-", "is the host's own name"),
        ("würfel", "letters beyond a to z"),
        ("骰子", "letters beyond a to z"),
        ("..", "is a path, not a name"),
        ("../dice", "is a path, not a name"),
        ("plugins\\dice", "is a path, not a name"),
        ("dice.py", "promptdock plugin promote dice.py"),
    ],
)
def test_what_is_no_name(name: str, because: str) -> None:
    with pytest.raises(NameRefused) as refused:
        PluginNames.of(name)
    assert because in str(refused.value)
    assert refused.value.hint


@given(st.text(st.sampled_from("abzAZ019-_. ./\\äß\n"), max_size=80))
def test_a_name_is_refused_or_becomes_valid_ones(name: str) -> None:
    """Whatever is typed: never an id that the loader would refuse, a path, or a tool that cannot be called."""
    try:
        names = PluginNames.of(name)
    except NameRefused:
        return
    assert re.fullmatch(r"[a-z][a-z0-9_]{0,63}", names.id)
    assert names.module.isidentifier()
    assert names.distribution == names.module.replace("_", "-")
    assert len(names.tool("roll")) <= 64
    assert names.tool("roll").isidentifier()


def test_an_id_that_has_the_prefix_already_is_kept() -> None:
    """As the stem of a file that is promoted: what is stored under the id must be found again."""
    assert PluginNames.of_id("promptdock_dice") == PluginNames("promptdock_dice", "promptdock-dice", "promptdock_dice")


@pytest.mark.parametrize(
    ("identity", "because"),
    [
        ("class", "a word of Python's own"),
        ("random", "would hide Python's own module 'random'"),
        ("conftest", "a file of its own"),
        ("test_dice", "a file of its own"),
    ],
)
def test_what_no_single_file_may_be_called(identity: str, because: str) -> None:
    """All of these are good for packages, whose modules have a prefix."""
    assert PluginNames.of(identity).id == identity
    with pytest.raises(NameRefused, match=because):
        check_module_name(identity)
