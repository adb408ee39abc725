"""Context variables carried into threads that inherit none, for a process of one's own."""

from __future__ import annotations

import contextlib
import contextvars
import functools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

__all__ = ["carried_into_threads"]


@contextlib.contextmanager
def carried_into_threads() -> Iterator[None]:
    """Let threads of ``threading`` and calls of a ``ThreadPoolExecutor`` run in a copy of their starter's context.

    From Python 3.14 on that is an option of the interpreter; on 3.11 a thread starts with an empty context, and an
    audit hook hears nothing of the start. Pools are done apart because their threads outlive the call that started
    them. This changes the two classes for the whole process: use it in one that does nothing else.
    """
    start: Any = threading.Thread.start
    submit: Any = ThreadPoolExecutor.submit

    @functools.wraps(start)
    def started(thread: threading.Thread) -> None:
        thread.run = functools.partial(contextvars.copy_context().run, thread.run)  # type: ignore[method-assign]
        start(thread)

    @functools.wraps(submit)
    def submitted(pool: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = submit(pool, contextvars.copy_context().run, fn, *args, **kwargs)
        return future

    classes: list[tuple[Any, str, Any, Any]] = [
        (threading.Thread, "start", start, started),
        (ThreadPoolExecutor, "submit", submit, submitted),
    ]
    for owner, name, _, carried in classes:
        setattr(owner, name, carried)
    try:
        yield
    finally:
        for owner, name, before, _ in classes:
            setattr(owner, name, before)
