"""A loopback server that speaks the OpenAI protocol and is not the bottleneck: bytes in, prepared bytes out.

``python -m benchmarks.upstream --port 0`` prints the port that it took, and serves until it is ended. It answers chat
completions whole or streamed, asks for the calculator when a request presents one and the last message is no tool's,
lists one model, and tells at ``/stats`` how long it had requests in its hands. With ``--delay`` its tokens say when
they were sent.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import time
from typing import Any, Final

__all__ = ["MARK", "TEXT", "Replies", "Upstream", "chunked", "main"]

MARK: Final = "tok"
"""What every streamed token holds, once."""
TEXT: Final = "The upstream has answered."
EXPRESSION: Final = "17 + 4"
_CREATED: Final = 1_700_000_000
_USAGE: Final = {"prompt_tokens": 12, "completion_tokens": 20, "total_tokens": 32}
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED: Final = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_STREAM: Final = re.compile(rb'"stream": *true')
_WITH_USAGE: Final = re.compile(rb'"include_usage": *true')
_ROLE: Final = re.compile(rb'"role": *"(\w+)"')
_CALCULATOR: Final = re.compile(rb'"name": *"([^"]*calc[^"]*)"')
_LAST_CHUNK: Final = b"0\r\n\r\n"


def chunked(body: bytes) -> tuple[bytes, int] | None:
    """Decode a chunked body.

    Args:
        body: What came after the head.

    Returns:
        The body and how many bytes it took; None while it is not complete.
    """
    parts: list[bytes] = []
    at = 0
    while True:
        end = body.find(b"\r\n", at)
        if end < 0:
            return None
        size = int(body[at:end].split(b";")[0], 16)
        start = end + 2
        if len(body) < start + size + 2:
            return None
        at = start + size + 2
        if size == 0:
            return b"".join(parts), at
        parts.append(body[start : start + size])


class Replies:
    """Every reply, made once.

    Args:
        chunks: How many tokens a streamed answer has.
    """

    def __init__(self, chunks: int) -> None:
        self.text = _json_reply(_completion({"role": "assistant", "content": TEXT}, "stop"))
        self.models = _json_reply({"object": "list", "data": [{"id": "bench", "object": "model", "owned_by": "bench"}]})
        self.traces = _json_reply({})
        self.missing = _json_reply(
            {"error": {"message": "Not here", "type": "invalid_request_error"}}, b"404 Not Found"
        )
        self.head = (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        words = ({"role": "assistant"} if n == 0 else {} for n in range(chunks))
        self.tokens = [_event(_delta({**first, "content": f"{MARK} "})) for first in words]
        self.finish = _event(_delta({}, "stop"))
        self.usage = _event({**_delta({}), "choices": [], "usage": _USAGE})
        self.done = b"e\r\ndata: [DONE]\n\n\r\n" + _LAST_CHUNK

    def stamped(self) -> bytes:
        """A token that says when it was sent, by a clock that all processes of the machine share."""
        return _event(_delta({"content": f"{MARK} @{time.monotonic():.6f} "}))

    def tool_call(self, name: str) -> bytes:
        """A reply that asks for the calculator, by the name that the request gives it."""
        call = {"name": name, "arguments": json.dumps({"expression": EXPRESSION})}
        calls = [{"id": "call_1", "type": "function", "function": call}]
        message = {"role": "assistant", "content": None, "tool_calls": calls}
        return _json_reply(_completion(message, "tool_calls"))


def _completion(message: dict[str, Any], finish: str) -> dict[str, Any]:
    choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
    shared = {"id": "chatcmpl-bench", "object": "chat.completion", "created": _CREATED, "model": "bench"}
    return {**shared, "choices": [choice], "usage": _USAGE}


def _delta(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    shared = {"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": _CREATED, "model": "bench"}
    return {**shared, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def _event(value: dict[str, Any]) -> bytes:
    event = f"data: {json.dumps(value, separators=(',', ':'))}\n\n".encode()
    return f"{len(event):x}\r\n".encode() + event + b"\r\n"


def _json_reply(value: object, status: bytes = b"200 OK") -> bytes:
    body = json.dumps(value, separators=(",", ":")).encode()
    head = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
    return head + body


class Stats:
    """How many completions there were, and how many seconds from a request's first byte to its reply."""

    def __init__(self) -> None:
        self.requests = 0
        self.seconds = 0.0

    def take(self) -> bytes:
        """Tell, and begin anew."""
        told = _json_reply({"requests": self.requests, "seconds": self.seconds})
        self.requests, self.seconds = 0, 0.0
        return told


