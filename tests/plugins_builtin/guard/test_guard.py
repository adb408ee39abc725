"""The guard, through a host as it is shipped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from promptdock import Allow, CompletionCall, Deny, ToolCall, ToolResult
from promptdock.plugins.catalog import PluginRecord, PluginState
from promptdock.plugins.host import PluginHost
from promptdock.settings import load_settings
from promptdock.threads import WorkerThreads

pytestmark = pytest.mark.anyio

CALL = ToolCall(
    id="call_1", tool="weather.current", name="w", plugin="weather", arguments={}, request_id="r", caller="c", round=1
)
REQUEST = CompletionCall(model="m", messages=({"role": "user", "content": "hi"},))
RESULT = ToolResult(
    call_id="call_1", tool="p.t", plugin="p", arguments={}, content='{"iban": "DE02 1203", "n": 7}', request_id="r"
)


def guarded(home: Path, **rules: Any) -> PluginHost:
    """A host with the guard alone."""
    settings = load_settings(home=home, plugins_allow=("guard@promptdock",), plugins={"guard": rules})
    return PluginHost.load(settings, threads=WorkerThreads(2))


def record_of(host: PluginHost) -> PluginRecord:
    """The guard's record."""
    return next(record for record in host.catalog.plugins if record.name == "guard")


async def test_without_settings_it_changes_nothing(tmp_path: Path) -> None:
    host = guarded(tmp_path)
    assert record_of(host).state is PluginState.LOADED
    assert await host.approve_tool_call(CALL) is None
    assert await host.prepare_completion(REQUEST) == REQUEST
    assert await host.transform_tool_result(RESULT) == RESULT


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"deny_tools": ["weather.*"]}, Deny("The operator denies weather.current: deny_tools has 'weather.*'.")),
        ({"deny_tools": ["*.curren?"]}, Deny("The operator denies weather.current: deny_tools has '*.curren?'.")),
        ({"deny_tools": ["Weather.*", "weather"]}, None),
        ({"allow_tools": ["weather.current"]}, Allow()),
        (
            {"allow_tools": ["calculator.*"]},
            Deny("The operator does not allow weather.current: no pattern of allow_tools matches it."),
        ),
        (
            {"allow_tools": []},
            Deny("The operator does not allow weather.current: no pattern of allow_tools matches it."),
        ),
        (
            {"allow_tools": ["*"], "deny_tools": ["weather.current"]},
            Deny("The operator denies weather.current: deny_tools has 'weather.current'."),
        ),
    ],
)
async def test_tools_are_allowed_and_denied_by_patterns_and_denying_wins(
    tmp_path: Path, rules: dict[str, Any], expected: object
) -> None:
    assert await guarded(tmp_path, **rules).approve_tool_call(CALL) == expected


@pytest.mark.parametrize(("asked", "sent"), [(None, 100), (50, 50), (100, 100), (101, 100)])
async def test_answers_are_no_longer_than_the_ceiling(tmp_path: Path, asked: int | None, sent: int) -> None:
    host = guarded(tmp_path, max_completion_tokens=100)
    prepared = await host.prepare_completion(replace(REQUEST, max_completion_tokens=asked))
    assert prepared.max_completion_tokens == sent


async def test_the_older_name_of_the_ceiling_is_lowered_too(tmp_path: Path) -> None:
    host = guarded(tmp_path, max_completion_tokens=100)
    prepared = await host.prepare_completion(replace(REQUEST, options={"max_tokens": 5000, "seed": 1}))
    assert prepared.options == {"max_tokens": 100, "seed": 1}


async def test_what_the_patterns_match_is_redacted(tmp_path: Path) -> None:
    host = guarded(tmp_path, redact=[r"\b[A-Z]{2}\d{2} \d{4}", "n"])
    assert (await host.transform_tool_result(RESULT)).content == '{"iba[redacted]": "[redacted]", "[redacted]": 7}'


@pytest.mark.parametrize(
    ("pattern", "word"),
    [
        ("(a+)+$", "may take forever"),
        ("(unclosed", "valid regular expression"),
        ("a*", "matches the empty text"),
    ],
)
async def test_a_pattern_that_cannot_be_used_quarantines_the_guard_and_is_not_shown(
    tmp_path: Path, pattern: str, word: str
) -> None:
    record = record_of(guarded(tmp_path, redact=["fine", pattern]))
    assert record.state is PluginState.QUARANTINED
    assert "plugins.guard.redact.1: " in str(record.reason)
    assert word in str(record.reason)
    assert pattern not in str(record.reason)


async def test_a_mistyped_rule_is_no_silence(tmp_path: Path) -> None:
    host = guarded(tmp_path, deny_tool=["*"])
    assert record_of(host).reason == "wrong settings: plugins.guard.deny_tool: unknown"
    answer = await host.approve_tool_call(CALL)
    assert isinstance(answer, Deny)
    assert answer.reason.startswith("Plugin 'guard', which decides on tool calls, is in quarantine")
