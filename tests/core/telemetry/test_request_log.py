"""The access log: one line for each request."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from promptdock.json_logs import JsonLine
from promptdock.jsontext import loads
from promptdock.logs import LogLine
from promptdock.redactor import Redactor

ASK = {"model": "offline", "messages": [{"role": "user", "content": "What is 17 + 4?"}]}


class Kept(logging.Handler):
    """Keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@contextmanager
def kept(level: int = logging.INFO) -> Iterator[list[logging.LogRecord]]:
    """What the access log is told for the length of a block."""
    logger, handler = logging.getLogger("promptdock.access"), Kept()
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(level)
    try:
        yield handler.records
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


def as_json(record: logging.LogRecord) -> dict[str, Any]:
    told: dict[str, Any] = loads(JsonLine(redactor=Redactor(["operators-own-key"])).format(record))
    return told


@pytest.mark.parametrize("stream", [True, False])
def test_a_prompt_is_one_line_with_all_that_its_turn_did(client: httpx.Client, stream: bool) -> None:
    with kept() as records:
        reply = client.post("/v1/chat/completions", json={**ASK, "stream": stream}, headers={"X-Request-ID": "asked-1"})

    (record,) = records
    told = as_json(record)
    assert told["component"] == "promptdock.access"
    assert told["request_id"] == "asked-1"
    assert told["turn_id"].startswith("chatcmpl-")
    request = told["request"]
    assert request.pop("ms") > 0
    assert request.pop("prompt_tokens") > 10
    assert request.pop("completion_tokens") > 1
    assert request.pop("bytes_in") > 50
    assert request == {
        "method": "POST",
        "path": "/v1/chat/completions",
        "route": "/v1/chat/completions",
        "status": 200,
        "bytes_out": len(reply.content),
        "caller": "anonymous",
        "provider": "offline",
        "model": "offline",
        "rounds": 2,
        "tools": ["calculator.calculate"],
    }
    line = LogLine().format(record)
    assert "promptdock.access: POST /v1/chat/completions 200 " in line
    assert f" {len(reply.content)} bytes, anonymous, offline/offline 2 rounds, calculator.calculate, " in line
    assert line.endswith("request asked-1")
    assert "\n" not in line


def test_what_fails_is_a_line_too_and_no_secret_is_in_it(client: httpx.Client) -> None:
    with kept() as records:
        client.get("/v1/models?api_key=operators-own-key", headers={"Authorization": "Bearer operators-own-key"})
        client.get("/nowhere/sk-abcdefghijklmnopqrstuvwxyz0123456789/x%0Ay")

    first, second = map(as_json, records)
    assert (first["request"]["status"], first["request"]["route"]) == (401, "/v1/models")
    assert (second["request"]["status"], second["request"]["route"]) == (404, "unknown")
    assert "provider" not in first["request"]
    for record in records:
        for line in (LogLine().format(record), JsonLine().format(record)):
            assert "operators-own-key" not in line
            assert "abcdefghijklmnopqrstuvwxyz" not in line
            assert "\n" not in line


def test_nothing_is_written_when_nobody_reads_it(client: httpx.Client) -> None:
    with kept(logging.WARNING) as records:
        client.get("/healthz")

    assert records == []
