"""The event log of turns."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from promptdock import KeyCreated, ToolRequested, TurnStarted, hookimpl, hookspecs
from promptdock.testing import Host, calls, turn_events

PRIVATE = "my private words"
EVENTS = turn_events(PRIVATE)
WHERE = {"request_id": "req-1", "turn_id": "turn-1"}
Written = Callable[..., list[str]]


def with_rules(**rules: Any) -> pytest.MarkDecorator:
    """The event log's own settings."""
    return pytest.mark.promptdock(settings={"plugins": {"event_log": rules}})


def test_every_event_of_a_turn_is_one_line_without_content(written: Written) -> None:
    found = written(*EVENTS)
    assert [json.loads(line)["event"] for line in found] == list(hookspecs.OBSERVE_TURNS)
    assert all(json.loads(line).items() >= WHERE.items() for line in found)
    assert not [line for line in found if PRIVATE in line]


def test_lines_hold_the_chosen_facts(written: Written) -> None:
    found = {json.loads(line)["event"]: json.loads(line) for line in written(*EVENTS)}
    assert found["turn_started"] == {
        "event": "turn_started", **WHERE, "caller": "ann", "provider": "offline", "model": "m", "messages": 1,
    }  # fmt: skip
    assert found["completion_received"] == {
        "event": "completion_received", **WHERE, "round": 1, "ms": 1.235, "prompt_tokens": 3, "completion_tokens": 4,
    }  # fmt: skip
    assert found["turn_failed"] == {
        "event": "turn_failed", **WHERE, "round": 1, "rounds": 1, "ms": 1.0, "status": 502, "code": "c",
    }  # fmt: skip


@with_rules(include_content=True)
def test_content_is_logged_when_the_operator_says_so(written: Written) -> None:
    with_content = {json.loads(line)["event"] for line in written(*EVENTS) if PRIVATE in line}
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


@with_rules(include_content=True)
def test_content_is_bounded_and_cannot_forge_a_line(written: Written) -> None:
    text = "\n2026 INFO forged \x1b[31m\u2028" + "x" * 1_000_000
    where: dict[str, Any] = {**WHERE, "at": 0.0, "round": 1, "call_id": "call_1", "tool": "p.t", "plugin": "p"}
    (line,) = written(ToolRequested(**where, name="t", arguments=text))
    assert len(line) < 5_000
    assert line.isprintable()


@with_rules(level="DEBUG")
def test_the_level_is_the_operators(written: Written, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert written(EVENTS[0]) == []


@with_rules(level="warning")
def test_the_level_may_be_loud_and_in_any_case(written: Written, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert len(written(EVENTS[0])) == 1
    assert caplog.records[0].levelname == "WARNING"


def test_handlers_get_the_facts_as_data(written: Written, caplog: pytest.LogCaptureFixture) -> None:
    assert len(written(EVENTS[1])) == 1
    assert vars(caplog.records[0])["promptdock_event"]["provider"] == "offline"


@pytest.mark.promptdock(plugins=["calculator"])
def test_a_real_turn_is_written_from_its_start_to_its_end(
    host: Host, written: Written, caplog: pytest.LogCaptureFixture
) -> None:
    written()
    host.script([calls("calculator", expression="17 + 4"), "It is 21."])
    turn = host.prompt("What is 17 + 4?")
    lines = [json.loads(record.getMessage()) for record in caplog.records if record.name.endswith(".event_log")]
    assert [line["event"] for line in lines] == [event.hook for event in turn.events]
    assert {line["turn_id"] for line in lines} == {turn.events[0].turn_id}
    assert "17 + 4" not in json.dumps(lines)


class Other:
    """Another observer."""

    @hookimpl
    def turn_started(self, event: TurnStarted) -> None:
        return None


@pytest.mark.promptdock(plugins=[Other()], settings={"hook_timeout": 0.2})
@pytest.mark.parametrize(
    "trouble", [{"raises": RuntimeError("boom")}, {"raises": SystemExit}, {"delay": 1.0}], ids=repr
)
def test_trouble_of_another_observer_costs_no_line(host: Host, written: Written, trouble: dict[str, Any]) -> None:
    with host.chaos(plugin="other", **trouble):
        found = written(*EVENTS)
    assert [json.loads(line)["event"] for line in found] == list(hookspecs.OBSERVE_TURNS)


def test_trouble_of_the_log_itself_ends_no_turn(host: Host) -> None:
    host.script("Hello.")
    with host.chaos(plugin="event_log", raises=RuntimeError("boom")):
        assert host.prompt("Hello").text == "Hello."


def test_what_nobody_reads_is_not_even_made(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    name = "promptdock.plugins.event_log"
    caplog.set_level(logging.INFO, logger=name)
    assert not host.service.host.wants(KeyCreated)
    caplog.set_level(logging.DEBUG, logger=name)  # as the API does while the server runs
    assert host.service.host.wants(KeyCreated)
