"""A turn on a long session beside one on a short one."""

from __future__ import annotations

import http.client
import json
import secrets
import time
from collections.abc import Sequence
from statistics import median
from typing import Any, Final

from benchmarks.requests import CHAT
from benchmarks.stage import BenchmarkError, Stage
from benchmarks.subjects.promptdock import SESSION, Promptdock, Served
from benchmarks.upstream import TEXT

from .work import Bar, Metric, Options, Outcome, Ticks, Work

__all__ = ["LongSession"]

_SHORT: Final = 20
_LONG: Final = 2000
_TURNS: Final = 10


class LongSession(Work):
    """A turn's time, without what the upstream took of it."""

    name = "long-session"
    title = f"A turn on a {_LONG:,}-message session, upstream excluded"

    def __init__(self, dock: Promptdock, bars: Sequence[Bar]) -> None:
        self._dock = dock
        self._bars = bars

    def steps(self, options: Options) -> int:
        """Two visits a round, after the long session is made."""
        return 2 * options.rounds + 1

    def run(self, options: Options, tick: Ticks) -> Outcome:
        """Make a session of each length, and go on with them in turn; the short one is made anew in each round."""
        metrics = (Metric("turn_ms", "ms/turn"), Metric("upstream_ms", "ms upstream"))
        outcome = Outcome(self.name, self.title, metrics, bars=self._bars)
        with Stage() as stage:
            upstream = stage.upstream()
            served = self._dock.serve(stage, upstream)
            self._dock.make_client(served)
            long = secrets.token_hex(32)
            caller = _Caller(served, upstream)
            caller.prompt(long, _thread(_LONG))
            tick("the long session is made", 1)
            for number in range(options.rounds):
                short = secrets.token_hex(32)
                caller.prompt(short, _thread(_SHORT))
                named = [(f"{_SHORT} messages", short), (f"{_LONG:,} messages", long)]
                for name, key in named[:: 1 if number % 2 else -1]:
                    figures = caller.turns(key)
                    outcome.add(name, **figures)
                    tick(f"{name}: {figures['turn_ms']:.1f} ms", 1)
        return outcome


class _Caller:
    """One connection to the server, and one to ask the upstream how long it took."""

    def __init__(self, served: Served, upstream: int) -> None:
        self._headers = {**served.headers, "Content-Type": "application/json"}
        self._server = http.client.HTTPConnection("127.0.0.1", served.port, timeout=120)
        self._upstream = http.client.HTTPConnection("127.0.0.1", upstream, timeout=10)

    def prompt(self, session: str, messages: Sequence[dict[str, Any]]) -> float:
        """Prompt once; gives the milliseconds that it took."""
        body = json.dumps({"messages": messages})
        began = time.perf_counter()
        self._server.request("POST", SESSION, body, {**self._headers, "X-Session-Key": session})
        reply = self._server.getresponse()
        text = reply.read()
        took = (time.perf_counter() - began) * 1000
        if reply.status != 200 or TEXT.encode() not in text:
            raise BenchmarkError(f"status {reply.status}: {text[:300].decode('utf-8', 'replace')}")
        return took

    def turns(self, session: str) -> dict[str, float]:
        """Some turns; gives the middle one's time, and what the upstream took of it."""
        found = []
        for _ in range(_TURNS):
            self._upstream_seconds()
            took = self.prompt(session, CHAT.body["messages"])
            found.append((took, self._upstream_seconds() * 1000))
        above = median(up for _, up in found)
        return {"turn_ms": median(took - up for took, up in found), "upstream_ms": above}

    def _upstream_seconds(self) -> float:
        self._upstream.request("GET", "/stats")
        told = json.loads(self._upstream.getresponse().read())
        return float(told["seconds"])


def _thread(messages: int) -> list[dict[str, Any]]:
    """Messages that make a session of that length together with the answer."""
    said = [
        {"role": "assistant" if n % 2 else "user", "content": f"This is what was said as number {n} of this thread."}
        for n in range(messages - 1)
    ]
    return said if said[-1]["role"] == "user" else said[:-1]
