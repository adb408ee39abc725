"""The life of a test host: opened by whoever needs it first, closed once, whatever happens in between."""

from __future__ import annotations

import contextlib
import tempfile
import threading
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from .loop import LoopThread
from .opened import OpenedHost
from .traffic import network_guard

__all__ = ["HostLife"]

_T = TypeVar("_T")


class HostLife:
    """Holds the thread, the folder and the service of one host.

    Args:
        opening: Opens the host in a folder of its own; called once, on the event loop of the thread.
        network: Whether real traffic is allowed.
    """

    def __init__(self, opening: Callable[[Path], Awaitable[OpenedHost]], *, network: bool) -> None:
        self._opening = opening
        self._network = network
        self._lock = threading.RLock()
        self._thread: LoopThread | None = None
        self._opened: OpenedHost | None = None
        self._folder = contextlib.ExitStack()
        self._closed = False

    @property
    def state(self) -> str:
        """``closed``, ``open`` or ``not opened yet``."""
        return "closed" if self._closed else "not opened yet" if self._opened is None else "open"

    @property
    def thread(self) -> LoopThread:
        """The thread of the event loop, started."""
        with self._lock:
            if self._thread is None:
                if self._closed:
                    raise RuntimeError("This host is closed.")
                self._thread = LoopThread(lambda: network_guard(allowed=self._network))
            return self._thread

    @property
    def opened(self) -> OpenedHost:
        """What is open; opened by whoever asks first.

        Raises:
            RuntimeError: The host is closed.
            PromptdockError: It cannot be opened.
        """
        if self._opened is None or self._closed:
            if self._thread is not None:
                self._thread.check_outside()
            with self._lock:
                if self._closed:
                    raise RuntimeError("This host is closed.")
                if self._opened is None:
                    self._opened = self.thread.run(self._open())
        return self._opened

    def open_for(self, work: Coroutine[Any, Any, Any]) -> None:
        """Open the host for a coroutine, which is given up when that fails."""
        try:
            _ = self.opened
        except BaseException:
            work.close()
            raise

    def run(self, work: Callable[[OpenedHost], Coroutine[Any, Any, _T]]) -> _T:
        """Run what uses the open host on its event loop, and wait for it."""
        opened = self.opened
        return self.thread.run(work(opened))

    async def arun(self, work: Callable[[OpenedHost], Coroutine[Any, Any, _T]]) -> _T:
        """Run what uses the open host on its event loop, from a coroutine of another one."""
        opened = self.opened
        return await self.thread.arun(work(opened))

    def close(self) -> None:
        """Close everything; once."""
        with self._lock:
            self._closed = True
            thread, self._thread = self._thread, None
            opened, self._opened = self._opened, None
        try:
            if thread is not None and opened is not None:
                thread.run(opened.aclose())
        finally:
            if thread is not None:
                thread.close()
            self._folder.close()

    async def _open(self) -> OpenedHost:
        home = Path(self._folder.enter_context(tempfile.TemporaryDirectory(prefix="promptdock-")))
        return await self._opening(home)
