"""No line of the server's log shows a secret, in either format, however it got there."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Callable
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptdock.json_logs import JsonLine
from promptdock.logs import LogLine
from promptdock.redactor import Redactor

# long enough to be a key, and not by chance a part of what each line has anyway
SECRETS = st.text(
    st.sampled_from("ABCDEFGHJKMNPQSXYZ456789_-+/=%'\"\\ ~é语\t\n"), min_size=12, max_size=40
).filter(lambda secret: len(secret.strip()) >= 12)  # fmt: skip


class Holder:
    """Shows what it holds."""

    def __init__(self, held: str) -> None:
        self.held = held

    def __repr__(self) -> str:
        return f"Holder({self.held!r})"


def _in_message(secret: str) -> dict[str, Any]:
    return {"msg": f"key {secret} refused"}


def _in_argument(secret: str) -> dict[str, Any]:
    return {"msg": "key %s refused", "args": (secret,)}


def _split_over_arguments(secret: str) -> dict[str, Any]:
    return {"msg": "key %s%s refused", "args": (secret[:6], secret[6:])}


def _in_a_repr(secret: str) -> dict[str, Any]:
    return {"msg": "%r and %s", "args": (Holder(secret), {"held": [secret]})}


def _in_an_argument_too_many(secret: str) -> dict[str, Any]:
    return {"msg": "none wanted", "args": (secret,)}


def _in_an_exception(secret: str) -> dict[str, Any]:
    try:
        try:
            raise KeyError(secret)
        except KeyError as error:
            raise ValueError(f"not\nvalid: {secret}") from error
    except ValueError as error:
        return {"msg": "failed", "exc_info": (ValueError, error, error.__traceback__)}


def _in_nested_extras(secret: str) -> dict[str, Any]:
    event = {"event": "x", "facts": [{"deep": {"deeper": (secret, Holder(secret), secret.encode())}, secret: 1}]}
    return {"msg": "told", "promptdock_event": event, "more": {"a": {secret}}, "request_id": secret}


WAYS: tuple[Callable[[str], dict[str, Any]], ...] = (
    _in_message,
    _in_argument,
    _split_over_arguments,
    _in_a_repr,
    _in_an_argument_too_many,
    _in_an_exception,
    _in_nested_extras,
)


def _record(made: dict[str, Any]) -> logging.LogRecord:
    return logging.makeLogRecord({"name": "promptdock.x", "levelname": "INFO", "levelno": logging.INFO, **made})


@given(SECRETS, st.sampled_from(WAYS))
def test_no_line_shows_a_secret(secret: str, way: Callable[[str], dict[str, Any]]) -> None:
    """In the message, its arguments, an exception and its cause, and what else a record carries."""
    redactor = Redactor([secret])
    text = LogLine(redactor=redactor).format(_record(way(secret)))
    brief = LogLine(tracebacks=False, redactor=redactor).format(_record(way(secret)))
    line = JsonLine(redactor=redactor).format(_record(way(secret)))
    for shown in (text, brief, line, *_leaves(json.loads(line))):
        assert secret not in shown
        assert secret.strip() not in shown
        assert repr(secret)[1:-1] not in shown


def _leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [leaf for pair in value.items() for member in pair for leaf in _leaves(member)]
    if isinstance(value, list):
        return [leaf for member in value for leaf in _leaves(member)]
    return [value] if isinstance(value, str) else []


def test_a_json_line_has_everything_in_its_place() -> None:
    """Where a record carries it."""
    try:
        raise ValueError("no\nuse")
    except ValueError as error:
        record = _record(
            {
                "msg": "tool %s failed",
                "args": ("x",),
                "created": 1_700_000_000.25,
                "exc_info": (ValueError, error, error.__traceback__),
                "request_id": "req_1",
                "plugin": "weather",
            }
        )
    line = JsonLine().format(record)
    assert "\n" not in line
    told = json.loads(line)
    assert told.pop("exception").endswith("ValueError: no\nuse")
    assert told == {
        "at": "2023-11-14T22:13:20.250Z",
        "level": "info",
        "component": "promptdock.x",
        "message": "tool x failed",
        "request_id": "req_1",
        "extra": {"plugin": "weather"},
    }


def test_an_event_is_structured_in_a_json_line() -> None:
    """What event_log tells stays data; its ids are where those of all lines are."""
    event = {"event": "turn_started", "request_id": "req_1", "turn_id": "turn_1", "messages": 3}
    told = json.loads(JsonLine().format(_record({"msg": "%s", "args": ("{…}",), "promptdock_event": event})))
    assert {name: told[name] for name in ("message", "request_id", "turn_id", "event")} == {
        "message": "turn_started",
        "request_id": "req_1",
        "turn_id": "turn_1",
        "event": event,
    }


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_the_access_log_hides_keys_in_queries(log_format: Literal["text", "json"]) -> None:
    """uvicorn's lines go the same way as ours."""
    from promptdock.logs import server_logging

    config = server_logging("info", access_log=True, log_format=log_format, redactor=Redactor(["operators-key"]))
    stream = io.StringIO()
    handler = {"class": "logging.StreamHandler", "formatter": "line", "stream": stream}
    loggers = {"promptdock.testing": {"level": "INFO", "handlers": ["here"], "propagate": False}}
    # the server's own formatter, on a logger of our own: the root's handlers belong to pytest
    logging.config.dictConfig(
        {"version": 1, "incremental": False, "disable_existing_loggers": False, "formatters": config["formatters"],
         "handlers": {"here": handler}, "loggers": loggers}
    )  # fmt: skip
    logger = logging.getLogger("promptdock.testing")
    logger.info('%s - "%s %s HTTP/%s" %d', "127.0.0.1:1", "GET", "/x?api_key=abc&q=operators-key", "1.1", 200)
    logger.handlers.clear()
    assert "abc" not in stream.getvalue()
    assert "operators-key" not in stream.getvalue()
    assert "/x?api_key=[hidden]&q=****" in stream.getvalue()
