"""The guard, beside a plugin whose tool it watches over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from promptdock import Allow, Deny, PluginError, Tool, ToolCall, hookimpl, tool
from promptdock.testing import Host, ToolCallFailed, calls
from promptdock_builtin import guard
from promptdock_builtin.guard.settings import GuardSettings

CALL = ToolCall(
    id="call_1", tool="weather.current", name="w", plugin="weather", arguments={}, request_id="r", caller="c", round=1
)
SECRET = {"iban": "DE02 1203", "n": 7}
NOT_ALLOWED = "The operator does not allow weather.current: no pattern of allow_tools matches it."


@tool
def current() -> dict[str, Any]:
    """Say something that not everybody is to read."""
    return SECRET


class Weather:
    """What is guarded."""

    @hookimpl
    def register_tools(self) -> Sequence[Tool]:
        return [current]


def guarded(*others: object, **rules: Any) -> Host:
    """A host with the guard, the plugin that is guarded, and others."""
    return Host(["guard", Weather(), *others], settings={"plugins": {"guard": rules}})


def test_without_settings_it_changes_nothing() -> None:
    with guarded() as host:
        assert [plugin.state for plugin in host.plugins] == ["loaded", "loaded"]
        assert host.call("current") == SECRET
        assert "max_completion_tokens" not in host.prompt("Hello").requests[0]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"deny_tools": ["weather.*"]}, Deny("The operator denies weather.current: deny_tools has 'weather.*'.")),
        ({"deny_tools": ["*.curren?"]}, Deny("The operator denies weather.current: deny_tools has '*.curren?'.")),
        ({"deny_tools": ["Weather.*", "weather"]}, None),
        ({"allow_tools": ["weather.current"]}, Allow()),
        ({"allow_tools": ["calculator.*"]}, Deny(NOT_ALLOWED)),
        ({"allow_tools": []}, Deny(NOT_ALLOWED)),
        (
            {"allow_tools": ["*"], "deny_tools": ["weather.current"]},
            Deny("The operator denies weather.current: deny_tools has 'weather.current'."),
        ),
    ],
)
def test_tools_are_allowed_and_denied_by_patterns_and_denying_wins(
    rules: dict[str, Any], expected: Allow | Deny | None
) -> None:
    assert guard.approve_tool_call(CALL, GuardSettings.model_validate(rules)) == expected
    with guarded(**rules) as host:
        reply = host.reply("current", {})
    if isinstance(expected, Deny):
        assert (reply.error, reply.value) == ("denied", None)
        assert expected.reason in (reply.message or "")
    else:
        assert (reply.error, reply.value) == (None, SECRET)


@pytest.mark.parametrize(("asked", "sent"), [(None, 100), (50, 50), (100, 100), (101, 100)])
def test_answers_are_no_longer_than_the_ceiling(asked: int | None, sent: int) -> None:
    with guarded(max_completion_tokens=100) as host:
        (request,) = host.prompt("Hello", max_completion_tokens=asked).requests
    assert request["max_completion_tokens"] == sent


def test_the_older_name_of_the_ceiling_is_lowered_too() -> None:
    with guarded(max_completion_tokens=100) as host:
        (request,) = host.prompt("Hello", options={"max_tokens": 5000, "seed": 1}).requests
    assert (request["max_tokens"], request["seed"]) == (100, 1)


def test_what_the_patterns_match_is_redacted() -> None:
    with guarded(redact=[r"\b[A-Z]{2}\d{2} \d{4}", "n"]) as host:
        assert host.reply("current", {}).content == '{"iba[redacted]":"[redacted]","[redacted]":7}'
        host.script([calls("current"), "Read."])
        assert "DE02" not in str(host.prompt("Read it.").requests)


@pytest.mark.parametrize(
    ("pattern", "word"),
    [
        ("(a+)+$", "may take forever"),
        ("(unclosed", "valid regular expression"),
        ("a*", "matches the empty text"),
    ],
)
def test_a_pattern_that_cannot_be_used_quarantines_the_guard_and_is_not_shown(pattern: str, word: str) -> None:
    with guarded(redact=["fine", pattern]) as host, pytest.raises(PluginError, match="The plugin 'guard'") as caught:
        host.prompt("Hello")
    assert "plugins.guard.redact.1: " in str(caught.value)
    assert word in str(caught.value)
    assert pattern not in str(caught.value)


def test_a_mistyped_rule_is_no_silence() -> None:
    """Rules that cannot be asked are not the same as no rules."""
    mistyped = {"plugins": {"guard": {"deny_tool": ["*"]}}, "strict": False}
    with Host(["guard", Weather()], settings=mistyped) as host:
        record = next(plugin for plugin in host.plugins if plugin.name == "guard")
        assert record.reason == "wrong settings: plugins.guard.deny_tool: unknown"
        reply = host.reply("current", {})
    assert reply.error == "denied"
    assert "Plugin 'guard', which decides on tool calls, is in quarantine" in (reply.message or "")


def test_it_denies_in_turns_and_the_model_goes_on() -> None:
    """The tool is presented all the same: selecting is not the guard's business."""
    with guarded(deny_tools=["weather.*"]) as host:
        host.script([calls("current"), "I must not."])
        turn = host.prompt("What is it like?")
    turn.assert_selected("weather.current")
    assert [call.error for call in turn.calls] == ["denied"]
    assert (turn.failure, turn.text) == (None, "I must not.")


class Meddler:
    """Has all hooks of the guard, and means no harm."""

    @hookimpl
    def approve_tool_call(self, call: ToolCall) -> Allow:
        return Allow()

    @hookimpl
    def prepare_completion(self) -> None:
        return None

    @hookimpl
    def transform_tool_result(self) -> None:
        return None


@pytest.mark.parametrize("trouble", [{"raises": RuntimeError("boom")}, {"cancel_after": 0.01}], ids=repr)
def test_trouble_of_another_plugin_leaves_the_rules_in_force(trouble: dict[str, Any]) -> None:
    with guarded(Meddler(), redact=["DE02"], max_completion_tokens=100) as host:
        with (
            host.chaos(plugin="meddler", hook="transform_tool_result", **trouble),
            host.chaos(plugin="meddler", hook="prepare_completion", **trouble),
        ):
            assert host.call("current") == {"iban": "[redacted] 1203", "n": 7}
            assert host.prompt("Hello").requests[0]["max_completion_tokens"] == 100
        trouble_with_approval = host.chaos(plugin="meddler", hook="approve_tool_call", **trouble)
        with trouble_with_approval, pytest.raises(ToolCallFailed, match="'meddler'"):
            host.call("current")
    with guarded(Meddler(), deny_tools=["*"]) as host, host.chaos(plugin="meddler", **trouble):
        assert host.reply("current", {}).error == "denied"
