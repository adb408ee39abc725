"""Plugins whose asynchronous code ignores its cancellation: every command still ends, in bounded time."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress

import openai
import pytest

from tests.support.command import CommandLine

_STUBBORN = """
import asyncio, os
from promptdock import Provider, SearchTerms, hookimpl, tool

async def never_end():
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            pass

@tool(timeout=0.3)
async def launder(name: str) -> str:
    \"\"\"Launder something.

    Args:
        name: What to launder.
    \"\"\"
    await never_end()

class Slow(Provider):
    name = "slow"
    default_model = "slow"

    async def complete(self, call):
        if call.messages[-1]["content"] == "pid":
            message = {"role": "assistant", "content": str(os.getpid())}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            return {"id": "x", "object": "chat.completion", "created": 0, "model": "slow", "choices": [choice]}
        await never_end()

    async def aclose(self):
        if os.environ.get("STUBBORN_CLOSE"):
            await never_end()

@hookimpl
def register_providers():
    return [Slow()]

@hookimpl
def register_tools():
    return [launder]

@hookimpl
def register_selection_rules():
    return [SearchTerms("launder", tools=[launder])]

@hookimpl
async def turn_started(event):
    if "hook" in event.text:
        await never_end()
"""

_THREAD = """
import asyncio, time
from promptdock import SearchTerms, hookimpl, tool

@tool(timeout=0.3)
async def launder(name: str) -> str:
    \"\"\"Launder something.

    Args:
        name: What to launder.
    \"\"\"
    await asyncio.to_thread(time.sleep, 3600)

@hookimpl
def register_tools():
    return [launder]

@hookimpl
def register_selection_rules():
    return [SearchTerms("launder", tools=[launder])]
"""


def _ask(base_url: str, model: str, content: str, seconds: float = 20) -> str:
    with openai.OpenAI(base_url=base_url, api_key="unused", max_retries=0, timeout=seconds) as client:
        reply = client.chat.completions.create(model=model, messages=[{"role": "user", "content": content}])
    return reply.choices[0].message.content or ""


def _ask_in_vain(base_url: str, model: str, content: str) -> None:
    with suppress(openai.APIError):
        _ask(base_url, model, content, 60)


@pytest.mark.parametrize("source", [_STUBBORN, _THREAD], ids=["task", "thread"])
def test_a_prompt_ends_after_its_answer(command: CommandLine, source: str) -> None:
    """The answer is printed, a warning names what was left, and the exit code is that of the answer."""
    command.write_plugin("stubborn", source)
    started = time.monotonic()
    done = command.run("prompt", "launder 'shirt'", "--json")
    assert time.monotonic() - started < 40
    assert done.returncode == 0
    assert done.stdout.endswith("}\n")
    assert "within 0.3 s" in done.stdout
    assert "does not end although it was cancelled" in done.stderr
    assert ("_Run.here" if source is _STUBBORN else "asyncio.to_thread") in done.stderr
    assert "Traceback" not in done.stderr
    assert "destroyed" not in done.stderr


def test_a_failed_prompt_keeps_its_exit_code(command: CommandLine) -> None:
    """Leaving in a hurry is no success."""
    command.write_plugin("stubborn", _STUBBORN)
    with command.started("prompt", "-m", "slow/slow", "hi") as process:
        time.sleep(4)
        process.send_signal(signal.SIGINT)
        time.sleep(1)
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        assert process.wait(40) == 130


@pytest.mark.parametrize("close", ["", "1"], ids=["", "provider-close"])
def test_a_server_ends_at_sigterm(command: CommandLine, close: str) -> None:
    """A tool, a hook and a provider's call run on; the exit code is 0 all the same."""
    command.write_plugin("stubborn", _STUBBORN)
    with command.serving("--grace", "0.5", env={"STUBBORN_CLOSE": close}) as server:
        _ask(server.base_url, "offline/offline", "launder 'shirt'")
        _ask(server.base_url, "offline/offline", "hook")
        asking = threading.Thread(target=_ask_in_vain, args=(server.base_url, "slow/slow", "hi"))
        asking.start()
        time.sleep(0.5)
        started = time.monotonic()
        assert server.stop(signal.SIGTERM) == 0
        assert time.monotonic() - started < 35
        asking.join(20)
        log = server.log()
    assert log.count("does not end although it was cancelled") == 1
    assert "_Run.here" in log
    assert "destroyed" not in log


def test_workers_end_at_sigterm(command: CommandLine) -> None:
    """The parent kills those that do not."""
    command.write_plugin("stubborn", _STUBBORN)
    with command.serving("--workers", "2", "--grace", "0.5") as server:
        pids = {int(_ask(server.base_url, "slow/slow", "pid"))}
        _ask(server.base_url, "offline/offline", "launder 'shirt'")
        started = time.monotonic()
        assert server.stop(signal.SIGTERM) == 0
        assert time.monotonic() - started < 38
        for pid in pids:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)


def test_a_plugins_keyboard_interrupt_does_not_stop_a_server(command: CommandLine) -> None:
    """Under a server Ctrl-C comes as a signal; an exception of that name is the plugin's failure."""
    command.write_plugin("stubborn", _STUBBORN.replace("await asyncio.sleep(3600)", "raise KeyboardInterrupt"))
    with command.serving("--grace", "0.5") as server:
        _ask(server.base_url, "offline/offline", "launder 'shirt'")
        _ask(server.base_url, "offline/offline", "hook")
        assert _ask(server.base_url, "slow/slow", "pid")
        assert server.stop(signal.SIGTERM) == 0
