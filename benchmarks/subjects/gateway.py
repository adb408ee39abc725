"""Subjects that take an OpenAI request at ``/v1/chat/completions`` and are started with one command."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.load import Plan
from benchmarks.peers import peer_program
from benchmarks.requests import Ask, http_request
from benchmarks.stage import Stage, free_port

from .subject import Subject, Target

__all__ = ["App", "Gateway", "Upstream"]

_APPS: Final = Path(__file__).parent / "apps"
_PATH: Final = "/v1/chat/completions"


class Gateway(Subject):
    """One command; the rest is the same for all."""

    seconds = 60.0
    """How long it may take to start."""

    def command(self, stage: Stage, upstream: int, port: int) -> tuple[list[str | Path], dict[str, str]]:
        """How to start it, and with which variables."""
        raise NotImplementedError

    def headers(self, upstream: int) -> Mapping[str, str]:
        """What a caller sends."""
        return {"Authorization": "Bearer sk-bench"}

    def start(self, stage: Stage, upstream: int, ask: Ask) -> Target:
        """Start it, and wait until it answers."""
        port = free_port()
        command, env = self.command(stage, upstream, port)
        process = stage.start(command, env)
        plan = _plan(port, ask, self.headers(upstream))
        stage.until_good(plan, process, self.seconds)
        return Target(process.pid, plan)


@dataclass(frozen=True)
class App(Gateway):
    """One of the scripts in ``apps/``.

    Attributes:
        name: Its name.
        script: The file, without its ending.
        peer: The peer in whose environment it runs; empty for ours.
        settings: Variables.
    """

    name: str
    script: str
    peer: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)

    def missing(self) -> str | None:
        """Whether its environment is there."""
        return None if not self.peer or peer_program(self.peer, "python") else "not installed: make bench-peers"

    def command(self, stage: Stage, upstream: int, port: int) -> tuple[list[str | Path], dict[str, str]]:
        """Run the script."""
        python = peer_program(self.peer, "python") if self.peer else None
        env = {"BENCH_UPSTREAM": f"http://127.0.0.1:{upstream}/v1", "BENCH_PORT": str(port)}
        return [python or sys.executable, _APPS / f"{self.script}.py"], {**env, **self.settings}


class Upstream(Subject):
    """The upstream itself, to see that it is not the bottleneck."""

    name = "upstream alone"

    def start(self, stage: Stage, upstream: int, ask: Ask) -> Target:
        """It runs already."""
        return Target(stage.pid_of_upstream, _plan(upstream, ask, {}))


def _plan(port: int, ask: Ask, headers: Mapping[str, str]) -> Plan:
    return Plan(
        port=port,
        request=http_request(port, _PATH, ask.encoded(), headers),
        expected=ask.expected.encode(),
        expected_count=ask.expected_count,
    )
