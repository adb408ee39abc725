"""The load generator: keep-alive connections that send one prepared request after the other, and check each reply.

It runs as a process of its own, ``python -m benchmarks.load``, which reads a plan as JSON from its standard input and
writes what it counted as JSON.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from .figures import percentile
from .replies import ReplyReader

__all__ = ["Counted", "Plan", "generate"]

_STAMP: Final = re.compile(rb"@(\d+\.\d+)")
_PATIENCE: Final = 60.0
"""Seconds that the last replies may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to send, and for how long.

    Attributes:
        port: Where the server listens, on loopback.
        request: The request's bytes, head and body.
        expected: What a good reply holds.
        expected_count: How often; 0 for at least once.
        connections: How many are open at the same time, each with one request at a time.
        seconds: How long is measured.
        warm_up: Seconds before that count for nothing.
        requests: How many each connection sends at most; 0 for no end but that of time.
        stagger: Seconds over which the connections begin.
        stamped: Whether tokens say when they were sent.
    """

    port: int
    request: bytes
    expected: bytes
    expected_count: int = 0
    connections: int = 16
    seconds: float = 3.0
    warm_up: float = 0.5
    requests: int = 0
    stagger: float = 0.0
    stamped: bool = False

    def to_json(self) -> str:
        """For the process's standard input."""
        given = asdict(self)
        return json.dumps({**given, "request": self.request.decode(), "expected": self.expected.decode()})

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """The other way round."""
        given: dict[str, Any] = json.loads(text)
        return cls(**{**given, "request": given["request"].encode(), "expected": given["expected"].encode()})


@dataclass(slots=True, kw_only=True)
class Counted:
    """What was seen while it was measured.

    Attributes:
        replies: Good replies to requests that were sent after the warm-up, and ended in time; or, where a connection
            has none, its first one, however late.
        errors: Replies that were not what was expected, and connections that broke.
        error: The first of them, in words.
        all_replies: Good replies, those of the warm-up included.
        rate: Good replies a second: the sum over all connections, each by the time that its own replies took. So no
            reply is cut in two by the clock, which matters where few come.
        p50_ms, p99_ms: Of the time from sending a request to the end of its reply.
        first_p50_ms, first_p99_ms: Of the time to the first expected text.
        gap_p99_ms: Of the time between two pieces of one reply.
        late_p99_ms: Of the time that a token took from the upstream to here, where tokens say when they were sent.
    """

    replies: int = 0
    errors: int = 0
    error: str = ""
    all_replies: int = 0
    rate: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    first_p50_ms: float = 0.0
    first_p99_ms: float = 0.0
    gap_p99_ms: float = 0.0
    late_p99_ms: float = 0.0


@dataclass(slots=True)
class _Tally:
    """What the connections share."""

    begin: float = 0.0
    end: float = 0.0
    counted: Counted = field(default_factory=Counted)
    latencies: list[float] = field(default_factory=list)
    firsts: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)

    def fail(self, what: str) -> None:
        self.counted.errors += 1
        self.counted.error = self.counted.error or what


class _Connection(asyncio.Protocol):
    """Sends the request again as soon as its reply is complete, until one is not good."""

    def __init__(self, plan: Plan, tally: _Tally) -> None:
        self._plan = plan
        self._tally = tally
        self._reader = ReplyReader()
        self._sent = 0
        self._at = self._first = self._piece = 0.0
        self._replies = 0
        self._busy = 0.0
        self._ended = False
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._ended:
            self._tally.fail(f"the connection broke: {exc or 'closed by the server'}")
            self._finish()

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        if not self._first and self._plan.expected in data:
            self._first = now
        elif self._first and self._piece:
            self._tally.gaps.append(now - self._piece)
        self._piece = now if self._first else 0.0
        if self._plan.stamped:
            clock = time.monotonic()
            self._tally.late += [clock - float(stamp) for stamp in _STAMP.findall(data)]
        if not self._reader.feed(data):
            return
        good = self._count(now)
        over = now >= self._tally.end and self._replies > 0
        if over or not good or self._sent == self._plan.requests or self._ended:
            self._finish()
        else:
            self._send()

    def _send(self) -> None:
        self._sent += 1
        self._first = self._piece = 0.0
        self._at = time.perf_counter()
        self._transport.write(self._plan.request)

    def _count(self, now: float) -> bool:
        reader, tally, plan = self._reader, self._tally, self._plan
        body = reader.body
        found = body.count(plan.expected)
        good = reader.status == 200 and (found == plan.expected_count if plan.expected_count else found > 0)
        reader.reset()
        if not good:
            tally.fail(f"status {reader.last_status}: {body[:300].decode('utf-8', 'replace')}")
            return False
        tally.counted.all_replies += 1
        if self._at >= tally.begin and (now <= tally.end or not self._replies):
            self._replies += 1
            self._busy += now - self._at
            tally.latencies.append(now - self._at)
            tally.firsts.append((self._first or now) - self._at)
        return True

    @property
    def rate(self) -> float:
        """Its good replies a second."""
        return self._replies / self._busy if self._busy else 0.0

    def _finish(self) -> None:
        self._ended = True
        if not self.done.done():
            self.done.set_result(None)
        self._transport.close()


async def generate(plan: Plan) -> Counted:
    """Send requests until the time is over, or each connection has sent its share.

    Args:
        plan: What to send.

    Returns:
        What was counted. With ``errors`` the figures say nothing.
    """
    loop = asyncio.get_running_loop()
    tally = _Tally()
    start = time.perf_counter()
    tally.begin = start + plan.warm_up
    tally.end = tally.begin + plan.seconds
    opened = []
    for number in range(plan.connections):
        if plan.stagger:
            await asyncio.sleep(max(0.0, start + plan.stagger * number / plan.connections - time.perf_counter()))
        _, connection = await loop.create_connection(lambda: _Connection(plan, tally), "127.0.0.1", plan.port)
        opened.append(connection)
    ended = asyncio.gather(*(connection.done for connection in opened))
    try:
        await asyncio.wait_for(ended, tally.end - time.perf_counter() + _PATIENCE)
    except TimeoutError:
        tally.fail("replies did not end")
    tally.counted.rate = sum(connection.rate for connection in opened)
    return _summed(tally)


def _summed(tally: _Tally) -> Counted:
    counted = tally.counted
    counted.replies = len(tally.latencies)
    for name, values in (("", tally.latencies), ("first_", tally.firsts)):
        setattr(counted, f"{name}p50_ms", percentile(values, 50) * 1000)
        setattr(counted, f"{name}p99_ms", percentile(values, 99) * 1000)
    counted.gap_p99_ms = percentile(tally.gaps, 99) * 1000
    counted.late_p99_ms = percentile(tally.late, 99) * 1000
    return counted


if __name__ == "__main__":
    seen = asyncio.run(generate(Plan.from_json(sys.stdin.read())))
    sys.stdout.write(json.dumps(asdict(seen)))
