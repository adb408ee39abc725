"""One event as one line of the log."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from .facts import bounded, facts_of

if TYPE_CHECKING:
    from promptdock import Event

    from .settings import EventLogSettings

__all__ = ["is_read", "write"]

_log = logging.getLogger("promptdock.plugins.event_log")


def is_read(settings: EventLogSettings) -> bool:
    """Whether anybody reads lines that are as loud as the settings say; levels change while the server runs."""
    return _log.isEnabledFor(settings.level_number)


def write(event: Event, settings: EventLogSettings) -> None:
    """Log what the settings allow of an event, as loud as they say."""
    if not is_read(settings):
        return
    line: dict[str, Any] = {
        "event": event.hook,
        "request_id": event.request_id,
        "turn_id": event.turn_id,
        **facts_of(event, include_content=settings.include_content),
    }
    line = {name: bounded(value) for name, value in line.items()}
    # ASCII only: no control character of a prompt can forge or garble a line
    _log.log(settings.level_number, "%s", json.dumps(line, default=str), extra={"promptdock_event": line})
