"""Upstream repeats our key: no log record may hold it, tracebacks and their causes included."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import openai
import pytest

from promptdock import CompletionCall, OpenAICompatibleProvider, ProviderSettings
from promptdock.logs import LogLine

KEY = "sk-secret/0123456789"
ESCAPED = json.dumps(KEY).strip('"').replace("/", "\\/").replace("s", "\\u0073", 1)
CALL = CompletionCall(model="m", messages=({"role": "user", "content": "Hi"},))
TRANSPORTS = pytest.mark.parametrize("transport", ["wire", "sdk"])
FORMS = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


def _whole(status: str, body: str, kind: str = "application/json") -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\nx-echo: {KEY}\r\n\r\n"
    return (head + body).encode()


ANSWERS: dict[str, Callable[[str], bytes]] = {
    "a status line": lambda echo: f"{echo} is what you sent\r\n\r\n".encode(),
    "a status": lambda echo: f"HTTP/1.1 {echo} nonsense\r\n\r\n".encode(),
    "a header": lambda echo: f"HTTP/1.1 200 OK\r\n\x00{echo}\r\n\r\n".encode(),
    "a length": lambda echo: f"HTTP/1.1 200 OK\r\ncontent-length: {echo}\r\n\r\n".encode(),
    "a chunk": lambda echo: (
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        f'10\r\ndata: {{"id":"x"}}\n\r\n{echo}\r\n'
    ).encode(),
    "a 401": lambda echo: _whole("401 No", json.dumps({"error": {"message": f"Incorrect key: {echo}", "code": echo}})),
    "a 401 with escapes": lambda echo: _whole("401 No", f'{{"error": {{"message": "{ESCAPED}", "x": "{ESCAPED}"}}}}'),
    "a 400 page": lambda echo: _whole("400 No", f"<p>{echo}</p>", "text/html"),
    "an event": lambda echo: _whole(
        "200 OK", f'data: {{"error": {{"message": "bad {echo}", "code": "{ESCAPED}"}}}}\n\n', "text/event-stream"
    ),
    "no JSON": lambda echo: _whole("200 OK", f"data: {echo}\n\n", "text/event-stream"),
}


@asynccontextmanager
async def _echoing(answer: Callable[[str], bytes]) -> AsyncIterator[str]:
    """A server that says whatever it likes, with the Authorization header in it."""

    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        echo = next(line for line in head.split("\r\n") if line.lower().startswith("authorization:"))
        writer.write(answer(echo.partition(":")[2].strip()))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(reply, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


async def _failure(base_url: str, transport: str, *, stream: bool) -> Exception:
    settings = ProviderSettings.model_validate({"transport": transport, "max_retries": 0, "timeout": 10})
    asked = OpenAICompatibleProvider(name="fake", base_url=base_url, api_key=KEY, settings=settings)
    try:
        if stream:
            async for _ in asked.stream(CALL):
                pass
        else:
            await asked.complete(CALL)
    except openai.APIError as error:
        return error
    finally:
        await asked.aclose()
    raise AssertionError("it was answered")


@TRANSPORTS
@FORMS
@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.anyio
async def test_no_log_holds_the_key(name: str, transport: str, stream: bool, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="promptdock")
    async with _echoing(ANSWERS[name]) as base_url:
        error = await _failure(base_url, transport, stream=stream)
    logging.getLogger("promptdock.turn").error("turn failed: %s", error, exc_info=error)
    records = [record for record in caplog.records if record.name.startswith("promptdock")]
    assert records
    for formatter in (logging.Formatter(), LogLine()):
        text = "".join(formatter.format(record) for record in records)
        assert "Traceback" in text
        assert KEY not in text
        assert "0123456789" not in text
    assert "0123456789" not in repr(getattr(error, "body", None))


@TRANSPORTS
@pytest.mark.anyio
async def test_why_there_is_no_connection_is_still_told(transport: str) -> None:
    """What this machine says of itself helps the operator, and holds nothing that upstream sent."""
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    error = await _failure(f"http://127.0.0.1:{port}/v1", transport, stream=False)
    assert isinstance(error, openai.APIConnectionError)
    assert "Connect" in str(error.__cause__)
    assert ": " in str(error.__cause__)
