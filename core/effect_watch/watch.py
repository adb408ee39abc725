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

__all__ = ["host_doing", "watching", "watching_stray_threads"]


class _Watch:
    """Who is told, until the watching ends: threads and tasks that outlive it still carry it in their context."""

    __slots__ = ("callback", "ended")

    def __init__(self, callback: Callable[[Observed], object], *, ended: bool = False) -> None:
        self.callback = callback
        self.ended = ended


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


@contextlib.contextmanager
def watching_stray_threads(callback: Callable[[Observed], object]) -> Iterator[None]:
    """Tell of the effects of threads that carry no watch, whoever started them; those of the main thread are not told.

    On Python 3.11 threads of ``threading`` and of executors inherit no context, so that :func:`watching` cannot see
    them. Of several that are open the newest is told.

    Args:
        callback: As for :func:`watching`.
    """
    hook = _installed()
    watch = _Watch(callback)
    hook.strays.append(watch)
    try:
        yield
    finally:
        watch.ended = True
        hook.strays.remove(watch)


class _Hook:
    """The audit hook of this process.

    Attributes:
        strays: Who is told of threads that carry no watch.
    """

    def __init__(self) -> None:
        self.strays: list[_Watch] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        watch = _WATCH.get()
        if watch is None and self.strays and threading.current_thread() is not threading.main_thread():
            watch = self.strays[-1]
        if watch is None or watch.ended:
            return
        _tell(watch, event, arguments)


@functools.cache
def _lock() -> threading.Lock:
    return threading.Lock()


@functools.cache
def _hook() -> _Hook:
    # The interpreter keeps a hook as long as it lives, so that "installed" is a fact of the process and not of an
    # object. The cache remembers it.
    hook = _Hook()
    sys.addaudithook(hook)
    return hook


def _installed() -> _Hook:
    with _lock():
        return _hook()


def _tell(watch: _Watch, event: str, arguments: tuple[Any, ...]) -> None:
    token = _WATCH.set(_Watch(_ignore, ended=True))  # neither looking closer nor the callback is watched
    try:
        observed = classify(event, arguments)
        if observed is not None and (observed.effect is Effect.NETWORK or not _HOST.get()):
            watch.callback(replace(observed, by=asker()))
    finally:
        _WATCH.reset(token)


def _ignore(_: Observed) -> None:
    """What is done while something is told of is nobody's effect."""
