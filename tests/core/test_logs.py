"""Logs of the command: one line per record."""

from __future__ import annotations

import logging
import re
import sys

import pytest

from promptdock import ConfigurationError
from promptdock.logs import LogLine, server_logging


def _record(message: str, *, error: BaseException | None = None) -> logging.LogRecord:
    exc_info = None if error is None else (type(error), error, error.__traceback__)
    return logging.LogRecord("promptdock.x", logging.WARNING, "x.py", 1, message, (), exc_info)


def test_a_record_is_one_line_with_its_time() -> None:
    """Time in UTC, level, logger, message."""
    line = LogLine().format(_record("first\nsecond \x1b[31m"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z warning promptdock\.x: first second \\x1b\[31m", line)


def test_an_exception_is_named_in_the_line_or_follows_it() -> None:
    """A command that runs once names it; a server's log has the traceback, indented."""
    try:
        raise ValueError("of\nno use")
    except ValueError as error:
        record = _record("it failed", error=error)
    assert LogLine(timed=False, tracebacks=False).format(record) == (
        "warning promptdock.x: it failed (ValueError: of no use)"
    )
    first, *rest = LogLine(timed=False).format(record).splitlines()
    assert first == "warning promptdock.x: it failed"
    assert rest[0] == "    Traceback (most recent call last):"
    assert all(line.startswith("    ") for line in rest)


def test_the_servers_level_is_promptdocks() -> None:
    """Other packages speak up only when something is wrong; requests have a switch of their own."""
    config = server_logging("info", access_log=False)
    assert config["root"]["level"] == "WARNING"
    assert config["loggers"]["promptdock"]["level"] == "INFO"
    assert config["loggers"]["promptdock.access"]["level"] == "CRITICAL"
    assert server_logging("error", access_log=True)["loggers"]["promptdock.access"]["level"] == "INFO"


def test_importing_it_changes_no_logging() -> None:
    """A program that embeds promptdock keeps its own."""
    import subprocess

    script = (
        "import logging, promptdock.logs, promptdock.service\n"
        "assert not logging.getLogger().handlers\n"
        "assert not logging.getLogger('promptdock').handlers\n"
        "assert logging.getLogger('promptdock').level == logging.NOTSET"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_components_have_levels_of_their_own() -> None:
    """They win over the server's; a mistyped one is found at start."""
    levels = {"promptdock.turn": "debug", "root": "info", "promptdock.service": "info"}
    config = server_logging("error", access_log=True, levels=levels)
    assert config["loggers"]["promptdock.turn"] == {"level": logging.DEBUG}
    assert config["loggers"]["promptdock.service"] == {"level": logging.INFO}
    assert config["root"]["level"] == logging.INFO
    with pytest.raises(ConfigurationError, match=r"log_levels\.promptdock\.turn: there is no level 'loud'"):
        server_logging("info", access_log=True, levels={"promptdock.turn": "loud"})
