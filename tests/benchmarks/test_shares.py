"""A process is held to its share of a core, and its group is gone with the stage."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from benchmarks.shares import hold_to, shares_missing
from benchmarks.stage import BenchmarkError, Stage, cpu_seconds

BUSY = "while True: pass"


def test_a_busy_process_gets_its_share_of_a_core_and_no_more() -> None:
    reason = shares_missing()
    if reason is not None:
        pytest.skip(reason)
    with Stage() as stage:
        process = stage.start([sys.executable, "-c", BUSY])
        hold_to(stage, process.pid, 0.1)
        groups = Path(f"/proc/{process.pid}/cgroup").read_text()
        assert "promptdock-bench" in groups
        began, used = time.monotonic(), cpu_seconds(process.pid)
        while time.monotonic() - began < 1.0:
            time.sleep(0.05)
        assert cpu_seconds(process.pid) - used < 0.3 * (time.monotonic() - began)
    assert not list(Path("/sys/fs/cgroup").glob("promptdock-bench-*"))
    assert not list(Path("/sys/fs/cgroup/cpu").glob("promptdock-bench-*"))


def test_a_process_that_is_not_there_cannot_be_held() -> None:
    with Stage() as stage, pytest.raises(BenchmarkError, match="cannot be held"):
        hold_to(stage, 2**22 + 1, 0.5)
