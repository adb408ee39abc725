"""Tools that do not end, code that blocks the event loop, and results that nobody can use."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from pathlib import Path

import pytest

from promptdock import (
    SearchTerms,
    SelectionRequest,
    SelectionRule,
    Tool,
    ToolCall,
    Verdict,
    hookimpl,
    tool,
)
from tests.support.checking import PluginOf, check

ENDINGS = "silver_running:timeout-and-cancellation"
LOOP = "silver_running:event-loop"
RESULTS = "silver_running:results"


@pytest.fixture(autouse=True)
def _short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes on is found as well after a shorter wait."""
    monkeypatch.setattr("promptdock.conformance.endings._GRACE", 0.5)


@tool(examples=[{"seconds": 0.05}])
async def rest(seconds: float) -> str:
    """Wait as it should."""
    await asyncio.sleep(min(abs(seconds), 0.05))
    return "rested"


@tool(examples=[{"text": "a"}])
def echo(text: str) -> str:
    """Answer at once."""
    return text


def test_tools_that_end_when_told_to_pass(tmp_path: Path) -> None:
    """Async and sync."""
    assert check(ENDINGS, PluginOf(rest, echo), tmp_path) == []


def test_a_tool_that_swallows_its_cancellation_is_found(tmp_path: Path) -> None:
    """It would go on for ever."""

    @tool(examples=[{}])
    async def stubborn() -> str:
        """Try again, whatever happens."""
        end = time.monotonic() + 2.5
        while time.monotonic() < end:
            with contextlib.suppress(BaseException):
                await asyncio.sleep(0.1)
        return "done"

    (finding,) = check(ENDINGS, PluginOf(stubborn), tmp_path)
    assert finding.subject == "sample.stubborn"
    assert "still ran" in finding.text
    assert "CancelledError" in finding.remedy


def test_a_task_that_is_left_behind_is_found(tmp_path: Path) -> None:
    """The tool's own task is over, one that it started is not."""
    kept: list[asyncio.Task[None]] = []

    @tool(examples=[{}])
    async def leaving() -> str:
        """Start something and forget it."""
        kept.append(asyncio.create_task(asyncio.sleep(60)))
        return "started"

    (finding,) = check(ENDINGS, PluginOf(leaving), tmp_path)
    assert "tasks went on" in finding.text


def test_a_thread_that_runs_on_is_found_with_its_line(tmp_path: Path) -> None:
    """Nobody can stop it from outside."""
    released = threading.Event()

    @tool(examples=[{}], timeout=1)
    def hanging() -> str:
        """Wait for nothing."""
        released.wait(60)
        return "done"

    try:
        (finding,) = check(ENDINGS, PluginOf(hanging), tmp_path)
    finally:
        released.set()
    assert "in hanging" in finding.text
    assert "context.timeout" in finding.remedy


def test_code_that_lets_the_loop_go_on_passes(tmp_path: Path) -> None:
    """A sync tool may block: it has a thread."""

    @tool(examples=[{}])
    def blocks_its_thread() -> str:
        """Block."""
        time.sleep(0.3)
        return "done"

    assert check(LOOP, PluginOf(rest, blocks_its_thread, rules=[_Words(tools=[rest])]), tmp_path) == []


class _Words(SelectionRule):
    """Quick."""

    nonblocking = True

    def decide(self, request: SelectionRequest) -> Verdict:
        return Verdict(selected="rest" in request.text, reason="it says so")


def test_an_async_tool_that_blocks_is_found_with_its_line(tmp_path: Path) -> None:
    """The watchdog looks at the loop's thread."""

    @tool(examples=[{}])
    async def blocks() -> str:
        """Wait the wrong way."""
        time.sleep(0.4)
        return "done"

    (finding,) = check(LOOP, PluginOf(blocks), tmp_path)
    assert f"{__file__}:" in finding.text
    assert "in blocks" in finding.text


def test_a_blocking_connection_is_found_however_quick_it_is(tmp_path: Path) -> None:
    """On this machine it takes no time; elsewhere it does."""

    @tool(examples=[{}])
    async def connects() -> str:
        """Open a connection without awaiting it."""
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", 9), timeout=1).close()
        return "done"

    (finding,) = check(LOOP, PluginOf(connects), tmp_path)
    assert "waits for the network" in finding.text
    assert "127.0.0.1:9" in finding.text


def test_a_tool_that_promises_to_be_quick_and_is_not_is_found(tmp_path: Path) -> None:
    """Nonblocking code runs on the loop."""

    @tool(nonblocking=True, examples=[{}])
    def slow() -> str:
        """Take its time."""
        time.sleep(0.4)
        return "done"

    findings = check(LOOP, PluginOf(slow), tmp_path)  # a machine that is busy may stand still elsewhere, too
    assert any("in slow" in finding.text for finding in findings)


def test_hooks_and_rules_that_block_are_found(tmp_path: Path) -> None:
    """They run in whole turns, with and without tool calls."""

    class SlowRule(SelectionRule):
        nonblocking = True

        def decide(self, request: SelectionRequest) -> Verdict:
            time.sleep(0.4)
            return Verdict(selected=True, reason="always")

    class WithHook(PluginOf):
        @hookimpl(nonblocking=True)
        def approve_tool_call(self, call: ToolCall) -> None:
            """Think for long."""
            time.sleep(0.4)

    texts = " ".join(found.text for found in check(LOOP, WithHook(echo, rules=[SlowRule(tools=[echo])]), tmp_path))
    assert "in decide" in texts
    assert "in approve_tool_call" in texts


def test_results_that_can_be_sent_pass(tmp_path: Path) -> None:
    """Also under a limit that they are over."""
    assert check(RESULTS, PluginOf(echo, rest), tmp_path) == []


def test_results_that_cannot_be_sent_or_are_too_large_are_found(tmp_path: Path) -> None:
    """The model would get an error each time."""

    @tool(examples=[{}])
    def strange() -> object:
        """Return an object."""
        return object()

    @tool(examples=[{}])
    def huge() -> str:
        """Return a book."""
        return "word " * 100_000

    first, second = check(RESULTS, PluginOf(strange, huge), tmp_path)
    assert "cannot be sent" in first.text
    assert "too large" in second.text


def test_tools_without_examples_are_called_all_the_same(tmp_path: Path) -> None:
    """With generated arguments, in a world that refuses."""

    @tool
    def strange(text: str) -> object:
        """Return an object."""
        return {text: object()}

    assert [found.subject for found in check(RESULTS, PluginOf(strange), tmp_path)][:1] == ["sample.strange"]


def test_terms_run_on_the_loop_and_are_quick(tmp_path: Path) -> None:
    """The host's own rule."""
    made: Tool = echo
    assert check(LOOP, PluginOf(made, rules=[SearchTerms("echo", tools=[made], selects=["echo"])]), tmp_path) == []
