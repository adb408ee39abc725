"""Entries of the allow and deny lists."""

from __future__ import annotations

import pytest

from promptdock.plugins.selectors import normalise_distribution, refuse, unmatched


@pytest.mark.parametrize("name", ["Promptdock_Dice", "promptdock.dice", "PROMPTDOCK-dice", "promptdock-_.dice"])
def test_distributions_are_compared_as_package_indexes_do(name: str) -> None:
    assert normalise_distribution(name) == "promptdock-dice"


def test_the_path_of_a_one_file_plugin_is_compared_as_it_is() -> None:
    assert normalise_distribution("file:/home/My_Files/a.py") == "file:/home/My_Files/a.py"


@pytest.mark.parametrize(
    "entry", ["dice", "promptdock-dice", "Promptdock_Dice", "dice@promptdock-dice", " dice@Promptdock.Dice "]
)
def test_an_entry_names_an_id_a_distribution_or_both(entry: str) -> None:
    assert refuse("dice", "promptdock-dice", allow=None, deny=(entry,)) == f"denied by {entry!r} in plugins_deny"
    assert refuse("dice", "promptdock-dice", allow=(entry,), deny=()) is None


@pytest.mark.parametrize("entry", ["Dice", "dic", "dice@other", "other@promptdock-dice", "*", "promptdock"])
def test_an_entry_for_something_else_hits_nothing(entry: str) -> None:
    assert refuse("dice", "promptdock-dice", allow=None, deny=(entry,)) is None
    assert refuse("dice", "promptdock-dice", allow=(entry,), deny=()) == "not in plugins_allow"


def test_the_deny_list_wins_over_the_allow_list() -> None:
    assert refuse("dice", "d", allow=("dice",), deny=("d",)) == "denied by 'd' in plugins_deny"


def test_an_empty_allow_list_allows_nothing() -> None:
    assert refuse("dice", "d", allow=(), deny=()) == "not in plugins_allow"


def test_a_one_file_plugin_is_named_by_its_path() -> None:
    where = "file:/srv/plugins/a@b.py"
    for entry in ("greeter@" + where, where, "greeter"):
        assert refuse("greeter", where, allow=None, deny=(entry,)) is not None


def test_the_one_file_plugin_of_an_id_is_named_without_its_path() -> None:
    assert refuse("dice", "file:/srv/dice.py", allow=None, deny=("dice@file",)) is not None
    assert refuse("dice", "promptdock-dice", allow=None, deny=("dice@file",)) is None
    assert refuse("other", "file:/srv/other.py", allow=None, deny=("dice@file", "file")) is None


def test_entries_that_hit_nothing_are_known() -> None:
    found = [("dice", "promptdock-dice"), ("greeter", "file:/a.py")]
    assert unmatched(("dice", "dcie", "Promptdock_Dice", "greeter@other"), found) == ["dcie", "greeter@other"]
