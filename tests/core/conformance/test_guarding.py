"""Nothing is left of a check whose asker was ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command import CommandLine


def is_there(process: int) -> bool:
    """Whether a process runs; one that is over and not yet waited for does not."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_until(fact: Callable[[], bool], seconds: float = 30) -> bool:
    """Whether something becomes true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if fact():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at /proc")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_check_ends_with_the_command_that_asked_for_it(how: signal.Signals, tmp_path: Path) -> None:
    """And so do the programs that the plugin has started."""
    told = tmp_path / "told"
    source = f"""\
import os, subprocess, sys, threading
from pathlib import Path
program = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
Path({str(told)!r}).write_text(f"{{os.getpid()}} {{program.pid}} .")
threading.Event().wait()
"""
    command = CommandLine(tmp_path)
    command.write_plugin("waiter", source)
    left: list[int] = []
    with command.started("plugin", "check", "waiter", "--timeout", "100") as asker:
        assert wait_until(lambda: told.exists() and told.read_text().endswith("."))
        left = [int(number) for number in told.read_text().split()[:2]]
        assert all(map(is_there, left))
        asker.send_signal(how)
        asker.wait(30)
    assert wait_until(lambda: not any(map(is_there, left)))


def test_a_process_whose_code_lets_no_thread_run_has_an_end_of_its_own(tmp_path: Path) -> None:
    """A regular expression keeps the interpreter's lock for hours."""
    code = """\
import re, sys
from pathlib import Path
from promptdock.conformance.guarding import end_without_asker
end_without_asker(0.3, Path(sys.argv[1]), grace=0.2)
re.match(r"(a+)+$", "a" * 60 + "b")
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], timeout=60, check=False, env=dict(os.environ))
    assert done.returncode == 1
