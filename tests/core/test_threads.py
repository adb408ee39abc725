"""Worker threads: results, errors, limits, and what becomes of a function that hangs."""

from __future__ import annotations

import asyncio
import contextvars
import subprocess
import sys
import threading
import time

import pytest

from promptdock.threads import ThreadsExhausted, WorkerThreads

pytestmark = pytest.mark.anyio


async def _until(condition: object, seconds: float = 5.0) -> None:
    """Wait until a callable is true; the guard is generous, the wait short."""
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.005)


async def test_a_call_gives_what_the_function_returns() -> None:
    assert await WorkerThreads(2).call(divmod, 17, 5) == (3, 2)


async def test_keyword_arguments_reach_the_function() -> None:
    assert await WorkerThreads(1).call(sorted, [2, 3, 1], reverse=True) == [3, 2, 1]


async def test_the_function_runs_in_a_daemon_thread_other_than_the_loops() -> None:
    thread = await WorkerThreads(1).call(threading.current_thread)
    assert thread.daemon
    assert thread is not threading.current_thread()


async def test_no_thread_stays_behind() -> None:
    threads = WorkerThreads(4)
    before = threading.active_count()
    await asyncio.gather(*(threads.call(int, "5") for _ in range(50)))
    await _until(lambda: threading.active_count() <= before)


async def test_context_variables_are_the_callers_and_changes_do_not_leak_back() -> None:
    name: contextvars.ContextVar[str] = contextvars.ContextVar("name")
    name.set("caller")

    def change() -> str:
        seen = name.get()
        name.set("thread")
        return seen

    assert await WorkerThreads(1).call(change) == "caller"
    assert name.get() == "caller"


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("x"), SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
async def test_whatever_the_function_raises_reaches_the_caller(error: BaseException) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        await WorkerThreads(1).call(fail)
    assert caught.value is error


async def test_stop_iteration_comes_wrapped() -> None:
    with pytest.raises(RuntimeError, match="StopIteration") as caught:
        await WorkerThreads(1).call(next, iter(()))
    assert isinstance(caught.value.__cause__, StopIteration)


async def test_a_cancellation_that_the_function_raises_itself_abandons_nothing() -> None:
    threads = WorkerThreads(1)

    def fail() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await threads.call(fail)
    assert threads.abandoned == 0


async def test_at_most_the_limit_runs_at_once() -> None:
    threads, lock, running, peak = WorkerThreads(3), threading.Lock(), 0, 0

    def work() -> None:
        nonlocal running, peak
        with lock:
            running += 1
            peak = max(peak, running)
        time.sleep(0.01)
        with lock:
            running -= 1

    await asyncio.gather(*(threads.call(work) for _ in range(20)))
    assert peak == 3


async def test_the_event_loop_ticks_while_a_function_sleeps() -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.01)

    ticker = asyncio.create_task(tick())
    await WorkerThreads(1).call(time.sleep, 0.4)
    ticker.cancel()
    assert ticks >= 10


async def test_a_cancelled_call_frees_its_slot_at_once_and_counts_until_it_ends() -> None:
    threads, release = WorkerThreads(2), threading.Event()
    task = asyncio.create_task(threads.call(release.wait, 30))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert threads.abandoned == 1
    assert await asyncio.gather(*(threads.call(int, "7") for _ in range(4))) == [7, 7, 7, 7]
    release.set()
    await _until(lambda: threads.abandoned == 0)


async def test_when_as_many_hang_as_the_limit_allows_no_further_one_is_started() -> None:
    threads, release = WorkerThreads(1), threading.Event()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await threads.call(release.wait, 30)
    with pytest.raises(ThreadsExhausted) as caught:
        await threads.call(int, "5")
    assert caught.value.status == 503
    release.set()
    await _until(lambda: threads.abandoned == 0)
    assert await threads.call(int, "5") == 5


async def test_those_who_wait_for_a_slot_are_refused_when_its_holder_is_abandoned() -> None:
    threads, release = WorkerThreads(1), threading.Event()
    holder = asyncio.create_task(threads.call(release.wait, 30))
    await asyncio.sleep(0.05)
    waiter = asyncio.create_task(threads.call(int, "5"))
    await asyncio.sleep(0)
    holder.cancel()
    with pytest.raises(ThreadsExhausted):
        await waiter
    release.set()


async def test_waiting_for_a_slot_can_be_cancelled() -> None:
    threads, release = WorkerThreads(1), threading.Event()
    holder = asyncio.create_task(threads.call(release.wait, 30))
    await asyncio.sleep(0.05)
    started: list[int] = []
    waiter = asyncio.create_task(threads.call(started.append, 1))
    await asyncio.sleep(0)
    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    release.set()
    assert await holder is True
    assert started == []
    assert threads.abandoned == 0


async def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        WorkerThreads(0)


async def test_a_call_costs_well_under_a_millisecond() -> None:
    threads = WorkerThreads(1)
    started = time.perf_counter()
    for _ in range(200):
        await threads.call(int, "5")
    assert (time.perf_counter() - started) / 200 < 0.005


async def test_a_function_that_outlives_its_loop_disturbs_nobody() -> None:
    """Neither the closed loop nor the end of the interpreter waits for it, and nothing is printed."""
    script = """
import asyncio, time
from promptdock.threads import WorkerThreads
async def main():
    threads = WorkerThreads(2)
    for seconds in (0.2, 60):
        try:
            async with asyncio.timeout(0.05):
                await threads.call(time.sleep, seconds)
        except TimeoutError:
            pass
asyncio.run(main())
time.sleep(0.4)
print("ended")
"""
    started = time.monotonic()
    done = await WorkerThreads(1).call(
        subprocess.run, [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "ended\n", "")
    assert time.monotonic() - started < 30
