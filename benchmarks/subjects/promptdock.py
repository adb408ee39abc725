"""promptdock itself: ``promptdock serve`` in a home of its own, asked with a stored key."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.load import Plan
from benchmarks.requests import Ask, http_request
from benchmarks.stage import BenchmarkError, Stage, free_port

from .subject import Subject, Target

__all__ = ["CLIENT", "MANAGED", "PASSTHROUGH", "SESSION", "Promptdock", "Served", "call_api"]

PASSTHROUGH: Final = "/api/v1/prompts/passthrough/openai"
MANAGED: Final = "/v1/chat/completions"
CLIENT: Final = "bench"
SESSION: Final = f"/api/v1/llm-clients/{CLIENT}/prompt"
"""Of an LLM client, which keeps every prompt in a session: a new one, when the prompt names none."""
_PROGRAM: Final = (sys.executable, "-m", "promptdock")


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs.

    Attributes:
        process: Its process.
        port: Where it listens.
        key: A stored key, of a superuser.
    """

    process: subprocess.Popen[bytes]
    port: int
    key: str

    @property
    def headers(self) -> dict[str, str]:
        """What a caller sends."""
        return {"Authorization": f"Bearer {self.key}"}


@dataclass(frozen=True)
class Promptdock(Subject):
    """One way through promptdock.

    Attributes:
        name: Its name.
        path: The route that is asked: :data:`PASSTHROUGH`, :data:`MANAGED` or :data:`SESSION`.
        options: Of ``promptdock serve``.
        settings: Variables.
        site: A folder of further distributions.
    """

    name: str
    path: str
    options: tuple[str, ...] = ("--no-access-log",)
    settings: Mapping[str, str] = field(default_factory=dict)
    site: Path | None = None

    def start(self, stage: Stage, upstream: int, ask: Ask) -> Target:
        """Start it with a database and a key of its own."""
        served = self.serve(stage, upstream)
        body = ask.encoded(model=None) if self.path == SESSION else ask.encoded()
        if self.path == SESSION:
            self.make_client(served)
        request = http_request(served.port, self.path, body, served.headers)
        plan = Plan(
            port=served.port,
            request=request,
            expected=ask.expected.encode(),
            expected_count=ask.expected_count,
        )
        stage.until_good(plan, served.process)
        return Target(served.process.pid, plan)

    def environment(self, stage: Stage, upstream: int) -> dict[str, str]:
        """Its settings, with a new home."""
        home = stage.new_folder("home")
        given = {
            "PROMPTDOCK_HOME": str(home),
            "PROMPTDOCK_PROVIDERS__OPENAI__BASE_URL": f"http://127.0.0.1:{upstream}/v1",
            "PROMPTDOCK_PROVIDERS__OPENAI__API_KEY": "sk-bench",
            "PROMPTDOCK_PROVIDERS__OPENAI__DEFAULT_MODEL": "bench",
        }
        if self.site is not None:
            paths = [str(self.site), os.environ.get("PYTHONPATH", "")]
            given["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
        return {**given, **self.settings}

    def serve(self, stage: Stage, upstream: int) -> Served:
        """Make a key, and start the server; it is not waited for."""
        env = self.environment(stage, upstream)
        key = new_key(stage, env)
        port = free_port()
        process = stage.start([*_PROGRAM, "serve", "--port", str(port), *self.options], env)
        return Served(process, port, key)

    def make_client(self, served: Served) -> None:
        """Make the LLM client that :data:`SESSION` prompts."""
        call_api(served, "llm-clients", {"name": CLIENT, "provider": "openai", "model": "bench"})


def new_key(stage: Stage, env: Mapping[str, str]) -> str:
    """Make a user and a key in the database that the settings name."""
    command = [*_PROGRAM, "keys", "new", "--user", "bench", "--json"]
    done = subprocess.run(command, env=stage.environment(env), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchmarkError(f"promptdock keys new failed: {done.stderr.strip()}")
    key: str = json.loads(done.stdout)["key"]
    return key


def call_api(served: Served, path: str, body: Mapping[str, Any], seconds: float = 60.0) -> Any:
    """POST something, as soon as the server listens."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{served.port}/api/v1/{path}",
        data=json.dumps(body).encode(),
        headers={**served.headers, "Content-Type": "application/json"},
    )
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(request, timeout=seconds) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as error:
            raise BenchmarkError(f"POST {path}: {error.code} {error.read().decode()[:300]}") from None
        except urllib.error.URLError:
            if time.monotonic() > end or served.process.poll() is not None:
                raise BenchmarkError("the server does not listen") from None
            time.sleep(0.1)
