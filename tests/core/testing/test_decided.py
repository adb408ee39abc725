"""Assertions about selection: they hold, and where they do not they say what was decided."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from promptdock import Decision, SelectionRequest, SelectionRule, Verdict, hookimpl
from promptdock.testing import Host, Selection, assert_not_selected, assert_selected
from tests.core.testing.plugins import Dice, Slow, roll_dice


@pytest.fixture
def host() -> Iterator[Host]:
    with Host([Dice(), Slow()]) as opened:
        yield opened


def test_they_hold_for_turns_selections_and_hosts(host: Host) -> None:
    turn, selection = host.prompt("Roll the dice."), host.select("Hello")
    turn.assert_selected("roll_dice", "slow.wait")
    assert_selected(turn, "dice.roll_dice")
    selection.assert_selected("wait")
    selection.assert_not_selected("roll_dice", because="search_terms")
    assert_not_selected(selection, "dice.roll_dice", because="none of its terms")
    host.assert_selected("roll_dice", prompt="Roll the dice.")
    host.assert_not_selected("roll_dice", prompt="Hello", because="search_terms")


def test_selecting_asks_no_model(host: Host) -> None:
    host.script("one")
    host.select("Roll the dice.")
    assert host.script_left == 1


def test_what_is_not_selected_is_told_with_the_reason(host: Host) -> None:
    with pytest.raises(AssertionError) as caught:
        host.prompt("Hello").assert_selected("roll_dice")
    assert str(caught.value) == (
        "The tool 'roll_dice' is not presented for 'Hello'.\n"
        "  dropped by search_terms (input) of dice: none of its terms stands in the input\n"
        "Presented are: wait."
    )


def test_what_is_selected_is_told_with_the_reason(host: Host) -> None:
    with pytest.raises(AssertionError, match=r"kept    by search_terms \(input\) of dice: the input refers to 'dice'"):
        host.assert_not_selected("roll_dice", prompt="dice")


def test_another_reason_is_told(host: Host) -> None:
    text = "is not presented for 'Hello', but not because of 'always'"
    with pytest.raises(AssertionError, match=re.escape(text)):
        host.assert_not_selected("roll_dice", prompt="Hello", because="always")


class Fussy(SelectionRule):
    """Says nothing but its terms."""

    def decide(self, request: SelectionRequest) -> Verdict:
        return Verdict(selected="dice" in request.text, reason="so it is", terms=("dice", "die"))


def test_terms_are_told_where_the_reason_does_not() -> None:
    class Plugin:
        @hookimpl
        def register_tools(self) -> list[object]:
            return [roll_dice]

        @hookimpl
        def register_selection_rules(self) -> list[object]:
            return [Fussy(tools=[roll_dice])]

    with Host([Plugin()]) as host, pytest.raises(AssertionError, match=r"so it is \(terms: dice, die\)"):
        host.assert_not_selected("roll_dice", prompt="dice")


def test_a_reason_to_keep_is_no_reason_to_drop() -> None:
    """A rule that would have had the tool presented did not keep it away, whatever did."""
    kept, dropped = (
        Decision(tool="dice.roll_dice", plugin="dice", rule=rule, kept=kept, reason="so")
        for rule, kept in (("search_terms", True), ("no tools", False))
    )
    selection = Selection(
        text_of_prompt="dice", decisions=(kept, dropped), tools_presented=(), tool_names={"dice.roll_dice": "roll_dice"}
    )
    selection.assert_not_selected("roll_dice", because="no tools")
    with pytest.raises(AssertionError, match="but not because of 'search_terms'"):
        selection.assert_not_selected("roll_dice", because="search_terms")


def test_hosts_are_given_with_a_prompt_and_turns_without(host: Host) -> None:
    assert_selected(host, "roll_dice", prompt="dice")
    assert_not_selected(host, "roll_dice", prompt="Hello", because="search_terms")
    for given, prompt in ((host, None), (host.select("dice"), "dice")):
        with pytest.raises(TypeError, match="Give a host and a prompt"):
            assert_selected(given, "roll_dice", prompt=prompt)
    with pytest.raises(TypeError, match="Name at least one tool"):
        assert_selected(host.select("dice"))


def test_a_reason_is_named_by_whole_words(host: Host) -> None:
    for because in ("s", "search", "term"):
        with pytest.raises(AssertionError, match="not because of"):
            host.assert_not_selected("roll_dice", prompt="Hello", because=because)
    host.assert_not_selected("roll_dice", prompt="Hello", because="Stands in the input")


def test_an_unknown_tool_is_no_success(host: Host) -> None:
    with pytest.raises(AssertionError, match="Did you mean 'roll_dice'"):
        host.assert_not_selected("rol_dice", prompt="Hello")
