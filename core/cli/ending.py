"""Ends of a command in bounded time: asynchronous code of a plugin may swallow its cancellation.

``asyncio.run`` cancels what is left when its work is done, and then waits for it without bound.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, NoReturn, TypeVar

from .invocation import Invocation

__all__ = ["leave", "run_async"]

T = TypeVar("T")

_PATIENCE = 3.0
"""Seconds that cancelled tasks, and threads that asyncio waits for, have to end."""
_MOST_NAMES = 10


def run_async(
    main: Coroutine[Any, Any, T],
    invocation: Invocation,
    *,
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> T:
    """Run a command's coroutine as ``asyncio.run`` does, but wait for what it leaves behind only for a while.

    When something does not end, the event loop is left open and the invocation says so: then the process must not
    end in the usual way, which would wait for it, but by :func:`leave`.

    Args:
        main: What to run.
        invocation: Told of what does not end.
        loop_factory: Makes the event loop; None takes asyncio's own.

    Returns:
        What the coroutine gives.

    Raises:
        BaseException: Whatever the coroutine raises.
    """
    runner = asyncio.Runner(loop_factory=loop_factory)
    try:
        return runner.run(main)
    finally:
        invocation.unfinished = runner  # also when Ctrl-C ends the wait
        left = runner.run(_end_the_rest())
        if left:
            logging.getLogger("promptdock.cli").warning(
                "Code of plugins does not end although it was cancelled; the process ends without it: %s",
                "; ".join(left[:_MOST_NAMES]),
            )
        else:
            runner.close()
            invocation.unfinished = None


def leave(code: int) -> NoReturn:
    """End the process at once, without what Python does at its end.

    That would wait for threads, destroy tasks in the middle of their work and complain of each. What is buffered is
    written first; ``atexit`` functions of plugins are not called, since nothing bounds them.

    Args:
        code: The exit code.
    """
    for flush in (sys.stdout.flush, sys.stderr.flush, logging.shutdown):
        with suppress(Exception):
            flush()
    os._exit(code)


async def _end_the_rest() -> list[str]:
    """Cancel all other tasks, close what the loop keeps open, and name what did not end in time."""
    loop = asyncio.get_running_loop()
    end = loop.time() + _PATIENCE
    cancelled: set[asyncio.Task[Any]] = set()
    while (left := _others()) and loop.time() < end:
        for task in left - cancelled:  # those that begin meanwhile, too
            task.cancel()
        cancelled |= left
        await asyncio.wait(left, timeout=end - loop.time())
    unfinished = [_told(task) for task in _others()]
    closing = {
        "asynchronous generators": asyncio.ensure_future(loop.shutdown_asyncgens()),
        "threads of asyncio.to_thread": asyncio.ensure_future(loop.shutdown_default_executor()),
    }
    await asyncio.wait(closing.values(), timeout=max(0.5, end - loop.time()))
    return [*unfinished, *(what for what, closed in closing.items() if not closed.done())]


def _others() -> set[asyncio.Task[Any]]:
    return asyncio.all_tasks() - {asyncio.current_task()}


def _told(task: asyncio.Task[Any]) -> str:
    work: Any = task.get_coro()
    return f"{task.get_name()} ({getattr(work, '__qualname__', None) or type(work).__name__})"
