"""Holding processes to a share of a core, by Linux's control groups.

So two workers can be told from one on a machine whose few cores are full with one of them.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import uuid4

from .stage import BenchmarkError, Stage

__all__ = ["hold_to", "shares_missing"]

_PERIOD: Final = 10_000
"""Microseconds after which a process that has had its share goes on."""
_OLD: Final = Path("/sys/fs/cgroup/cpu")
_NEW: Final = Path("/sys/fs/cgroup")
_PATIENCE: Final = 5.0
"""Seconds until an ended process has left its group."""


def shares_missing() -> str | None:
    """Why no process can be held to a share of a core; None when it can."""
    try:
        _group().rmdir()
    except OSError as error:
        return f"no control group for processors can be made here ({error.strerror or error})"
    return None


def hold_to(stage: Stage, pid: int, share: float) -> None:
    """Hold a process to a share of a core, for as long as its stage lasts.

    Args:
        stage: Ends the process, and then its group.
        pid: The process; those that it starts later are held to the same share together with it.
        share: Of one core, e.g. 0.25.

    Raises:
        BenchmarkError: That cannot be done here.
    """
    try:
        group = _group()
        stage.at_end(lambda: _remove(group))
        quota = int(_PERIOD * share)
        if (group / "cpu.max").exists():
            (group / "cpu.max").write_text(f"{quota} {_PERIOD}")
        else:
            (group / "cpu.cfs_period_us").write_text(str(_PERIOD))
            (group / "cpu.cfs_quota_us").write_text(str(quota))
        (group / "cgroup.procs").write_text(str(pid))
    except OSError as error:
        raise BenchmarkError(f"process {pid} cannot be held to {share} of a core: {error}") from None


def _group() -> Path:
    """A new group, in the first version's tree of processors or in the second version's only tree."""
    root = _OLD if (_OLD / "cgroup.procs").exists() else _NEW
    if root is _NEW and "cpu" not in (_NEW / "cgroup.subtree_control").read_text().split():
        raise OSError("the tree of control groups shares out no processors")
    group = root / f"promptdock-bench-{os.getpid()}-{uuid4().hex[:8]}"
    group.mkdir()
    return group


def _remove(group: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while group.exists() and time.monotonic() < end:
        with suppress(OSError):  # an ended process may take a moment to leave
            group.rmdir()
            return
        time.sleep(0.05)
