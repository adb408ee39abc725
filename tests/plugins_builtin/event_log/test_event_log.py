"""The event log, through a host as it is shipped."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from promptdock import (
    CompletionReceived,
    CompletionRequested,
    Event,
    PluginCalled,
    PluginResponded,
    PluginSelected,
    ProviderInitialized,
    SettingsConflicted,
    ToolPresented,
    ToolRequested,
    ToolResponded,
    TurnFailed,
    TurnFinished,
    TurnStarted,
    hookspecs,
)
from promptdock.errors import ErrorInfo
from promptdock.plugins.host import PluginHost
from promptdock.settings import load_settings
from promptdock.threads import WorkerThreads
from promptdock.turn.events import Usage
from promptdock.turn.request import EffectiveSettings

pytestmark = pytest.mark.anyio

WHERE: dict[str, Any] = {"request_id": "req-1", "turn_id": "turn-1", "at": 0.0}
PRIVATE = "my private words"
THREAD = ({"role": "user", "content": PRIVATE},)
COMPLETION = {"choices": [{"message": {"content": PRIVATE}}]}
CALL: dict[str, Any] = {"round": 1, "call_id": "call_1", "tool": "p.t", "plugin": "p"}
USAGE = Usage(prompt_tokens=3, completion_tokens=4, total_tokens=7)

EVENTS: Sequence[Event] = (
    TurnStarted(
        **WHERE, caller="ann", text=PRIVATE, messages=THREAD, settings=EffectiveSettings(provider="offline", model="m")
    ),
    ProviderInitialized(**WHERE, provider="offline", plugin="offline", model="m"),
    PluginSelected(**WHERE, plugin="p", rule="search_terms (input)", reason=PRIVATE, terms=(PRIVATE,), tools=("p.t",)),
    SettingsConflicted(**WHERE, setting="model", kept="a", dropped="b"),
    ToolPresented(**WHERE, tool="p.t", name="t", plugin="p", reason=PRIVATE, definition={"type": "function"}),
    CompletionRequested(**WHERE, round=1, provider="offline", request={"model": "m", "messages": THREAD}, last=False),
    CompletionReceived(**WHERE, round=1, completion=COMPLETION, usage=USAGE, ms=1.23456),
    ToolRequested(**WHERE, **CALL, name=PRIVATE, arguments=PRIVATE),
    PluginCalled(**WHERE, **CALL, arguments={"text": PRIVATE}),
    PluginResponded(**WHERE, **CALL, error=None, ms=2.0),
    ToolResponded(**WHERE, **CALL, name="t", arguments={"text": PRIVATE}, content=PRIVATE, error=None, ms=2.5),
    TurnFailed(
        **WHERE, error=ErrorInfo(status=502, code="c", type="t", message=PRIVATE), round=1, ms=1.0, rounds=1, usage=None
    ),
    TurnFinished(
        **WHERE, completion=COMPLETION, messages=THREAD, rounds=1, max_rounds_reached=False, usage=None, ms=9.0
    ),
)


async def lines(home: Path, caplog: pytest.LogCaptureFixture, events: Sequence[Event], **rules: Any) -> list[str]:
    """Tell a host with the event log alone, and give what it logged."""
    settings = load_settings(home=home, plugins_allow=("event_log",), plugins={"event_log": rules})
    host = PluginHost.load(settings, threads=WorkerThreads(2))
    observer = host.observer()
    for event in events:
        observer.tell(event)
    assert await host.drain(10)
    assert all(record.name == "promptdock.plugins.event_log" for record in caplog.records)
    return [record.getMessage() for record in caplog.records]


async def test_every_event_of_a_turn_is_one_line_without_content(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    found = await lines(tmp_path, caplog, EVENTS)
    assert [json.loads(line)["event"] for line in found] == list(hookspecs.OBSERVE_TURNS)
    assert all(json.loads(line)["request_id"] == "req-1" for line in found)
    assert all(json.loads(line)["turn_id"] == "turn-1" for line in found)
    assert not [line for line in found if PRIVATE in line]


async def test_lines_hold_the_chosen_facts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    found = {json.loads(line)["event"]: json.loads(line) for line in await lines(tmp_path, caplog, EVENTS)}
    where = {"request_id": "req-1", "turn_id": "turn-1"}
    assert found["turn_started"] == {
        "event": "turn_started", **where, "caller": "ann", "provider": "offline", "model": "m", "messages": 1,
    }  # fmt: skip
    assert found["completion_received"] == {
        "event": "completion_received", **where, "round": 1, "ms": 1.235, "prompt_tokens": 3, "completion_tokens": 4,
    }  # fmt: skip
    assert found["turn_failed"] == {
        "event": "turn_failed", **where, "round": 1, "rounds": 1, "ms": 1.0, "status": 502, "code": "c",
    }  # fmt: skip


async def test_content_is_logged_when_the_operator_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    found = await lines(tmp_path, caplog, EVENTS, include_content=True)
    with_content = {json.loads(line)["event"] for line in found if PRIVATE in line}
    assert with_content == {
        "turn_started",
        "plugin_selected",
        "completion_requested",
        "completion_received",
        "tool_requested",
        "plugin_called",
        "tool_responded",
        "turn_failed",
        "turn_finished",
    }


async def test_content_is_bounded_and_cannot_forge_a_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    text = "\n2026 INFO forged \x1b[31m\u2028" + "x" * 1_000_000
    call = ToolRequested(**WHERE, **CALL, name="t", arguments=text)
    (line,) = await lines(tmp_path, caplog, [call], include_content=True)
    assert len(line) < 5_000
    assert line.isprintable()


async def test_the_level_is_the_operators(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert await lines(tmp_path, caplog, EVENTS[:1], level="DEBUG") == []
    assert len(await lines(tmp_path, caplog, EVENTS[:1], level="warning")) == 1
    assert caplog.records[0].levelname == "WARNING"


async def test_handlers_get_the_facts_as_data(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await lines(tmp_path, caplog, EVENTS[1:2])
    assert vars(caplog.records[0])["promptdock_event"]["provider"] == "offline"
