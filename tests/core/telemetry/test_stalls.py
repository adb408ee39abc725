"""A plugin that holds up the event loop is named, counted and told of."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from promptdock import hookimpl
from promptdock.plugins.catalog import Catalog
from promptdock.telemetry.culprits import Culprit, Culprits
from promptdock.telemetry.stalls import LoopWatch
from promptdock.web import create_app
from tests.support.metrics import readings_once
from tests.support.server import live_server
from tests.support.services import settings_at
from tests.support.upstream import Upstream, text, tool_calls

SLEEPY = '''
"""A plugin that does on the event loop what belongs into a thread."""
import time

from promptdock import hookimpl, tool


@tool
async def sleep_on_the_loop(seconds: float) -> str:
    """Sleep.

    Args:
        seconds: How long.
    """
    return nap(seconds)


def nap(seconds):
    time.sleep(seconds)
    return "awake"


@hookimpl
def register_tools():
    return [sleep_on_the_loop]
'''
ASK = {"model": "fake/m1", "messages": [{"role": "user", "content": "go"}]}


class Dozing:
    """A hook that sleeps where it may not."""

    @hookimpl(nonblocking=True)
    def turn_started(self, event: Any) -> None:
        time.sleep(0.3)


@pytest.fixture
def client(upstream: Upstream, home: Path) -> Iterator[httpx.Client]:
    (home / "plugins").mkdir()
    (home / "plugins" / "sleepy.py").write_text(SLEEPY)
    app = create_app(settings_at(upstream, home=home, loop_stall_ms=100), extra={"dozing": Dozing()})
    with live_server(app) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield client


def test_the_plugin_whose_code_stands_still_is_named(
    client: httpx.Client, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    upstream.script([tool_calls([("sleep_on_the_loop", {"seconds": 0.4})]), text("done")])

    with caplog.at_level(logging.WARNING, "promptdock.loop"):
        assert client.post("/v1/chat/completions", json=ASK).status_code == 200
        seen = readings_once(
            client,
            lambda found: (
                (
                    found.get("loop_stall_seconds_count", plugin="sleepy")
                    and found.get("loop_stall_seconds_count", plugin="dozing")
                )
                > 0
            ),
        )

    assert seen.get("loop_stall_seconds_count", plugin="sleepy") == 1
    assert seen.get("loop_stall_seconds_sum", plugin="sleepy") > 0.2
    assert seen.get("loop_stall_seconds_count", plugin="dozing") == 1
    records = [vars(record) | {"text": record.getMessage()} for record in caplog.records]
    told = {record["plugin"]: record["text"] for record in records if record["name"] == "promptdock.loop"}
    assert set(told) == {"sleepy", "dozing"}
    assert "ms in plugin sleepy, tool sleepy.sleep_on_the_loop;" in told["sleepy"]
    assert "time.sleep(seconds)" in told["sleepy"]
    assert "ms in plugin dozing, hook turn_started;" in told["dozing"]
    (loop,) = (part for part in client.get("/readyz").json()["parts"] if part["name"] == "loop")
    assert loop["state"] == "degraded"
    assert "in " in loop["detail"]
    assert client.get("/readyz").status_code == 200


def stalled(culprits: Culprits, *naps: float, threshold: float = 0.05) -> tuple[list[tuple[str, float]], LoopWatch]:
    """Let a loop of its own stand still."""
    counted: list[tuple[str, float]] = []
    watch = LoopWatch(culprits, threshold=threshold, count=lambda plugin, seconds: counted.append((plugin, seconds)))

    async def run() -> None:
        with watch.watching():
            for seconds in naps:
                await asyncio.sleep(0.1)
                time.sleep(seconds)
                await asyncio.sleep(0.2)

    asyncio.run(run())
    return counted, watch


def test_further_stalls_of_a_plugin_are_counted_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    counted, watch = stalled(Culprits.of(Catalog(), {}), 0.3, 0.3, 0.3)

    assert [plugin for plugin, _ in counted] == ["other"] * 3
    assert all(0.1 < seconds < 3 for _, seconds in counted)
    assert len([record for record in caplog.records if record.name == "promptdock.loop"]) == 1
    assert watch.latest is not None
    assert watch.latest.culprit == Culprit("other")


def test_a_loop_that_goes_round_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    counted, watch = stalled(Culprits.of(Catalog(), {}), 0.0, threshold=5.0)

    assert counted == []
    assert watch.latest is None
    assert caplog.records == []
