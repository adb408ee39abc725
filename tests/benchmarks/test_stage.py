"""Processes and folders of a work are gone when it is over."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import psutil
import pytest

from benchmarks.load import Plan
from benchmarks.stage import BenchmarkError, Stage, cpu_seconds, free_port

SLEEPER = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "


def test_all_of_a_stage_ends_with_it() -> None:
    """Also what its processes have started, and the folder."""
    order: list[str] = []
    with Stage() as stage:
        stage.upstream()
        process = stage.start([sys.executable, "-c", f"{SLEEPER}print('up', flush=True); time.sleep(60)"])
        stage.at_end(lambda: order.append("last"))
        while "up" not in stage.last_log():
            assert process.poll() is None
            time.sleep(0.01)
        started = [psutil.Process(process.pid), *psutil.Process(process.pid).children()]
        started.append(psutil.Process(stage.pid_of_upstream))
        assert len(started) == 3
    psutil.wait_procs(started, timeout=10)
    assert not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in started)
    assert not stage.folder.exists()
    assert order == ["last"]


def test_settings_of_the_shell_do_not_reach_what_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTDOCK_HOME", "/elsewhere")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    with Stage() as stage:
        given = stage.environment({"PROMPTDOCK_STRICT": "true"})
    assert "OPENAI_API_KEY" not in given
    assert {name for name in given if name.startswith("PROMPTDOCK_")} == {"PROMPTDOCK_STRICT"}


def test_a_server_that_ends_is_told_with_its_last_words() -> None:
    with Stage() as stage:
        process = stage.start([sys.executable, "-c", "print('no such file'); raise SystemExit(3)"])
        waiting = Plan(port=free_port(), request=b"", expected=b"x")
        with pytest.raises(BenchmarkError, match="ended with 3: no such file"):
            stage.until_good(waiting, process)


def test_cpu_of_a_process_that_is_gone_is_none() -> None:
    assert cpu_seconds(2**22 - 1) == 0.0
    assert cpu_seconds(os.getpid()) > 0.0


def test_folders_of_a_stage_are_below_its_own() -> None:
    with Stage() as stage:
        made: Path = stage.new_folder("home")
        assert made.parent == stage.folder
