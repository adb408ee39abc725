"""A loop that stands still in a plugin's code is noticed, with the line."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable

import pytest

from promptdock.conformance.watchdog import LoopWatchdog, Stall


def watch(function: Callable[[], Awaitable[object]], *, owned: str = __file__) -> tuple[Stall, ...]:
    """Run a coroutine function under the watchdog."""

    async def main() -> tuple[Stall, ...]:
        watchdog = LoopWatchdog(owned=owned.__eq__, limit=0.1)
        async with watchdog.watching():
            await asyncio.create_task(run())
        return watchdog.stalls

    async def run() -> None:
        await function()

    return asyncio.run(main())


async def sleeps() -> None:
    """Waits the wrong way."""
    time.sleep(0.4)


async def computes() -> None:
    """Lets other threads run, but not the loop."""
    end = time.perf_counter() + 1
    while time.perf_counter() < end:
        pass


async def backtracks() -> None:
    """Lets nobody run: a regular expression keeps the interpreter's lock."""
    re.match(r"(a+)+$", "a" * 23 + "b")


async def behaves() -> None:
    """Is slow, but waits as it should."""
    for _ in range(30):
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("function", [sleeps, computes, backtracks])
def test_a_stall_is_named_by_its_line(function: Callable[[], Awaitable[object]]) -> None:
    """However it comes about. On a busy machine a look may come so late that the line is left: then another try."""
    for _ in range(5):
        named = [stall for stall in watch(function) if f"in {function.__name__}" in stall.where]
        if named:
            break
    assert named[0].where.startswith(f"{__file__}:")
    assert named[0].ms >= 100


def test_code_that_waits_as_it_should_is_none() -> None:
    """However long it takes."""
    assert watch(behaves) == ()


def test_what_others_do_is_not_the_plugins_fault() -> None:
    """A loop is late on a busy machine, too."""
    assert watch(sleeps, owned="/elsewhere.py") == ()


def test_a_python_whose_loop_is_made_in_another_way_can_be_watched() -> None:
    """What the loop's inside is called is nobody's promise."""
    code = """\
import asyncio, sys
del asyncio.BaseEventLoop._run_once
from promptdock.conformance.watchdog import plugin_line
print(plugin_line(sys._getframe(), "<string>".__eq__))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("<string>:4 in <module>\n", "")
