"""Trouble on purpose: what befalls one plugin does not touch the others."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from promptdock import ConfigurationError, Deny, ToolCall, hookimpl
from promptdock.testing import Host, calls
from tests.core.testing.plugins import Dice, Slow


class Judge:
    """Allows everything, and hears of everything."""

    @hookimpl
    async def approve_tool_call(self, call: ToolCall) -> Deny | None:
        return None


@pytest.fixture
def host() -> Iterator[Host]:
    with Host([Dice(), Slow(), Judge()], settings={"hook_timeout": 0.3, "tool_timeout": 0.5}) as opened:
        opened.script([calls("roll_dice"), calls("wait", seconds=0)], "done")
        yield opened


def errors(host: Host) -> list[str | None]:
    """How the two tools did in one turn."""
    turn = host.prompt("Roll the dice.")
    assert turn.text == "done"
    return [call.error for call in turn.calls]


def test_nothing_befalls_anybody_at_first(host: Host) -> None:
    assert errors(host) == [None, None]


def test_a_plugin_that_raises_leaves_the_others_alone(host: Host) -> None:
    with host.chaos(plugin="slow", raises=RuntimeError("boom")):
        assert errors(host) == [None, "tool_failed"]
    assert host.call("wait", seconds=0) == "waited"


@pytest.mark.parametrize("plugin", ["slow", "dice"])
def test_a_plugin_that_exits_leaves_the_others_alone(host: Host, plugin: str) -> None:
    with host.chaos(plugin=plugin, tool={"slow": "wait", "dice": "roll_dice"}[plugin], raises=SystemExit):
        assert errors(host).count("tool_failed") == 1


@pytest.mark.parametrize("tool", ["wait", "slow.wait"])
def test_a_slow_tool_runs_into_its_time_out(host: Host, tool: str) -> None:
    with host.chaos(plugin="slow", tool=tool, delay=5):
        assert errors(host) == [None, "timeout"]


def test_a_delay_makes_a_sync_tool_really_slow(host: Host) -> None:
    with host.chaos(plugin="dice", tool="roll_dice", delay=0.2):
        started = time.monotonic()
        assert host.call("roll_dice") == [6]
    assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize(("plugin", "lost"), [("slow", 1), ("dice", 0)])
def test_a_call_that_is_cancelled_leaves_the_others_alone(host: Host, plugin: str, lost: int) -> None:
    tool = {"slow": "wait", "dice": "roll_dice"}[plugin]
    host.script([calls("roll_dice"), calls("wait", seconds=0.4)], "done")
    with host.chaos(plugin=plugin, tool=tool, cancel_after=0.05):
        found = errors(host)
    assert found[lost] == "tool_failed"
    assert found[1 - lost] is None


def test_a_rule_in_trouble_does_not_select(host: Host) -> None:
    with host.chaos(plugin="dice", hook="rule", raises=ValueError("no")):
        host.assert_not_selected("roll_dice", prompt="Roll the dice.", because="the rule failed")
        assert host.call("roll_dice") == [6], "only the rule is in trouble"


def test_an_approval_hook_in_trouble_denies(host: Host) -> None:
    with host.chaos(plugin="judge", hook="approve_tool_call", raises=ValueError("no")):
        assert errors(host) == ["denied", "denied"]
    host.script([calls("roll_dice"), calls("wait", seconds=0)], "done")
    with host.chaos(plugin="judge", delay=5):
        assert errors(host) == ["denied", "denied"]


def test_troubles_add_up_and_end(host: Host) -> None:
    with host.chaos(plugin="dice", delay=0.01), host.chaos(plugin="dice", raises=asyncio.CancelledError):
        assert host.reply("roll_dice", {}).error == "tool_failed"
    assert host.call("roll_dice") == [6]


def test_a_plugin_that_is_not_there_is_refused(host: Host) -> None:
    with pytest.raises(ConfigurationError, match="no plugin 'dize'") as caught, host.chaos(plugin="dize"):
        pass
    assert caught.value.hint == "Did you mean 'dice'? There are: dice, judge, slow."


@pytest.mark.parametrize(
    ("given", "text", "hint"),
    [
        ({"tool": "roll_dize", "delay": 1}, "has no tool 'roll_dize'", "There are: dice.roll_dice, roll_dice."),
        ({"hook": "turn_started", "delay": 1}, "called per request as 'turn_started'", "rule, tool, turn_finished."),
        ({"tool": "roll_dice", "hook": "rule", "delay": 1}, "one tool or one hook", "not both."),
        ({}, "This trouble is none", "Give delay=, raises= or cancel_after=."),
    ],
)
def test_trouble_that_would_befall_nobody_is_refused(host: Host, given: dict[str, Any], text: str, hint: str) -> None:
    with pytest.raises(ConfigurationError, match=text) as caught:
        host.chaos(plugin="dice", **given)
    assert str(caught.value.hint).endswith(hint)
    assert errors(host) == [None, None]


def test_trouble_begins_at_once_and_lasts_until_the_host_is_calmed(host: Host) -> None:
    host.chaos(plugin="dice", tool="roll_dice", raises=RuntimeError("boom"))
    host.chaos(plugin="slow", raises=RuntimeError("boom"))
    assert errors(host) == ["tool_failed", "tool_failed"]
    host.calm()
    assert host.call("roll_dice") == [6]
    assert host.call("wait", seconds=0) == "waited"


def test_who_is_held_up_goes_on_when_the_trouble_is_over(host: Host) -> None:
    """A blocked thread would otherwise outlive the test."""
    with host.chaos(plugin="dice", tool="roll_dice", delay=600):
        assert host.reply("roll_dice", {}).error == "timeout"
    host.close()
    ended = time.monotonic() + 10
    while (threads := [thread for thread in threading.enumerate() if not thread.daemon]) != [threading.main_thread()]:
        assert time.monotonic() < ended, threads
        time.sleep(0.01)


def test_observers_in_trouble_are_felt_by_nobody(host: Host) -> None:
    host.chaos(plugin="dice", hook="turn_finished", raises=SystemExit)
    assert errors(host) == [None, None]
    failures = {(item.plugin, item.hook): item.failures for item in host.service.host.statistics()}
    assert failures["dice", "turn_finished"] == 1