class Upstream(asyncio.Protocol):
    """One connection.

    Args:
        replies: What it answers.
        delay: Seconds between the tokens of a stream.
        stats: Counts for all connections.
    """

    def __init__(self, replies: Replies, delay: float, stats: Stats) -> None:
        self._replies = replies
        self._delay = delay
        self._stats = stats
        self._buffer = b""
        self._began = 0.0
        self._pending: asyncio.Handle | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """End the stream that was under way."""
        if self._pending is not None:
            self._pending.cancel()

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        if not self._buffer:
            self._began = time.perf_counter()
        self._buffer += data
        while (request := self._next_request()) is not None:
            self._answer(*request)

    def _next_request(self) -> tuple[bytes, bytes] | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        head, start = self._buffer[:end], end + 4
        if _CHUNKED.search(head):
            decoded = chunked(self._buffer[start:])
            if decoded is None:
                return None
            body, taken = decoded
            self._buffer = self._buffer[start + taken :]
            return head, body
        found = _LENGTH.search(head)
        length = int(found[1]) if found else 0
        if len(self._buffer) < start + length:
            return None
        body, self._buffer = self._buffer[start : start + length], self._buffer[start + length :]
        return head, body

    def _answer(self, head: bytes, body: bytes) -> None:
        target = head[: head.find(b"\r\n")]
        if b"/chat/completions" not in target:
            self._transport.write(self._other(target))
            return
        if _STREAM.search(body):
            self._transport.write(self._replies.head)
            self._send_token(0, with_usage=_WITH_USAGE.search(body) is not None)
        else:
            self._transport.write(self._whole(body))
        self._stats.requests += 1
        self._stats.seconds += time.perf_counter() - self._began

    def _other(self, target: bytes) -> bytes:
        if b"/models" in target:
            return self._replies.models
        if b"/v1/traces" in target:  # a collector of OpenTelemetry, too
            return self._replies.traces
        return self._stats.take() if b"/stats" in target else self._replies.missing

    def _whole(self, body: bytes) -> bytes:
        presented = _CALCULATOR.search(body) if b'"tools"' in body else None
        if presented is None or _ROLE.findall(body)[-1:] == [b"tool"]:
            return self._replies.text
        return self._replies.tool_call(presented[1].decode())

    def _send_token(self, number: int, *, with_usage: bool) -> None:
        """Each token is a write of its own, as a model's are."""
        replies = self._replies
        if number == len(replies.tokens):
            self._pending = None
            self._transport.write(replies.finish + (replies.usage if with_usage else b"") + replies.done)
            return
        self._transport.write(replies.stamped() if self._delay else replies.tokens[number])
        loop = asyncio.get_running_loop()

        def go_on() -> None:
            self._send_token(number + 1, with_usage=with_usage)

        self._pending = loop.call_later(self._delay, go_on) if self._delay else loop.call_soon(go_on)


async def main(port: int, chunks: int, delay: float) -> None:
    """Serve until the process is ended.

    Args:
        port: Where; 0 takes a free one.
        chunks: How many tokens a streamed answer has.
        delay: Seconds between them.
    """
    replies, stats = Replies(chunks), Stats()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Upstream(replies, delay, stats), "127.0.0.1", port, backlog=4096)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--chunks", type=int, default=20)
    parser.add_argument("--delay", type=float, default=0.0)
    given = parser.parse_args()
    asyncio.run(main(given.port, given.chunks, given.delay))
