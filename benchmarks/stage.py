"""Where a work takes place: its upstream, its servers, their folders; everything is ended and removed with it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Self

import psutil

from .load import Counted, Plan

__all__ = ["BenchmarkError", "Stage", "cpu_seconds", "end_what_is_left", "free_port"]

_ROOT: Final = Path(__file__).parents[1]
_OURS: Final = ("PROMPTDOCK_", "OPENAI_", "LITELLM_", "LANGCHAIN_", "LANGSMITH_")
_HARSH: Final = 10.0
"""Seconds until a process that was told to end is killed."""


class BenchmarkError(Exception):
    """Something that is measured does not work; says what."""


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def cpu_seconds(pid: int) -> float:
    """What a process and those below it have used so far."""
    total = 0.0
    try:
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            times = process.cpu_times()
            total += times.user + times.system
    except psutil.NoSuchProcess:
        return total
    return total


class Stage:
    """The processes and folders of one work; a context manager.

    Attributes:
        folder: Removed at the end.
        pid_of_upstream: Of the upstream that was started last.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="promptdock-bench-"))
        self._processes: list[subprocess.Popen[bytes]] = []
        self._at_end: list[Callable[[], None]] = []
        self._logs = 0
        self._upstream_port = 0
        self.pid_of_upstream = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._processes):
            _end(process)
        self._processes.clear()
        for step in reversed(self._at_end):
            step()
        shutil.rmtree(self.folder, ignore_errors=True)

    def at_end(self, step: Callable[[], None]) -> None:
        """Do something after all processes have ended."""
        self._at_end.append(step)

    def new_folder(self, name: str) -> Path:
        """A folder below :attr:`folder`."""
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))

    def upstream(self, *, chunks: int = 20, delay: float = 0.0) -> int:
        """Start an upstream.

        Args:
            chunks: How many tokens a streamed answer has.
            delay: Seconds between them.

        Returns:
            Its port.
        """
        command = [sys.executable, "-m", "benchmarks.upstream", "--chunks", str(chunks), "--delay", str(delay)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=_ROOT, start_new_session=True)
        self._processes.append(process)
        self.pid_of_upstream = process.pid
        assert process.stdout is not None
        self._upstream_port = int(process.stdout.readline())
        return self._upstream_port

    def upstream_stats(self) -> dict[str, float]:
        """What the upstream has counted since it was asked last: ``requests`` and ``seconds``."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._upstream_port}/stats", timeout=10) as reply:
            told: dict[str, float] = json.load(reply)
        return told

    def start(self, command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start a server; what it says goes into a file.

        Args:
            command: What to run, in the folder of this repository.
            env: Variables beside those of this process, of which no setting of ours or of a vendor's is passed on.
        """
        self._logs += 1
        with (self.folder / f"{self._logs}.log").open("wb") as log:
            process = subprocess.Popen(
                [str(part) for part in command],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=_ROOT,
                env=self.environment(env),
                start_new_session=True,  # Ctrl-C is for the runner, which ends them in order
            )
        self._processes.append(process)
        return process

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """End one of them before the others."""
        self._processes.remove(process)
        _end(process)

    def environment(self, env: Mapping[str, str] | None = None) -> dict[str, str]:
        """The variables that a process of this stage gets."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        return {**kept, "PYTHONDONTWRITEBYTECODE": "", **(env or {})}

    def load(self, plan: Plan) -> Counted:
        """Run the load generator, as a process of its own."""
        with self.loading(plan) as finish:
            return finish()

    @contextmanager
    def loading(self, plan: Plan) -> Iterator[Callable[[], Counted]]:
        """Start the load generator; gives what waits for its end."""
        command = [sys.executable, "-m", "benchmarks.load"]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=_ROOT, start_new_session=True)
        try:
            assert process.stdin is not None
            process.stdin.write(plan.to_json().encode())
            process.stdin.close()
            process.stdin = None
            yield lambda: _counted(process)
        finally:
            _end(process)

    def until_good(self, plan: Plan, process: subprocess.Popen[bytes], seconds: float = 60.0) -> None:
        """Wait until a server answers a request as expected.

        Raises:
            BenchmarkError: It does not, with what it answered or logged last.
        """
        end = time.monotonic() + seconds
        once = Plan(
            port=plan.port,
            request=plan.request,
            expected=plan.expected,
            expected_count=plan.expected_count,
            connections=1,
            requests=1,
            warm_up=0,
            seconds=10,
        )
        said = "nothing"
        while time.monotonic() < end:
            if process.poll() is not None:
                raise BenchmarkError(f"it ended with {process.returncode}: {self.last_words()}")
            if _listens(plan.port):
                counted = self.load(once)
                if counted.all_replies and not counted.errors:
                    return
                said = counted.error
            time.sleep(0.2)
        raise BenchmarkError(f"no good reply within {seconds:.0f} s; the last one was: {said}")

    def last_log(self) -> str:
        """What the server that was started last has said."""
        return (self.folder / f"{self._logs}.log").read_text(encoding="utf-8", errors="replace")

    def last_words(self) -> str:
        """Its last line."""
        lines = self.last_log().strip().splitlines()
        return lines[-1] if lines else "it said nothing"


def end_what_is_left() -> None:
    """End all that this process has started and no stage knows: a signal may come while one is being started."""
    for left in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            left.kill()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _counted(process: subprocess.Popen[bytes]) -> Counted:
    said, _ = process.communicate()
    if process.returncode != 0:
        raise BenchmarkError("the load generator failed; what it said is above")
    return Counted(**json.loads(said))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and those below it, each by its id."""
    below: list[psutil.Process] = []
    if process.poll() is None:
        try:
            below = psutil.Process(process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            below = []
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_HARSH)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_HARSH)
    for left in below:
        if left.is_running():  # compares the time of its start, too
            left.kill()
    if process.stdout is not None:
        process.stdout.close()
