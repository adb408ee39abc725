"""Watching a piece of code: a context variable says who is told, one audit hook in the process tells."""

from __future__ import annotations

import contextlib
import functools
import sys
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from ..effects import Effect
from .events import classify
from .observed import Observed
from .stack import asker

__all__ = ["host_doing", "watching"]


class _Watch:
    """Who is told, until the watching ends: threads and tasks that outlive it still carry it in their context."""

    __slots__ = ("callback", "ended")

    def __init__(self, callback: Callable[[Observed], object]) -> None:
        self.callback = callback
        self.ended = False


# Handles, not state: what they hold lives in the context of whoever watches.
_WATCH: ContextVar[_Watch | None] = ContextVar("promptdock_effect_watch", default=None)
_HOST: ContextVar[bool] = ContextVar("promptdock_effect_watch_host", default=False)


@contextlib.contextmanager
def watching(callback: Callable[[Observed], object]) -> Iterator[None]:
    """Tell of each effect of what runs within, and of the tasks and host's threads that are started within.

    Inside an outer ``watching`` the inner one alone is told.

    Args:
        callback: Called right before the effect, in the thread where it happens. What it does itself is not watched.
            An ``OSError`` that it raises refuses the effect: the watched code sees it as if the system had said no.
    """
    _installed()
    watch = _Watch(callback)
    token = _WATCH.set(watch)
    try:
        yield
    finally:
        watch.ended = True
        _WATCH.reset(token)


@contextlib.contextmanager
def host_doing() -> Iterator[None]:
    """Mark what runs within as the host's own way of doing what it was asked: only its network effects count.

    A tool that uses the host's HTTP client does not read ``HTTPS_PROXY`` or ``~/.netrc``; the host does.
    """
    token = _HOST.set(True)
    try:
        yield
    finally:
        _HOST.reset(token)


@functools.cache
def _lock() -> threading.Lock:
    return threading.Lock()


@functools.cache
def _add_hook() -> None:
    # The interpreter keeps a hook as long as it lives, so that "installed" is a fact of the process and not of an
    # object. The cache remembers it.
    sys.addaudithook(_heard)


def _installed() -> None:
    with _lock():
        _add_hook()


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    watch = _WATCH.get()
    if watch is None or watch.ended:
        return
    token = _WATCH.set(None)  # neither looking closer nor the callback is watched
    try:
        observed = classify(event, arguments)
        if observed is not None and (observed.effect is Effect.NETWORK or not _HOST.get()):
            watch.callback(replace(observed, by=asker()))
    finally:
        _WATCH.reset(token)
