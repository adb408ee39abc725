"""The access log: one line for each request, at its end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..plain_texts import PlainTexts
from ..plaintext import one_line
from ..redaction import redact_text
from ..request_lines import REQUEST, RequestText
from ..tasks import Soon
from ..turn.events import CompletionReceived, CompletionRequested, PluginCalled, TurnStarted
from .exchange import NOTES, RequestNotes, RequestWatcher

if TYPE_CHECKING:
    from ..jsontext import JsonObject
    from ..service_events import RelayFailed, RelayReceived
    from ..turn.events import Event
    from ..turn.plan import TurnPlan
    from .exchange import Exchange

__all__ = ["ACCESS_LOG", "RequestLog"]

ACCESS_LOG: Final = "promptdock.access"
"""Name of the logger."""
_log = logging.getLogger("promptdock.telemetry")
_BREATH: Final = 0.02
"""Seconds between one writing of lines and the next: what writes the first of several is what takes the time. A line
after a pause is written at once."""
_LONGEST: Final = 500
_LOOKED_AT: Final = 4 * _LONGEST
_MOST_TOOLS: Final = 50


class _Ended(NamedTuple):
    """A request whose line is to be written: its path, when it ended, and the context in which it did."""

    exchange: Exchange
    path: str
    at: float
    context: Context


class RequestLog(RequestWatcher):
    """Writes the line of each request, and listens to its turn for what belongs there.

    It does so as soon as the event loop comes round, or a breath after the lines before, for all requests that have
    ended until then.

    Args:
        path: Gives the path that was asked for, of an ASGI scope.
        request_id: Gives the request's id.
        caller: Gives the caller's name, which is never a key.
    """

    def __init__(
        self,
        *,
        path: Callable[[Mapping[str, Any]], str],
        request_id: Callable[[Mapping[str, Any]], str],
        caller: Callable[[Mapping[str, Any]], str],
    ) -> None:
        self._path = path
        self._request_id = request_id
        self._caller = caller
        self._lines = logging.getLogger(ACCESS_LOG)
        self._fit = PlainTexts(_shown)
        self._blank = vars(logging.LogRecord(ACCESS_LOG, logging.INFO, __file__, 0, "", (), None))
        self._ended: list[_Ended] = []
        self._soon = Soon(self.flush)
        self._free_at = 0.0
        self._is_closed = False

    def ended(self, exchange: Exchange) -> None:
        """Have the line written, when somebody wants to read it."""
        if not self._lines.isEnabledFor(logging.INFO):
            return
        # the path is taken now: an app around ours may put the whole one back
        self._ended.append(_Ended(exchange, self._path(exchange.scope), time.time(), copy_context()))
        if self._is_closed or not self._soon.ask(min(_BREATH, self._free_at - time.monotonic())):
            self.flush()

    def flush(self) -> None:
        """Write the lines of all requests that have ended."""
        self._free_at = time.monotonic() + _BREATH
        ended, self._ended = self._ended, []
        for one in ended:
            try:
                one.context.run(self._write, one)  # whoever formats the line may look for what is set there
            except Exception:  # noqa: BLE001  (the other lines are to be written)
                _log.exception("The line of a request could not be written")

    def close(self) -> None:
        """Write what there is; what ends from now on is written at once, as the event loop may not come round."""
        self._is_closed = True
        self.flush()

    def _write(self, ended: _Ended) -> None:
        exchange, path, at, _ = ended
        scope, notes = exchange.scope, exchange.notes
        members: JsonObject = {
            "method": exchange.method[:16],
            # whoever writes lines otherwise than our formatters do gets no key, either
            "path": path if path == exchange.route else self._fit(path[:_LOOKED_AT]),
            "route": exchange.route,
            "status": exchange.status,
            "ms": round(exchange.seconds * 1000, 3),
            "bytes_in": exchange.received,
            "bytes_out": exchange.sent,
            "caller": self._caller(scope),
            "request_id": self._request_id(scope),
        }
        if notes.provider is not None:
            members["provider"] = notes.provider
        if notes.model is not None:
            members |= {
                "model": self._fit(notes.model[:_LOOKED_AT]),
                "rounds": notes.rounds,
                "tools": notes.tools[:_MOST_TOOLS],
                "prompt_tokens": notes.prompt_tokens,
                "completion_tokens": notes.completion_tokens,
            }
        if notes.turn_id is not None:
            members["turn_id"] = notes.turn_id
        self._lines.handle(self._record(members, at))

    def _record(self, members: JsonObject, at: float) -> logging.LogRecord:
        """A record for the line. Logging itself would look for the caller's file and thread anew for each."""
        record = logging.LogRecord.__new__(logging.LogRecord)
        known = record.__dict__ = self._blank.copy()
        known["msg"] = RequestText(members)
        known["created"] = at
        known["msecs"] = at % 1 * 1000
        known[REQUEST] = members
        return record

    def watch(self, plan: TurnPlan) -> _Notetaker | None:  # noqa: ARG002  (what turn watchers are given)
        """Give what takes notes of a turn that a request asks for."""
        notes = NOTES.get()
        return None if notes is None else _Notetaker(notes)

    def hear(self, event: RelayFailed | RelayReceived) -> None:
        """Take a note of a passthrough, which ends before its request does."""
        if (notes := NOTES.get()) is not None:
            notes.provider = event.provider


def _shown(foreign: str) -> str:
    """What callers made up, fit for a line that somebody else may format: short, in one line, without keys."""
    return one_line(redact_text(foreign))[:_LONGEST]


class _Notetaker:
    """Hears one turn."""

    __slots__ = ("_notes",)
    hears = frozenset({CompletionReceived, CompletionRequested, PluginCalled, TurnStarted})

    def __init__(self, notes: RequestNotes) -> None:
        self._notes = notes

    def tell(self, event: Event) -> None:
        """Note what the line is to say of it."""
        notes = self._notes
        if isinstance(event, TurnStarted):
            notes.turn_id = event.turn_id
            notes.provider, notes.model = event.settings.provider, event.settings.model
        elif isinstance(event, CompletionRequested):
            notes.rounds = event.round
        elif isinstance(event, CompletionReceived):
            if event.usage is not None:
                notes.prompt_tokens += event.usage.prompt_tokens
                notes.completion_tokens += event.usage.completion_tokens
        elif isinstance(event, PluginCalled):
            notes.tools.append(event.tool)
