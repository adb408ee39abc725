"""Works about starting: a server until its first reply, and a command until its end."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.stage import BenchmarkError, Stage, free_port
from benchmarks.subjects.promptdock import Promptdock, new_key

from .work import Bar, Metric, Options, Outcome, Ticks, Work

__all__ = ["ColdStart", "Help"]

_SECONDS: Final = Metric("seconds", "seconds")
_OURS: Final = "promptdock serve"
_BARE: Final = "bare Litestar app"
_PATIENCE: Final = 60.0


class ColdStart(Work):
    """From the start of a process to its first good reply; the database is there already."""

    name = "cold-start"
    title = "Cold start of serve to the first healthy reply"

    def __init__(self, dock: Promptdock, bars: Sequence[Bar]) -> None:
        self._dock = dock
        self._bars = bars

    def steps(self, options: Options) -> int:
        """Two starts a round."""
        return 2 * options.rounds + 1

    def run(self, options: Options, tick: Ticks) -> Outcome:
        """Start each in turn."""
        outcome = Outcome(self.name, self.title, (_SECONDS,), bars=self._bars)
        with Stage() as stage:
            env = self._dock.environment(stage, stage.upstream())
            new_key(stage, env)
            modules = stage.folder / "modules"
            modules.write_text("\n".join(self._modules(stage, env)), encoding="utf-8")
            tick("imports listed", 1)
            for number in range(options.rounds):
                for ours in (True, False) if number % 2 == 0 else (False, True):
                    port = free_port()
                    command, given = self._serve(port, env) if ours else _bare(port, modules)
                    seconds = _until_healthy(stage, command, given, port)
                    outcome.add(_OURS if ours else _BARE, seconds=seconds)
                    tick(f"{_OURS if ours else _BARE}: {seconds:.2f} s", 1)
        return outcome

    def _serve(self, port: int, env: dict[str, str], *python: str) -> tuple[list[str | Path], dict[str, str]]:
        return [sys.executable, *python, "-m", "promptdock", "serve", "--port", str(port), *self._dock.options], env

    def _modules(self, stage: Stage, env: dict[str, str]) -> list[str]:
        """What the server has imported by its first reply, without what is ours, in that order."""
        port = free_port()
        command, given = self._serve(port, env, "-X", "importtime")
        _until_healthy(stage, command, given, port)
        lines = stage.last_log().splitlines()
        names = [line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")]
        return [
            name for name in names if name.partition(".")[0] not in {"promptdock", "promptdock_builtin", "imported"}
        ]


def _bare(port: int, modules: Path) -> tuple[list[str | Path], dict[str, str]]:
    script = Path(__file__).parents[1] / "subjects" / "apps" / "imports.py"
    return [sys.executable, script, modules], {"BENCH_PORT": str(port)}


def _until_healthy(stage: Stage, command: Sequence[str | Path], env: dict[str, str], port: int) -> float:
    began = time.perf_counter()
    process = stage.start(command, env)
    try:
        while not _is_healthy(port):
            if process.poll() is not None:
                raise BenchmarkError(f"it ended with {process.returncode}: {stage.last_words()}")
            if time.perf_counter() - began > _PATIENCE:
                raise BenchmarkError(f"no healthy reply within {_PATIENCE:.0f} s")
            time.sleep(0.005)
        return time.perf_counter() - began
    finally:
        stage.stop(process)


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class Help(Work):
    """``promptdock --help``, from its start to its end."""

    name = "help"
    title = "promptdock --help"

    def __init__(self, bars: Sequence[Bar]) -> None:
        self._bars = bars

    def steps(self, options: Options) -> int:
        """Two a round."""
        return 2 * _runs(options)

    def run(self, options: Options, tick: Ticks) -> Outcome:
        """Run it, and Python alone beside it."""
        outcome = Outcome(self.name, self.title, (_SECONDS,), bars=self._bars)
        program = Path(sys.executable).with_name("promptdock")
        commands: dict[str, Sequence[str | Path]] = {
            "promptdock --help": [program, "--help"],
            "python -c pass": [sys.executable, "-c", "pass"],
        }
        with Stage() as stage:
            env = stage.environment()
            for command in commands.values():  # once, so that both are compiled and read from the disk
                subprocess.run(command, env=env, check=True, capture_output=True)
            for number in range(_runs(options)):
                for name, command in list(commands.items())[:: 1 if number % 2 else -1]:
                    began = time.perf_counter()
                    subprocess.run(command, env=env, check=True, capture_output=True)
                    seconds = time.perf_counter() - began
                    outcome.add(name, seconds=seconds)
                    tick(f"{name}: {seconds:.3f} s", 1)
        return outcome


def _runs(options: Options) -> int:
    """More than for what takes long: one is over at once, and a machine's hiccup is as long."""
    return 3 * options.rounds
