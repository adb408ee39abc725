"""The access log: one line for each request."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpx
import pytest

from promptdock.json_logs import JsonLine
from promptdock.jsontext import loads
from promptdock.logs import LogLine
from promptdock.redactor import Redactor
from promptdock.telemetry.exchange import Exchange, Watchers
from promptdock.telemetry.request_log import RequestLog

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


def written(records: list[logging.LogRecord], count: int) -> list[logging.LogRecord]:
    """The lines, once they are there: a reply does not wait for its own."""
    end = time.monotonic() + 10
    while len(records) < count and time.monotonic() < end:
        time.sleep(0.005)
    return records


def as_json(record: logging.LogRecord) -> dict[str, Any]:
    told: dict[str, Any] = loads(JsonLine(redactor=Redactor(["operators-own-key"])).format(record))
    return told


@pytest.mark.parametrize("stream", [True, False])
def test_a_prompt_is_one_line_with_all_that_its_turn_did(client: httpx.Client, stream: bool) -> None:
    with kept() as records:
        reply = client.post("/v1/chat/completions", json={**ASK, "stream": stream}, headers={"X-Request-ID": "asked-1"})
        (record,) = written(records, 1)

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
        first, second = map(as_json, written(records, 2))

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
        time.sleep(0.1)

    assert records == []


def made_log() -> RequestLog:
    def path(scope: Mapping[str, Any]) -> str:
        return str(scope["path"])

    return RequestLog(path=path, request_id=lambda _: "r1", caller=lambda _: "ada")


def ended(path: str) -> Exchange:
    exchange = Exchange({"method": "GET", "path": path}, Watchers(), hung_up=499)
    exchange.end(200)
    return exchange


@pytest.mark.anyio
async def test_a_quiet_server_writes_at_once_and_a_busy_one_takes_a_breath() -> None:
    log = made_log()
    with kept() as records:
        log.ended(ended("/one"))
        await asyncio.sleep(0.005)
        assert [path_of(record) for record in records] == ["/one"]
        for path in ("/two", "/three"):
            log.ended(ended(path))
        log.flush()  # as at the end of the app
        assert len(records) == 3
        log.flush()
        await asyncio.sleep(0.05)
        assert len(records) == 3


@pytest.mark.anyio
async def test_a_line_has_the_time_at_which_its_request_ended() -> None:
    log = made_log()
    with kept() as records:
        before = time.time()
        log.ended(ended("/one"))
        after = time.time()
        time.sleep(0.03)  # the loop is held up by somebody
        log.flush()
    assert before <= records[0].created <= after


@pytest.mark.anyio
async def test_each_line_is_written_in_the_context_of_its_request() -> None:
    """Whoever formats lines may look there, as OpenTelemetry's handler does for the span."""
    whose = ContextVar("whose", default="nobody's")
    log, seen = made_log(), []

    class Looking(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(whose.get())

    async def ask(name: str) -> None:
        whose.set(name)
        log.ended(ended("/one"))

    logger, looking = logging.getLogger("promptdock.access"), Looking()
    with kept():
        logger.addHandler(looking)
        try:
            await asyncio.gather(ask("ada's"), ask("bob's"))
            log.flush()
        finally:
            logger.removeHandler(looking)
    assert seen == ["ada's", "bob's"]


@pytest.mark.anyio
async def test_a_line_that_breaks_leaves_the_others(caplog: pytest.LogCaptureFixture) -> None:
    def caller(scope: Mapping[str, Any]) -> str:
        if scope["path"] == "/broken":
            raise ValueError("nobody asks that")
        return "ada"

    log = RequestLog(path=lambda scope: str(scope["path"]), request_id=lambda _: "r1", caller=caller)
    with kept() as records:
        for asked in ("/broken", "/good"):
            log.ended(ended(asked))
        log.flush()
    assert [path_of(record) for record in records] == ["/good"]
    assert "The line of a request could not be written" in caplog.text


def test_what_a_loop_left_is_written_by_the_next() -> None:
    """Some servers run a loop for each request, and end it with the reply."""
    log = made_log()

    async def ask(path: str) -> None:
        log.ended(ended("/first"))
        log.flush()  # so that the next line has to wait
        log.ended(ended(path))

    async def come_round() -> None:
        log.ended(ended("/last"))
        await asyncio.sleep(0.05)

    with kept() as records:
        asyncio.run(ask("/left"))
        asyncio.run(come_round())
    assert [path_of(record) for record in records] == ["/first", "/left", "/last"]


def test_lines_are_written_at_once_without_a_loop_and_once_the_app_has_ended() -> None:
    log = made_log()

    async def ask() -> None:
        log.ended(ended("/two"))

    with kept() as records:
        log.ended(ended("/one"))
        log.close()
        asyncio.run(ask())
    assert [path_of(record) for record in records] == ["/one", "/two"]


@pytest.mark.anyio
async def test_the_path_is_that_which_the_app_saw() -> None:
    """Whoever mounts the app may put the whole path back."""
    log, exchange = made_log(), ended("/healthz")
    with kept() as records:
        log.ended(exchange)
        exchange.scope["path"] = "/ai/healthz"  # type: ignore[index]
        log.flush()
    assert [path_of(record) for record in records] == ["/healthz"]


@pytest.mark.parametrize("path", ["/nowhere", "/healthz"])
def test_a_reply_to_head_has_no_bytes(client: httpx.Client, path: str) -> None:
    with kept() as records:
        client.head(path)
        (record,) = written(records, 1)
    assert as_json(record)["request"]["bytes_out"] == 0


def path_of(record: logging.LogRecord) -> str:
    return str(as_json(record)["request"]["path"])
