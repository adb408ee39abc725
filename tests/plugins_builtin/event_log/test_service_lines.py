"""The event log of what happens around turns, through a host as it is shipped."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from promptdock import KeyUpdated, ServiceEvent, hookspecs
from promptdock.plugins.host import PluginHost
from promptdock.settings import load_settings
from promptdock.threads import WorkerThreads
from tests.support.service_events import AROUND, NAMED

pytestmark = pytest.mark.anyio

WHO = {"caller": "ann@7", "account": "7"}


async def lines(
    home: Path, caplog: pytest.LogCaptureFixture, events: Sequence[ServiceEvent] = AROUND, **rules: Any
) -> dict[str, dict[str, Any]]:
    """Tell a host with the event log alone, and give what it logged, by event."""
    caplog.set_level(logging.DEBUG)
    settings = load_settings(home=home, plugins_allow=("event_log",), plugins={"event_log": rules})
    host = PluginHost.load(settings, threads=WorkerThreads(2))
    for event in events:
        host.tell(event)
    assert await host.drain(10)
    assert all(record.name == "promptdock.plugins.event_log" for record in caplog.records)
    found = [json.loads(record.getMessage()) for record in caplog.records]
    assert len(found) == len(events)
    return {line["event"]: line for line in found}


async def test_every_event_around_turns_is_one_line_that_says_who_caused_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found = await lines(tmp_path, caplog)
    assert list(found) == list(hookspecs.OBSERVE_SERVICE)
    for event in AROUND:
        line = found[event.hook]
        assert (line["request_id"], line["turn_id"]) == (event.request_id, "")
        assert (line["caller"], line["account"]) == (event.caller, event.account)
        assert len(line) > len(("event", "request_id", "turn_id", "caller", "account"))


async def test_names_and_reasons_are_content(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    found = await lines(tmp_path, caplog)
    assert NAMED not in json.dumps(found)
    caplog.clear()
    told = await lines(tmp_path, caplog, include_content=True)
    assert {hook for hook, line in told.items() if NAMED in line.values()} == {
        "key_created",
        "key_updated",
        "key_deleted",
        "user_created",
        "domain_verification_failed",
        "plugin_quarantined",
    }


async def test_lines_hold_the_chosen_facts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    found = await lines(tmp_path, caplog)
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


async def test_money_is_logged_exactly(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    found = await lines(tmp_path, caplog)
    assert found["charge_recorded"]["cost"] == "0.000123"
    assert found["charge_recorded"]["total_tokens"] == 7
    assert (found["charge_declined"]["limit"], found["charge_declined"]["left"]) == ("10", "0")


async def test_a_name_cannot_forge_a_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    name = "\n2026 INFO forged \x1b[31m\u2028" + "x" * 1_000_000
    event = KeyUpdated(request_id="req-1", caller="ann@7", account="7", key_id="k", name=name, changed=("name",))
    await lines(tmp_path, caplog, [event], include_content=True)
    (line,) = (record.getMessage() for record in caplog.records)
    assert len(line) < 5_000
    assert line.isprintable()
