"""The real ``promptdock`` command, run as a process of its own in an empty home.

>>> command = CommandLine(home)
>>> command.run("prompt", "What is 2 + 3?").stdout
"""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeAlias

from promptdock.jsontext import loads

__all__ = ["CommandLine", "RunningServer"]

Env: TypeAlias = Mapping[str, str]

_FOREIGN = re.compile(r"PROMPTDOCK_|.*_API_KEY$|NO_COLOR$|FORCE_COLOR$|COLUMNS$|PYTHONWARNINGS$")


class CommandLine:
    """Runs the command.

    Args:
        home: Folder that is its home and its working folder; one-file plugins go to ``plugins/`` in there.
    """

    def __init__(self, home: Path) -> None:
        self.home = home

    def write_plugin(self, name: str, source: str) -> None:
        """Put a one-file plugin where the command finds it."""
        (self.home / "plugins").mkdir(exist_ok=True)
        (self.home / "plugins" / f"{name}.py").write_text(source, encoding="utf-8")

    def run(self, *args: str, stdin: bytes = b"", env: Env | None = None) -> subprocess.CompletedProcess[str]:
        """Run it to its end, with its streams piped."""
        done = subprocess.run(
            self._argv(args), input=stdin, capture_output=True, timeout=90, cwd=self.home, env=self._environment(env)
        )
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    def json(self, *args: str, env: Env | None = None) -> Any:
        """Run it with ``--json`` and read what it prints."""
        return loads(self.run(*args, "--json", env=env).stdout)

    @contextmanager
    def started(self, *args: str, env: Env | None = None) -> Iterator[subprocess.Popen[str]]:
        """Start it, and make sure that it is gone at the end of the block."""
        with subprocess.Popen(
            self._argv(args),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.home,
            env=self._environment(env),
        ) as process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.kill()

    @contextmanager
    def serving(self, *args: str, env: Env | None = None) -> Iterator[RunningServer]:
        """Run ``serve`` on a free port, up to the point where it says that it serves."""
        with self.started("serve", "--port", "0", *args, env=env) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, process.communicate(timeout=10)[1]
            yield RunningServer(process, line)

    def on_terminal(self, *args: str, env: Env | None = None) -> str:
        """Run it on a terminal of 100 columns, and give all that the terminal gets."""
        ours, theirs = pty.openpty()
        settings = {"TERM": "xterm-256color", "COLUMNS": "100", **(env or {})}
        with subprocess.Popen(
            self._argv(args), stdin=theirs, stdout=theirs, stderr=theirs, cwd=self.home, env=self._environment(settings)
        ) as process:
            os.close(theirs)
            try:
                return b"".join(_read_until_closed(ours, time.monotonic() + 60)).decode()
            finally:
                os.close(ours)
                process.kill()

    def _argv(self, args: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "promptdock", *args]

    def _environment(self, extra: Env | None) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not _FOREIGN.match(name)}
        # bytecode is kept: a command that compiles all that it imports takes half as long again
        ours = {"PROMPTDOCK_HOME": str(self.home), "PYTHONWARNINGS": "error", "PYTHONDONTWRITEBYTECODE": ""}
        return {**own, **ours, **(extra or {})}


def _read_until_closed(terminal: int, end: float) -> Iterator[bytes]:
    while select.select([terminal], [], [], max(0.0, end - time.monotonic()))[0]:
        try:
            block = os.read(terminal, 65_536)
        except OSError:  # Linux says so that the other side is closed
            return
        if not block:
            return
        yield block
    raise TimeoutError


class RunningServer:
    """A server that serves.

    Attributes:
        process: Its process.
        line: What it said when it was ready.
        base_url: Root of its OpenAI API.
        origin: Scheme, host and port.
    """

    def __init__(self, process: subprocess.Popen[str], line: str) -> None:
        self.process = process
        self.line = line
        found = re.search(r"(http://\S+:\d+)/v1", line)
        assert found is not None, line
        self.origin = found[1]
        self.base_url = f"{self.origin}/v1"

    def stop(self, signal: int) -> int:
        """Send a signal and give the exit code."""
        self.process.send_signal(signal)
        return self.process.wait(40)

    def log(self) -> str:
        """What it logged; to be asked once it has ended."""
        stream: IO[str] | None = self.process.stderr
        assert stream is not None
        return stream.read()
