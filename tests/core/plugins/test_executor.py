"""Calling one implementation: on the loop or in a thread, bounded in time, failing by itself."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pydantic import BaseModel

from promptdock.plugins.calls import HookCall
from promptdock.plugins.executor import HookExecutor, HookFailed
from promptdock.threads import WorkerThreads

pytestmark = pytest.mark.anyio


def call_of(function: Callable[..., Any], **facts: Any) -> HookCall:
    """An implementation of ``turn_started`` by the plugin ``mine``."""
    made: dict[str, Any] = {
        "hook": "turn_started",
        "plugin": "mine",
        "version": "1.2",
        "function": function,
        "takes": (),
        "asynchronous": asyncio.iscoroutinefunction(function),
        "nonblocking": False,
    }
    return HookCall(**made | facts)


async def run(call: HookCall, *, timeout: float = 5.0, threads: int = 2, **values: object) -> Any:
    """Call it once."""
    executor = HookExecutor(threads=WorkerThreads(threads), timeout=timeout)
    return await executor.call(call, values, request_id="req-1")


async def test_a_synchronous_implementation_runs_in_a_worker_thread_with_the_callers_context() -> None:
    variable = contextvars.ContextVar("variable", default="unset")
    variable.set("set")
    thread, value = await run(call_of(lambda: (threading.current_thread(), variable.get())))
    assert thread is not threading.main_thread()
    assert value == "set"


async def test_a_nonblocking_one_runs_on_the_event_loop() -> None:
    assert await run(call_of(threading.current_thread, nonblocking=True)) is threading.current_thread()


async def test_an_async_one_is_awaited_on_the_event_loop() -> None:
    async def implementation() -> threading.Thread:
        await asyncio.sleep(0)
        return threading.current_thread()

    assert await run(call_of(implementation)) is threading.current_thread()


@pytest.mark.parametrize("nonblocking", [False, True])
async def test_a_synchronous_one_may_give_an_awaitable(nonblocking: bool) -> None:
    async def later() -> str:
        return "done"

    def implementation() -> Awaitable[str]:
        return later()

    assert await run(call_of(implementation, nonblocking=nonblocking)) == "done"


async def test_it_gets_what_it_takes_and_its_own_settings() -> None:
    class Mine(BaseModel):
        size: int = 3

    def implementation(settings: Mine, event: str) -> tuple[int, str]:
        return settings.size, event

    call = call_of(implementation, takes=("event", "settings"), settings=Mine())
    assert await run(call, event="e", other="o") == (3, "e")


@pytest.mark.parametrize(
    "error",
    [
        ValueError("secret"),
        SystemExit(2),
        KeyboardInterrupt(),
        GeneratorExit(),
        asyncio.CancelledError(),
        StopIteration(),
    ],
)
@pytest.mark.parametrize("form", ["async", "thread", "nonblocking"])
async def test_whatever_it_raises_becomes_one_failure(
    error: BaseException, form: str, caplog: pytest.LogCaptureFixture
) -> None:
    def sync_one() -> None:
        raise error

    async def async_one() -> None:
        raise error

    call = call_of(async_one if form == "async" else sync_one, nonblocking=form == "nonblocking")
    with pytest.raises(HookFailed) as caught:
        await run(call)
    assert "secret" not in caught.value.what
    assert (call.counters.calls, call.counters.failures, call.counters.timeouts) == (1, 1, 0)
    (record,) = caplog.records
    assert record.name == "promptdock.plugins.mine"
    assert record.exc_info is not None
    message = record.getMessage()
    assert all(part in message for part in ("turn_started", "mine", "1.2", "req-1"))


@pytest.mark.parametrize("stubborn", [False, True])
async def test_an_async_one_that_hangs_is_given_up_even_if_it_ignores_its_cancellation(
    stubborn: bool, caplog: pytest.LogCaptureFixture
) -> None:
    release = asyncio.Event()

    async def implementation() -> None:
        try:
            await release.wait()
        except asyncio.CancelledError:
            if stubborn:
                await release.wait()
            raise

    call = call_of(implementation)
    with pytest.raises(HookFailed, match=r"took longer than 0\.05 s"):
        await run(call, timeout=0.05)
    assert (call.counters.failures, call.counters.timeouts) == (0, 1)
    assert call.counters.total_ms >= 50
    assert "took longer" in caplog.text
    release.set()
    await asyncio.sleep(0)


async def test_a_synchronous_one_that_hangs_is_given_up_and_its_thread_abandoned() -> None:
    release = threading.Event()
    threads = WorkerThreads(1)
    executor = HookExecutor(threads=threads, timeout=0.05)
    call = call_of(release.wait)
    with pytest.raises(HookFailed, match="took longer"):
        await executor.call(call, {}, request_id="r")
    await asyncio.sleep(0.01)
    assert threads.abandoned == 1
    with pytest.raises(HookFailed, match="ThreadsExhausted"):
        await executor.call(call, {}, request_id="r")
    release.set()


async def test_cancelling_the_caller_cancels_the_implementation_and_is_no_failure() -> None:
    ended = asyncio.Event()
    started = asyncio.Event()

    async def implementation() -> None:
        started.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    call = call_of(implementation)
    task = asyncio.create_task(run(call))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(ended.wait(), 5)
    assert call.counters.failures == 0


async def test_closing_cancels_what_still_runs() -> None:
    async def implementation() -> None:
        await asyncio.sleep(60)

    executor = HookExecutor(threads=WorkerThreads(1), timeout=60)
    task = asyncio.create_task(executor.call(call_of(implementation), {}, request_id="r"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await executor.aclose()
    with pytest.raises(HookFailed):
        await asyncio.wait_for(task, 5)


async def test_statistics_are_a_snapshot(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    call = call_of(lambda: None, nonblocking=True)
    before = call.statistics()
    await run(call)
    after = call.statistics()
    assert (before.calls, after.calls) == (0, 1)
    assert (after.plugin, after.hook) == ("mine", "turn_started")
