"""The end of a process that checks a plugin when nobody waits for it any more."""

from __future__ import annotations

import faulthandler
import os
import shutil
import signal
import threading
import time
from pathlib import Path
from typing import Final

__all__ = ["end_without_asker"]

_GRACE: Final = 15.0
"""Seconds after the time is over; whoever asked ends the process before, unless something has ended him."""
_LOOK: Final = 0.5


def end_without_asker(timeout: float, folder: Path, *, grace: float = _GRACE) -> None:
    """Let this process end, and all that it started with it, when the one that started it is gone.

    A thread looks for that. Where the plugin's code never lets it run, the process ends some time after the job's.

    Args:
        timeout: Seconds that the job may take.
        folder: The job's folder, which nobody else removes then.
        grace: Seconds on top of the timeout.
    """
    # a thread in C, which needs none of Python's locks
    faulthandler.dump_traceback_later(timeout + grace, exit=True, file=(folder / "end.txt").open("w"))
    if hasattr(os, "killpg"):  # elsewhere a process keeps the number of the one that started it
        watch = threading.Thread(target=_look, args=(os.getppid(), folder), name="promptdock-asker-watch", daemon=True)
        watch.start()


def _look(asker: int, folder: Path) -> None:
    while os.getppid() == asker:
        time.sleep(_LOOK)
    shutil.rmtree(folder, ignore_errors=True)
    if os.getpgrp() == os.getpid():  # its own group, which was made for this
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)
