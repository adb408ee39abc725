"""Telling observers of events, and examples of each kind."""

from __future__ import annotations

import asyncio
import time

import pytest

from promptdock import Deny, Event, PluginError, PluginLoaded, ServiceEvent, ToolCall, TurnFailed, hookimpl, hookspecs
from promptdock.testing import Host, service_events, turn_events
from tests.core.testing.plugins import Dice


class Listener:
    """Keeps what it hears, slowly."""

    def __init__(self) -> None:
        self.heard: list[Event] = []

    @hookimpl
    def turn_failed(self, event: TurnFailed) -> None:
        time.sleep(0.05)
        self.heard.append(event)

    @hookimpl
    def plugin_loaded(self, event: PluginLoaded) -> None:
        time.sleep(0.05)
        self.heard.append(event)


def test_an_observer_has_heard_everything_when_telling_returns() -> None:
    listener = Listener()
    with Host([listener]) as host:
        host.tell()
        assert [type(event) for event in listener.heard] == [PluginLoaded] * 2, "of itself, and of the model's plugin"
        listener.heard.clear()
        host.tell(*turn_events("boom"), *service_events())
    failed, loaded = sorted(listener.heard, key=lambda event: event.hook, reverse=True)
    assert isinstance(failed, TurnFailed)
    assert failed.error.message == "boom"
    assert isinstance(loaded, PluginLoaded)
    assert loaded.plugin == "dice"


def test_async_tests_tell_as_well() -> None:
    async def main() -> list[Event]:
        listener = Listener()
        async with Host([listener]) as host:
            await host.atell(*turn_events())
        return [event for event in listener.heard if isinstance(event, TurnFailed)]

    assert len(asyncio.run(main())) == 1


def test_the_examples_are_one_of_each_kind_in_the_order_of_the_hooks() -> None:
    assert [event.hook for event in turn_events()] == list(hookspecs.OBSERVE_TURNS)
    around = service_events()
    assert [event.hook for event in around] == list(hookspecs.OBSERVE_SERVICE)
    assert all(isinstance(event, ServiceEvent) for event in around)


def test_the_examples_hold_the_words_that_a_test_looks_for() -> None:
    assert {event.hook for event in turn_events("canary") if "canary" in repr(event)} == {
        "turn_started",
        "plugin_selected",
        "tool_presented",
        "completion_requested",
        "completion_received",
        "tool_requested",
        "plugin_called",
        "tool_responded",
        "turn_failed",
        "turn_finished",
    }
    assert {event.hook for event in service_events("canary") if "canary" in repr(event)} == {
        "key_created",
        "key_updated",
        "key_deleted",
        "user_created",
        "domain_verification_failed",
        "plugin_quarantined",
    }


class Broken:
    """Cannot be loaded, and would decide on tool calls."""

    @hookimpl
    def register_tools(self) -> object:
        raise ZeroDivisionError("by nothing")

    @hookimpl
    def approve_tool_call(self, call: ToolCall) -> Deny | None:
        return None


def test_what_comes_of_a_broken_plugin_is_seen_where_a_host_is_not_strict() -> None:
    with Host([Dice(), Broken()]) as host, pytest.raises(PluginError, match="by nothing"):
        host.prompt("Hello")
    with Host([Dice(), Broken()], settings={"strict": False}) as host:
        assert {plugin.name: plugin.state for plugin in host.plugins} == {"dice": "loaded", "broken": "quarantined"}
        reply = host.reply("roll_dice", {})
        assert reply.error == "denied"
        assert "'broken'" in (reply.message or "")
