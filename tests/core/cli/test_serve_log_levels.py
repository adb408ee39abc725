"""Log levels that change while several processes serve."""

from __future__ import annotations

import signal
import threading
import time
import urllib.request
from collections.abc import Iterator
from itertools import count
from typing import Any

from promptdock.jsontext import dumps, loads
from tests.support.command import CommandLine, RunningServer

_KEY = "operators-own-key"
_PID_TELLER = """
import os
from promptdock import Provider, hookimpl

class Teller(Provider):
    name = "teller"
    default_model = "pid"

    async def complete(self, call):
        message = {"role": "assistant", "content": str(os.getpid())}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return {"id": "x", "object": "chat.completion", "created": 0, "model": "pid", "choices": [choice]}

@hookimpl
def register_providers():
    return [Teller()]
"""


def _send(server: RunningServer, method: str, path: str, body: object, request_id: str = "r") -> Any:
    headers = {"Authorization": f"Bearer {_KEY}", "Content-Type": "application/json", "X-Request-ID": request_id}
    asked = urllib.request.Request(f"{server.origin}{path}", data=dumps(body), headers=headers, method=method)
    with urllib.request.urlopen(asked, timeout=20) as reply:
        return loads(reply.read())


def _pids_that_log(server: RunningServer, lines: list[str], seconds: float) -> Iterator[set[str]]:
    """Ask over and over, each time on a new connection; gives the processes whose turns are in the log so far."""
    asked: dict[str, str] = {}
    end = time.monotonic() + seconds
    for number in count():
        assert time.monotonic() < end, "a process does not follow"
        body = {"model": "teller/pid", "messages": [{"role": "user", "content": "who?"}]}
        request_id = f"ask-{number}"
        reply = _send(server, "POST", "/v1/chat/completions", body, request_id)
        asked[request_id] = reply["choices"][0]["message"]["content"]
        told = {loads(line)["request_id"] for line in list(lines) if '"turn_finished"' in line}
        yield {pid for request, pid in asked.items() if request in told}


def test_t101_every_process_follows_a_log_switch(command: CommandLine) -> None:
    """Within seconds, whichever of them heard of it; without a restart."""
    command.write_plugin("teller", _PID_TELLER)
    env = {"PROMPTDOCK_API_KEY": _KEY, "PROMPTDOCK_LOG_FORMAT": "json"}
    with command.serving("--workers", "2", "--no-access-log", env=env) as server:
        lines: list[str] = []
        reader = threading.Thread(target=lambda: lines.extend(iter(server.process.stderr.readline, "")))  # type: ignore[union-attr]
        reader.start()
        assert next(_pids_that_log(server, lines, 20)) == set()
        _send(server, "PUT", "/api/v1/log-levels/promptdock.plugins.event_log/", {"level": "debug"})
        for pids in _pids_that_log(server, lines, 40):
            if len(pids) == 2:
                break
        assert server.stop(signal.SIGTERM) == 0
        reader.join(20)
