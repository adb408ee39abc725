"""One event as one line of the log."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from .facts import bounded, facts_of

if TYPE_CHECKING:
    from promptdock import Event

    from .settings import EventLogSettings

__all__ = ["write"]

_log = logging.getLogger("promptdock.plugins.event_log")


def write(event: Event, settings: EventLogSettings) -> None:
    """Log what the settings allow of an event, as loud as they say."""
    level = settings.level_number
    if not _log.isEnabledFor(level):
        return
    line: dict[str, Any] = {
        "event": event.hook,
        "request_id": event.request_id,
        "turn_id": event.turn_id,
        **facts_of(event, include_content=settings.include_content),
    }
    line = {name: bounded(value) for name, value in line.items()}
    # ASCII only: no control character of a prompt can forge or garble a line
    _log.log(level, "%s", json.dumps(line, default=str), extra={"promptdock_event": line})
