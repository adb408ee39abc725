"""Log lines as JSON, one object a line, for programs that collect them."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any, Final

from .redactor import Redactor
from .request_lines import RequestLines, RequestText

__all__ = ["JsonLine", "message_of"]

_STANDARD: Final = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", "color_message"})
_EVENT: Final = "promptdock_event"
_IDS: Final = ("request_id", "turn_id")


def message_of(record: logging.LogRecord) -> str:
    """The message of a record, also of one whose arguments do not fit."""
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001  (logging itself would write the arguments to stderr, with whatever they hold)
        return f"{record.msg} (its arguments do not fit)"


class JsonLine(logging.Formatter):
    """Formats a record as one JSON object.

    Its members: ``at`` (UTC), ``level``, ``component``, ``message``, and where there is such a thing ``request_id``,
    ``turn_id``, ``event`` (what the event_log plugin has to tell), ``request`` (of the access log), ``extra`` and
    ``exception`` (the traceback).

    Args:
        redactor: Hides secrets; None hides what looks like one.
    """

    def __init__(self, *, redactor: Redactor | None = None) -> None:
        super().__init__()
        self._redactor = redactor if redactor is not None else Redactor()
        self._requests = RequestLines(self._redactor)

    def format(self, record: logging.LogRecord) -> str:
        """Give the line."""
        request = self._requests.members(record)
        if request is not None:
            return json.dumps({**_head(record, str(RequestText(request))), **_ids(request), "request": request})
        extra = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        event = extra.pop(_EVENT, None)
        known = event if isinstance(event, dict) else {}
        # the message of an event is the event once more, as text
        line = _head(record, self._redactor.text(str(known.get("event") or message_of(record))))
        for name in _IDS:
            found = extra.pop(name, None) or known.get(name)
            if found:
                line[name] = self._redactor.value(found)
        if event is not None:
            line["event"] = self._redactor.value(event)
        if extra:
            line["extra"] = self._redactor.value(extra)
        if record.exc_info is not None and record.exc_info[0] is not None:
            line["exception"] = self._redactor.text(self.formatException(record.exc_info))
        return json.dumps(line)


def _head(record: logging.LogRecord, message: str) -> dict[str, Any]:
    """What every line begins with."""
    return {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "component": record.name,
        "message": message,
    }


def _ids(request: dict[str, Any]) -> dict[str, Any]:
    """The ids of a line of the access log, taken out of its members: they stand where those of all lines do."""
    return {name: request.pop(name) for name in _IDS if name in request}
