"""Lines of the log on stderr: those of requests that end together are one write, and none is lost."""

from __future__ import annotations

import asyncio
import io
import logging
import subprocess
import sys

import pytest

from promptdock.logs import LogLine
from promptdock.request_lines import REQUEST, RequestText
from promptdock.stderr_handler import StderrHandler


class Stream(io.StringIO):
    """Keeps each write by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []

    def write(self, text: str, /) -> int:
        self.writes.append(text)
        return len(text)


def new_stderr(monkeypatch: pytest.MonkeyPatch) -> Stream:
    """In the test itself: pytest puts its own in place between a fixture and the test."""
    stream = Stream()
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


@pytest.fixture
def handler() -> StderrHandler:
    made = StderrHandler()
    made.setFormatter(LogLine(timed=False))
    return made


def said(message: str) -> logging.LogRecord:
    return logging.LogRecord("promptdock.x", logging.WARNING, "x.py", 1, message, (), None)


def asked(path: str) -> logging.LogRecord:
    """A line of the access log."""
    known = {"method": "GET", "path": path, "status": 200, "ms": 1.0, "bytes_out": 2, "caller": "ada"}
    known["request_id"] = "r1"
    values = {"name": "promptdock.access", "levelno": logging.INFO, "levelname": "INFO"}
    return logging.makeLogRecord({**values, "msg": RequestText(known), REQUEST: known})


def test_lines_go_to_what_is_stderr_at_that_moment(handler: StderrHandler, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    for text in ("one", "two"):
        monkeypatch.setattr(sys, "stderr", stream := io.StringIO())
        handler.handle(said(text))
        written.append(stream.getvalue())
    assert written == ["warning promptdock.x: one\n", "warning promptdock.x: two\n"]


@pytest.mark.anyio
async def test_requests_that_end_together_are_one_write(
    handler: StderrHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event loop writes them before it turns to anything else."""
    stderr = new_stderr(monkeypatch)
    for path in ("/one", "/two", "/three"):
        handler.handle(asked(path))
    assert stderr.writes == []
    await asyncio.sleep(0)
    (together,) = stderr.writes
    assert [line.split()[3] for line in together.splitlines()] == ["/one", "/two", "/three"]

    handler.handle(asked("/later"))
    await asyncio.sleep(0)
    assert len(stderr.writes) == 2


@pytest.mark.anyio
async def test_what_else_is_said_is_written_at_once_and_in_its_place(
    handler: StderrHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    stderr = new_stderr(monkeypatch)
    handler.handle(asked("/one"))
    handler.handle(said("look"))
    (together,) = stderr.writes
    assert [line.split()[1] for line in together.splitlines()] == ["promptdock.access:", "promptdock.x:"]
    await asyncio.sleep(0)
    assert len(stderr.writes) == 1


def test_without_an_event_loop_each_line_is_written_at_once(
    handler: StderrHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    stderr = new_stderr(monkeypatch)
    handler.handle(asked("/one"))
    handler.handle(asked("/two"))
    assert len(stderr.writes) == 2


def test_what_a_loop_left_is_written_by_the_next(handler: StderrHandler, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop may end before it comes round."""
    stderr = new_stderr(monkeypatch)

    async def ask(path: str) -> None:
        handler.handle(asked(path))

    loop = asyncio.new_event_loop()
    loop.call_soon(lambda: (handler.handle(asked("/one")), loop.stop()))
    loop.run_forever()
    loop.close()
    assert stderr.writes == []
    asyncio.run(ask("/two"))
    assert "/one" in "".join(stderr.writes)
    assert "/two" in "".join(stderr.writes)


def test_what_is_kept_is_written_when_the_process_ends() -> None:
    program = """\
import asyncio, logging, logging.config
from promptdock.logs import server_logging
from promptdock.request_lines import REQUEST, RequestText

logging.config.dictConfig(server_logging("info", access_log=True))
known = {"method": "GET", "path": "/last", "status": 200, "ms": 1.0, "bytes_out": 2, "caller": "ada"}
known["request_id"] = "r1"
loop = asyncio.new_event_loop()
def ask():
    logging.getLogger("promptdock.access").info(RequestText(known), extra={REQUEST: known})
    loop.stop()
loop.call_soon(ask)
loop.run_forever()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert "GET /last 200" in done.stderr


@pytest.mark.anyio
@pytest.mark.parametrize("record", [said("hello"), asked("/hello")], ids=["at once", "by the loop"])
async def test_a_line_that_cannot_be_written_is_not_felt(
    handler: StderrHandler, monkeypatch: pytest.MonkeyPatch, record: logging.LogRecord
) -> None:
    class Broken(io.StringIO):
        def flush(self) -> None:
            raise OSError("nobody reads this")

    monkeypatch.setattr(sys, "stderr", stream := Broken())
    felt: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: felt.append(context))
    handler.handle(record)
    await asyncio.sleep(0)
    assert "nobody reads this" in stream.getvalue()
    assert felt == []


@pytest.mark.anyio
async def test_many_lines_are_several_writes_each_of_whole_lines(
    handler: StderrHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe takes so much as one; with more, lines of several workers would run into each other."""
    stderr = new_stderr(monkeypatch)
    paths = [f"/{number}/{'é' * 300}" for number in range(20)]
    for path in [*paths, f"/long/{'x' * 900}"]:
        handler.handle(asked(path))
    await asyncio.sleep(0)
    assert 1 < len(stderr.writes) < 10
    assert all(text.endswith("\n") and len(text.encode()) <= 4_096 for text in stderr.writes)
    assert [line.split()[3] for line in "".join(stderr.writes).splitlines()[:20]] == paths
