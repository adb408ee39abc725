"""The event log of what happens around turns."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from promptdock import KeyUpdated, hookspecs
from promptdock.testing import service_events

WHO = {"caller": "ann@7", "account": "7"}
NAMED = "a name that somebody chose"
AROUND = service_events(NAMED)
Lines = dict[str, dict[str, Any]]
WITH_CONTENT = pytest.mark.promptdock(settings={"plugins": {"event_log": {"include_content": True}}})


@pytest.fixture
def found(written: Callable[..., list[str]]) -> Lines:
    """The line of each event, by the event's hook."""
    lines = [json.loads(line) for line in written(*AROUND)]
    assert len(lines) == len(AROUND)
    return {line["event"]: line for line in lines}


def test_every_event_around_turns_is_one_line_that_says_who_caused_it(found: Lines) -> None:
    assert list(found) == list(hookspecs.OBSERVE_SERVICE)
    for event in AROUND:
        line = found[event.hook]
        assert (line["request_id"], line["turn_id"]) == (event.request_id, "")
        assert (line["caller"], line["account"]) == (event.caller, event.account)
        assert len(line) > len(("event", "request_id", "turn_id", "caller", "account"))


def test_names_and_reasons_are_content(found: Lines) -> None:
    assert NAMED not in json.dumps(found)


@WITH_CONTENT
def test_they_are_logged_when_the_operator_says_so(found: Lines) -> None:
    assert {hook for hook, line in found.items() if NAMED in line.values()} == {
        "key_created",
        "key_updated",
        "key_deleted",
        "user_created",
        "domain_verification_failed",
        "plugin_quarantined",
    }


def test_lines_hold_the_chosen_facts(found: Lines) -> None:
    where = {"request_id": "req-1", "turn_id": ""}
    assert found["api_request_completed"] == {
        "event": "api_request_completed", **where, **WHO,
        "method": "POST", "path": "/api/v1/llm-clients/helper/prompt/", "status": 200, "ms": 12.346,
    }  # fmt: skip
    assert found["relay_received"] == {
        "event": "relay_received", **where, **WHO, "provider": "openai", "method": "POST", "path": "/embeddings",
        "status": 200, "ms": 5.0, "prompt_tokens": 3, "completion_tokens": 4,
    }  # fmt: skip
    assert found["llm_client_updated"] == {
        "event": "llm_client_updated", **where, **WHO,
        "llm_client": "helper", "llm_client_id": "client-1", "changed": ["model"],
    }  # fmt: skip


def test_money_is_logged_exactly(found: Lines) -> None:
    assert found["charge_recorded"]["cost"] == "0.000123"
    assert found["charge_recorded"]["total_tokens"] == 7
    assert (found["charge_declined"]["limit"], found["charge_declined"]["left"]) == ("10", "0")


@WITH_CONTENT
def test_a_name_cannot_forge_a_line(written: Callable[..., list[str]]) -> None:
    name = "\n2026 INFO forged \x1b[31m\u2028" + "x" * 1_000_000
    event = KeyUpdated(request_id="req-1", caller="ann@7", account="7", key_id="k", name=name, changed=("name",))
    (line,) = written(event)
    assert len(line) < 5_000
    assert line.isprintable()
