"""The metrics of ``promptdock serve`` with several workers, each a process of its own."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import httpx
import pytest

from tests.support.command import CommandLine, RunningServer
from tests.support.metrics import Readings, readings, readings_once

ASK = {"model": "offline/offline", "messages": [{"role": "user", "content": "What is 17 + 4?"}]}
OK = {"method": "POST", "route": "/v1/chat/completions", "status": "200"}


def ask(server: RunningServer, times: int) -> None:
    """Over a new connection each time, so that both workers get some."""
    for _ in range(times):
        assert httpx.post(f"{server.base_url}/chat/completions", json=ASK, timeout=30).status_code == 200


def fresh_readings(server: RunningServer) -> Readings:
    """From whichever worker answers."""
    with httpx.Client(base_url=server.origin, timeout=30) as client:
        return readings(client)


def workers_of(folder: Path) -> set[int]:
    """The processes that count there."""
    return {int(path.stem.rpartition("_")[2]) for path in folder.glob("gauge_livesum_*.db")}


@pytest.mark.timeout(240)
def test_the_numbers_of_all_workers_add_up(command: CommandLine, tmp_path: Path) -> None:
    """Whichever answers; those of a worker that died stay, save that it serves and what it was about to do."""
    folder = tmp_path / "numbers"
    folder.mkdir()
    (folder / "counter_1.db").write_bytes(b"of an earlier server")
    with command.serving("--workers", "2", "--no-access-log", env={"PROMETHEUS_MULTIPROC_DIR": str(folder)}) as server:
        ask(server, 12)
        time.sleep(1)  # workers show each other twice a second what they have counted
        seen = [fresh_readings(server) for _ in range(6)]
        assert {found.get("requests_total", **OK) for found in seen} == {12}
        assert {found.get("turns_total", state="finished") for found in seen} == {12}
        assert {found.get("request_duration_seconds_count", method="POST", route=OK["route"]) for found in seen} == {12}
        assert {found.get("plugins", state="loaded") for found in seen} == {7}
        with httpx.Client(base_url=server.origin, timeout=30) as client:
            assert readings_once(client, lambda found: found.get("workers") == 2).get("workers") == 2

        doomed = min(workers_of(folder))
        os.kill(doomed, signal.SIGKILL)
        end = time.monotonic() + 60
        while len(workers_of(folder) - {doomed}) < 2 or doomed in workers_of(folder):
            assert time.monotonic() < end, "no other worker took its place"
            time.sleep(0.1)
        ask(server, 3)
        with httpx.Client(base_url=server.origin, timeout=30) as client:
            found = readings_once(
                client, lambda found: (found.get("workers"), found.get("requests_total", **OK)) == (2, 15)
            )
        assert found.get("workers") == 2
        assert found.get("requests_total", **OK) == 15
        assert 1 <= found.get("requests_in_progress") <= 2
        assert server.stop(signal.SIGTERM) == 0


def test_the_folder_of_the_numbers_goes_with_the_server(command: CommandLine, tmp_path: Path) -> None:
    """When nobody named one."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    with command.serving("--workers", "2", "--no-access-log", env={"TMPDIR": str(temporary)}) as server:
        ask(server, 1)
        with httpx.Client(base_url=server.origin, timeout=30) as client:
            assert readings_once(client, lambda found: found.get("requests_total", **OK) == 1) is not None
            assert fresh_readings(server).get("requests_total", **OK) == 1
        assert len(list(temporary.glob("promptdock-metrics-*/*.db"))) > 0
        assert server.stop(signal.SIGTERM) == 0
    assert list(temporary.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_one_line(command: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    done = command.run("serve", "--workers", "2", "--port", "0", env={"PROMETHEUS_MULTIPROC_DIR": f"{tmp_path}/file"})

    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: The folder {tmp_path}/file for metrics cannot be used: ")
    assert done.stderr.count("\n") == 1


def test_a_folder_that_holds_something_else_is_left_alone(command: CommandLine, tmp_path: Path) -> None:
    """Numbers of an earlier server are removed; they end like databases do."""
    (tmp_path / "counter_1.db").touch()
    (tmp_path / "promptdock.db").write_bytes(b"a whole store")

    done = command.run("serve", "--port", "0", env={"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)})

    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: The folder {tmp_path} for metrics holds something else: promptdock.db")
    assert done.stderr.count("\n") == 1
    assert (tmp_path / "promptdock.db").read_bytes() == b"a whole store"
    assert (tmp_path / "counter_1.db").exists()
