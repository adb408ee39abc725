"""A shell that stays open from one block of a document to the next, as a reader's does."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["Shell"]

_MARK = "-- end of command --"

# `serve` goes on in the background, on a port of its own, and what it says first is shown
_PRELUDE = """
promptdock() {
    if [ "$1" != serve ]; then command promptdock "$@"; return; fi
    stop_server
    : >"$SHELL_LOG"  # here, so that it is there when it is looked into
    command promptdock "$@" --port "$SHELL_PORT" >>"$SHELL_LOG" 2>&1 </dev/null &
    SHELL_SERVER=$!
    for _ in $(seq 600); do
        if grep -q "127.0.0.1:$SHELL_PORT/v1" "$SHELL_LOG"; then
            # it answers once it has said everything, a first key among it
            until curl -s -o /dev/null "http://127.0.0.1:$SHELL_PORT/healthz"; do
                kill -0 "$SHELL_SERVER" || return 1
                sleep 0.1
            done
            grep -v "GET /healthz" "$SHELL_LOG"; return 0
        fi
        if ! kill -0 "$SHELL_SERVER" 2>/dev/null; then
            wait "$SHELL_SERVER"; code=$?; SHELL_SERVER=; cat "$SHELL_LOG"; return $code
        fi
        sleep 0.1
    done
    return 1
}
stop_server() {
    [ -n "$SHELL_SERVER" ] || return 0
    kill "$SHELL_SERVER"; wait "$SHELL_SERVER"; SHELL_SERVER=
}
SHELL_SERVER=
"""


class Shell:
    """A bash whose commands see the variables, functions and servers of those before.

    Args:
        folder: Where it starts.
        environ: Its environment; ``SHELL_PORT`` and ``SHELL_LOG`` say where ``promptdock serve`` listens and logs.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=dict(environ),
            start_new_session=True,
        )
        code, said = self.run(_PRELUDE)
        assert code == 0, said

    def run(self, command: str, *, timeout: float = 120) -> tuple[int, str]:
        """Run one command to its end.

        Returns:
            Its exit code, and all that it wrote.
        """
        assert self._process.stdin is not None
        quoted = command.replace("'", "'\\''")
        self._process.stdin.write(f"eval '{quoted}' </dev/null\nprintf '\\n%s %d\\n' '{_MARK}' $?\n".encode())
        self._process.stdin.flush()
        said = self._read(time.monotonic() + timeout)
        body, _, code = said.rpartition(f"\n{_MARK} ")
        assert code.strip().isdigit(), f"the shell is gone, or hangs, after:\n{command}\n{said}"
        return int(code), body

    def _read(self, end: float) -> str:
        assert self._process.stdout is not None
        pieces = b""
        while f"\n{_MARK} ".encode() not in pieces or not pieces.endswith(b"\n"):
            if not select.select([self._process.stdout], [], [], max(0.0, end - time.monotonic()))[0]:
                break
            piece = os.read(self._process.stdout.fileno(), 65_536)
            if not piece:
                break
            pieces += piece
        return pieces.decode(errors="replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it, and everything that was started in it."""
        try:
            if self._process.poll() is None:
                self.run("stop_server", timeout=30)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.communicate(timeout=10)
