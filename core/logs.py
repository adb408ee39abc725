"""Logs of the ``promptdock`` command: one line per record, on stderr.

Only the command line calls this; a program that embeds promptdock keeps its own logging.
"""

from __future__ import annotations

import logging
import logging.config
import time
from collections.abc import Mapping
from typing import Any, Literal

from .json_logs import message_of
from .log_levels import checked_level
from .plaintext import one_line
from .redactor import Redactor
from .request_lines import RequestLines

__all__ = ["LEVELS", "LogLevel", "LogLine", "command_logging", "server_logging"]

LogLevel = Literal["debug", "info", "warning", "error"]

LEVELS: tuple[LogLevel, ...] = ("debug", "info", "warning", "error")


class LogLine(logging.Formatter):
    """Formats a record as one line; foreign text in it cannot begin another or move the cursor.

    Args:
        timed: Whether the line begins with the time (UTC).
        tracebacks: Whether an exception's traceback follows, indented; else only its class and text are named.
        redactor: Hides secrets; None hides what looks like one.
    """

    def __init__(self, *, timed: bool = True, tracebacks: bool = True, redactor: Redactor | None = None) -> None:
        super().__init__()
        self._redactor = redactor if redactor is not None else Redactor()
        self._requests = RequestLines(self._redactor)
        self._timed = timed
        self._tracebacks = tracebacks
        self._second = (0, "")

    def format(self, record: logging.LogRecord) -> str:
        """Give the line."""
        message = self._requests.text(record)
        if message is None:
            message = self._shown(message_of(record))
        at = f"{self._utc(record.created)} " if self._timed else ""
        line = f"{at}{record.levelname.lower():<7} {record.name}: {message}"
        if record.exc_info is None or record.exc_info[0] is None:
            return line
        if self._tracebacks:
            lines = self._redactor.text(self.formatException(record.exc_info)).splitlines()
            return "\n".join([line, *(f"    {self._shown(part)}" for part in lines)])
        return f"{line} ({self._shown(f'{record.exc_info[0].__name__}: {record.exc_info[1]}')})"

    def _utc(self, seconds: float) -> str:
        whole = int(seconds)
        second = self._second
        if second[0] != whole:  # most lines of a busy server are of the same second as those before
            second = self._second = (whole, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)))
        return f"{second[1]}.{int((seconds - whole) * 1000):03d}Z"

    def _shown(self, text: str) -> str:
        """Foreign text in one line; hidden in it are also secrets that only become whole when it is one."""
        hidden = self._redactor.text(text)
        line = one_line(hidden)
        return hidden if line == hidden else self._redactor.text(line)


def command_logging(*, debug: bool) -> None:
    """Log as a command does that runs once: warnings and worse, or everything.

    Args:
        debug: Whether to show every record of promptdock's and whole tracebacks.
    """
    level = "DEBUG" if debug else "WARNING"
    config = _config({"timed": debug, "tracebacks": debug}, level, root="WARNING")
    if not debug:
        # the commands tell in their own words how a turn failed, why the database cannot be used, and which plugins are
        # in quarantine
        config["loggers"]["promptdock.turn"] = {"level": "CRITICAL"}
        config["loggers"]["promptdock.store"] = {"level": "CRITICAL"}
        config["loggers"]["promptdock.service"] = {"level": "ERROR"}
    logging.config.dictConfig(config)


def server_logging(
    level: LogLevel,
    *,
    access_log: bool,
    levels: Mapping[str, str] | None = None,
    log_format: Literal["text", "json"] = "text",
    redactor: Redactor | None = None,
) -> dict[str, Any]:
    """The configuration for ``logging.config.dictConfig`` under which a server and its workers log.

    Args:
        level: The least level that is shown.
        access_log: Whether each request gets a line of its own.
        levels: Further levels by component, which win over both.
        log_format: Lines for people, or JSON.
        redactor: Knows the secrets that must not be shown.

    Raises:
        ConfigurationError: One of the levels, or its component, does not exist.
    """
    others = "ERROR" if level == "error" else "WARNING"
    config = _config({"timed": True, "tracebacks": True, "redactor": redactor}, level.upper(), root=others)
    if log_format == "json":
        config["formatters"]["line"] = {"()": f"{__package__}.json_logs.JsonLine", "redactor": redactor}
    # uvicorn tells of every step of a start at level info; what matters of that is on our own line
    quiet = "INFO" if level == "debug" else others
    if level == "error":
        config["loggers"]["promptdock.service"] = {"level": "WARNING"}  # plugins in quarantine are told of, always
    config["loggers"]["uvicorn"] = {"level": quiet}
    config["loggers"]["uvicorn.error"] = {"level": quiet}
    config["loggers"]["promptdock.access"] = {"level": "INFO" if access_log else "CRITICAL"}
    for component, wanted in (levels or {}).items():
        place = config["root"] if component == "root" else config["loggers"].setdefault(component, {})
        place["level"] = checked_level(component, wanted)
    return config


def _config(line: dict[str, Any], level: str, *, root: str) -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": f"{__name__}.LogLine", **line}},
        "handlers": {"stderr": {"()": f"{__package__}.stderr_handler.StderrHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": root},
        "loggers": {"promptdock": {"level": level}, "promptdock_builtin": {"level": level}},
    }
