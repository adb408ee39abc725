"""The upstream, and the load generator against it: over real connections."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.load import Counted, Plan, generate
from benchmarks.replies import ReplyReader
from benchmarks.requests import CHAT, STREAM, Ask, http_request
from benchmarks.stage import Stage
from benchmarks.upstream import EXPRESSION, MARK, TEXT, chunked

TOOLS = [{"type": "function", "function": {"name": "my_calculator", "parameters": {"type": "object"}}}]


@pytest.fixture(scope="module")
def upstream() -> Iterator[tuple[Stage, int]]:
    """One that runs as a process of its own."""
    with Stage() as stage:
        yield stage, stage.upstream(chunks=5)


async def exchange(port: int, *pieces: bytes) -> ReplyReader:
    """Send a request in pieces; gives its reply."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.01)
    reply = ReplyReader()
    while not reply.feed(await reader.read(65_536)):
        pass
    writer.close()
    await writer.wait_closed()
    return reply


def answer(port: int, body: dict[str, Any]) -> Any:
    """What the upstream says to a chat."""
    request = http_request(port, "/v1/chat/completions", json.dumps(body).encode())
    return json.loads(asyncio.run(exchange(port, request)).body)["choices"][0]["message"]


def plan(port: int, ask: Ask, **changes: Any) -> Plan:
    given = {"connections": 2, "requests": 5, "warm_up": 0.0, "seconds": 30.0, **changes}
    request = http_request(port, "/v1/chat/completions", ask.encoded())
    return Plan(port=port, request=request, expected=ask.expected.encode(), expected_count=ask.expected_count, **given)


def test_it_takes_traces_which_are_no_completions(upstream: tuple[Stage, int]) -> None:
    """As a collector of OpenTelemetry does, so that a subject that is traced has somewhere to send them."""
    stage, port = upstream
    stage.upstream_stats()
    reply = asyncio.run(exchange(port, http_request(port, "/v1/traces", b"\x0a\x00")))
    assert (reply.status, reply.body) == (200, b"{}")
    assert stage.upstream_stats()["requests"] == 0


def load(port: int, ask: Ask, **changes: Any) -> Counted:
    return asyncio.run(generate(plan(port, ask, **changes)))


def test_it_answers_with_text(upstream: tuple[Stage, int]) -> None:
    assert answer(upstream[1], dict(CHAT.body))["content"] == TEXT


def test_it_calls_the_calculator_by_the_name_of_the_request(upstream: tuple[Stage, int]) -> None:
    """Once: when the last message is a tool's, it answers."""
    _, port = upstream
    asked = {**CHAT.body, "tools": TOOLS}
    (call,) = answer(port, asked)["tool_calls"]
    assert call["function"]["name"] == "my_calculator"
    assert json.loads(call["function"]["arguments"]) == {"expression": EXPRESSION}
    told = [*asked["messages"], {"role": "assistant", "tool_calls": [call]}, {"role": "tool", "content": "21"}]
    assert answer(port, {**asked, "messages": told})["content"] == TEXT
    more = [*told, {"role": "assistant", "content": TEXT}, *CHAT.body["messages"]]
    assert answer(port, {**asked, "messages": more})["tool_calls"]


def test_it_takes_requests_in_pieces_and_in_chunks(upstream: tuple[Stage, int]) -> None:
    _, port = upstream
    whole = http_request(port, "/v1/chat/completions", CHAT.encoded())
    assert TEXT.encode() in asyncio.run(exchange(port, whole[:40], whole[40:90], whole[90:])).body
    body = CHAT.encoded()
    head = b"POST /v1/chat/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    sent = b"%x\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (5, body[:5], len(body) - 5, body[5:])
    assert TEXT.encode() in asyncio.run(exchange(port, head, sent)).body


def test_chunks_are_put_together_once_all_are_there() -> None:
    sent = b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
    assert chunked(sent + b"more") == (b"abcde", len(sent))
    assert all(chunked(sent[:end]) is None for end in range(len(sent)))


def test_it_counts_completions_alone(upstream: tuple[Stage, int]) -> None:
    stage, port = upstream
    stage.upstream_stats()
    answer(port, dict(CHAT.body))
    asyncio.run(exchange(port, b"GET /v1/models HTTP/1.1\r\n\r\n"))
    told = stage.upstream_stats()
    assert told["requests"] == 1
    assert told["seconds"] > 0
    assert stage.upstream_stats()["requests"] == 0


def test_load_counts_good_replies(upstream: tuple[Stage, int]) -> None:
    counted = load(upstream[1], CHAT)
    assert (counted.replies, counted.all_replies, counted.errors) == (10, 10, 0)
    assert counted.rate > 0
    assert counted.p99_ms >= counted.p50_ms > 0


def test_a_reply_that_ends_too_late_is_measured_all_the_same() -> None:
    """One for each connection, or a server that takes longer than a visit would have no figures."""
    with Stage() as stage:
        port = stage.upstream(chunks=3, delay=0.1)
        counted = stage.load(plan(port, CHAT.streamed(3), requests=0, seconds=0.01))
    assert (counted.replies, counted.errors) == (2, 0)
    assert 0 < counted.rate < 2 / 0.2


def test_load_follows_streams_to_their_end(upstream: tuple[Stage, int]) -> None:
    counted = load(upstream[1], CHAT.streamed(5))
    assert (counted.replies, counted.errors) == (10, 0)
    assert counted.p50_ms >= counted.first_p50_ms > 0


def test_a_stream_with_too_few_tokens_is_an_error(upstream: tuple[Stage, int]) -> None:
    counted = load(upstream[1], STREAM, requests=1)
    assert (counted.replies, counted.errors) == (0, 2)
    assert MARK in counted.error


def test_another_text_is_an_error(upstream: tuple[Stage, int]) -> None:
    counted = load(upstream[1], Ask(CHAT.body, "something else"), requests=1)
    assert (counted.replies, counted.errors) == (0, 2)
    assert counted.error.startswith("status 200: ")


def test_another_status_is_an_error(upstream: tuple[Stage, int]) -> None:
    _, port = upstream
    elsewhere = Plan(
        port=port, request=http_request(port, "/v1/nowhere", b"{}"), expected=b"Not here", connections=1, requests=1
    )
    counted = asyncio.run(generate(elsewhere))
    assert (counted.replies, counted.errors) == (0, 1)
    assert counted.error.startswith("status 404: ")


def test_a_connection_that_breaks_is_an_error() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.close()

    async def run() -> Counted:
        server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        async with server:
            return await generate(plan(server.sockets[0].getsockname()[1], CHAT, connections=1))

    counted = asyncio.run(run())
    assert (counted.replies, counted.errors) == (0, 1)
    assert "broke" in counted.error


def test_tokens_that_come_slowly_say_when_they_were_sent() -> None:
    with Stage() as stage:
        port = stage.upstream(chunks=3, delay=0.05)
        counted = stage.load(plan(port, CHAT.streamed(3), requests=1, stamped=True))
    assert (counted.replies, counted.errors) == (2, 0)
    assert counted.late_p99_ms > 0
    assert counted.gap_p99_ms > 0


def test_a_plan_goes_to_another_process_as_it_is() -> None:
    made = plan(80, STREAM, stagger=2.0, stamped=True)
    assert Plan.from_json(made.to_json()) == made
