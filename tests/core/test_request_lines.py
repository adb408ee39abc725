"""Lines of the access log: what they say, and that no secret is in them."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from promptdock.json_logs import JsonLine
from promptdock.jsontext import loads
from promptdock.logs import LogLine
from promptdock.redactor import Redactor
from promptdock.request_lines import REQUEST, RequestLines, RequestText

KNOWN: dict[str, Any] = {
    "method": "GET",
    "path": "/v1/models",
    "route": "/v1/models",
    "status": 200,
    "ms": 1.25,
    "bytes_in": 0,
    "bytes_out": 12,
    "caller": "anonymous",
    "request_id": "req_0123456789abcdef0123456789abcdef",
}
TURN: dict[str, Any] = {
    "provider": "fake",
    "model": "m1",
    "rounds": 1,
    "tools": ["a.b", "c.d"],
    "turn_id": "chatcmpl-1",
}
SECRET = "operators-own-key"


def record(**members: Any) -> logging.LogRecord:
    known = {**KNOWN, **members}
    return logging.makeLogRecord({"msg": RequestText(known), "name": "promptdock.access", REQUEST: known})


def shown(told: logging.LogRecord) -> list[str]:
    """The line as text and as JSON."""
    redactor = Redactor([SECRET])
    return [LogLine(redactor=redactor).format(told), JsonLine(redactor=redactor).format(told)]


def test_a_line_says_what_was_asked_and_what_came_of_it() -> None:
    lines = RequestLines(Redactor())
    plain = "GET /v1/models 200 1.2 ms, 12 bytes, anonymous{}, request req_0123456789abcdef0123456789abcdef"

    assert lines.text(record()) == str(RequestText(KNOWN)) == plain.format("")
    assert lines.text(record(**TURN)) == plain.format(", fake/m1 1 round, a.b, c.d")
    assert lines.text(record(provider="fake")) == plain.format(", passed to fake")


@pytest.mark.parametrize(
    "members",
    [
        {"path": f"/v1/models/{SECRET}"},
        {"path": "/v1/models/sk-abcdefghijklmnopqrstuvwxyz"},
        {"caller": SECRET},
        {"request_id": SECRET},
        {**TURN, "model": SECRET},
        {**TURN, "tools": ["a.b", SECRET]},
    ],
)
def test_secrets_are_hidden_wherever_they_stand(members: dict[str, Any]) -> None:
    for line in shown(record(**members)) * 2:  # also once it is remembered
        assert SECRET not in line
        assert "abcdefghijklmnop" not in line
        assert "****" in line or "[hidden]" in line


def test_foreign_text_begins_no_other_line() -> None:
    for line in shown(record(path="/x\n2026 error promptdock: all is lost\x1b[2J")):
        assert "\n" not in line
        assert "\x1b" not in line


def test_ids_stand_where_those_of_all_lines_do() -> None:
    told = loads(shown(record(**TURN))[1])

    assert told["request_id"] == KNOWN["request_id"]
    assert told["turn_id"] == "chatcmpl-1"
    assert not {"request_id", "turn_id"} & set(told["request"])
    assert told["request"]["tools"] == ["a.b", "c.d"]


def test_other_records_are_none_of_it() -> None:
    other = logging.makeLogRecord({"msg": "something else", "name": "promptdock.web"})

    assert RequestLines(Redactor()).text(other) is None
    assert RequestLines(Redactor()).members(other) is None
