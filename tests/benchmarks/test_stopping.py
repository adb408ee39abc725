"""A run that is stopped leaves nothing behind but what it has measured."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_every_server_of_a_stopped_run_ends(how: signal.Signals, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks", "--only", "stream-4", "--quick", "--rounds", "99"]
    output, temporary = tmp_path / "output", tmp_path / "temporary"
    temporary.mkdir()
    with subprocess.Popen(
        [*command, "--output", str(output)],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary)},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stderr is not None
        first = run.stderr.readline()
        servers = psutil.Process(run.pid).children(recursive=True)
        assert list(temporary.iterdir()) != []
        run.send_signal(how)
        out, _ = run.communicate(timeout=60)
    assert first.startswith("1/")
    assert "stream-4: promptdock passthrough: ready" in first
    assert run.returncode == 1
    assert "promptdock" in out
    assert len(servers) >= 2
    _, left = psutil.wait_procs(servers, timeout=10)
    assert left == []
    assert list(temporary.iterdir()) == []
    assert {path.name for path in output.iterdir()} == {"latest.json", "latest.txt"}
