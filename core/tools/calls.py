"""One call as the runner gets it, and who is told of its steps."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from .errors import ToolErrorCode
from .results import sendable

if TYPE_CHECKING:
    from pydantic import BaseModel

    from .tool import Tool

__all__ = ["BoundTool", "CallRequest", "CallWatcher", "Progress"]

_LONGEST_PROGRESS = 1000
_MOST_WAITING = 8
_PAUSE = 0.1
"""Seconds between two times that progress is told."""


class BoundTool(msgspec.Struct, frozen=True, kw_only=True):
    """A tool as it is presented in a turn.

    Attributes:
        id: Stable id, ``plugin.tool``.
        name: Wire name: the tool's own, or the operator's alias for it.
        plugin: Id of the plugin that owns it.
        tool: The tool.
        settings: The plugin's settings, or None.
    """

    id: str
    name: str
    plugin: str
    tool: Tool
    settings: BaseModel | None = None


class CallRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A call that a model asks for.

    Attributes:
        call_id: Its id, as the model gave it.
        name: The wire name that the model used.
        raw_arguments: The arguments as the model wrote them.
        bound: The tool of that name, or None when none was presented.
        request_id: The request it belongs to.
        caller: Name of who sent the prompt.
        text: The newest user text.
        round: Number of the round, from 1.
        presented: Wire names of all presented tools; told to a model that asks for an unknown one.
    """

    call_id: str
    name: str
    raw_arguments: str
    bound: BoundTool | None
    request_id: str
    caller: str
    text: str
    round: int
    presented: tuple[str, ...] = ()


class CallWatcher(Protocol):
    """Told of the steps of a call; always on the event loop."""

    def called(self, arguments: Mapping[str, Any]) -> None:
        """The function starts to run; its arguments are valid and nobody denied them."""
        ...

    def responded(self, error: ToolErrorCode | None, ms: float) -> None:
        """The function ended, or was given up; ``ms`` counts from its start."""
        ...

    def progressed(self, message: str, fraction: float | None) -> None:
        """The tool says how far it is; ``fraction`` is 0 to 1, or None."""
        ...


class Progress:
    """The ``progress`` of a context: may be called from any thread, and is silent once the call has ended.

    A tool that floods it costs others nothing: ten times a second the newest few messages are told, older ones that
    still wait are dropped.

    Args:
        watcher: Told on the event loop, in the order of the calls.
    """

    def __init__(self, watcher: CallWatcher) -> None:
        self._watcher = watcher
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._waiting: deque[tuple[str, float | None]] = deque(maxlen=_MOST_WAITING)
        self._scheduled = False
        self._next = self._loop.time()
        self._ended = False

    def __call__(self, message: str, fraction: float | None = None) -> None:
        """Tell the caller how far the call is; odd values are mended, never raised about."""
        if self._ended:
            return
        told = _text(message), _share(fraction)
        with self._lock:
            self._waiting.append(told)
            scheduled, self._scheduled = self._scheduled, True
        if not scheduled:
            # RuntimeError: the loop is closed
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._schedule)

    def end(self) -> None:
        """Tell what still waits; from now on nobody is told any more."""
        if self._waiting:
            self._tell()
        self._ended = True

    def _schedule(self) -> None:
        self._loop.call_at(max(self._next, self._loop.time()), self._tell)

    def _tell(self) -> None:
        if self._ended:
            return
        with self._lock:
            told = list(self._waiting)
            self._waiting.clear()
            self._scheduled = False
        self._next = self._loop.time() + _PAUSE
        for message, fraction in told:
            self._watcher.progressed(message, fraction)


def _text(message: object) -> str:
    try:
        return sendable(message if isinstance(message, str) else str(message), _LONGEST_PROGRESS)
    except Exception:  # noqa: BLE001  (an object's own code may fail at anything)
        return f"({type(message).__name__})"


def _share(fraction: Any) -> float | None:
    try:
        share = float(min(max(fraction, 0), 1)) if isinstance(fraction, (int, float)) else math.nan
    except Exception:  # noqa: BLE001  (numbers of a plugin's own class may fail, too)
        return None
    return None if math.isnan(share) else share
