"""Where a process stands: when it is asked, it writes the lines of its threads, even while it hangs in native code."""

from __future__ import annotations

import faulthandler
import os
import re
import signal
import sysconfig
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

__all__ = ["LINES", "ask_where", "tell_when_asked"]

LINES: Final = "lines.txt"
"""Where the process writes its lines, beside its job."""
_FRAME: Final = re.compile(r'^  File "(?P<file>.+)", line (?P<line>\d+) in (?P<function>.+)$', re.MULTILINE)
_PATIENCE: Final = 2.0
"""Seconds that the process has for writing; it needs none of Python's locks for it."""
_HOST: Final = os.path.join(Path(__file__).parents[1], "")  # noqa: PTH118  (a prefix)


def tell_when_asked(folder: Path) -> None:
    """Let this process write its lines when it is sent the signal; where there are no signals, do nothing.

    Args:
        folder: The folder of its job.
    """
    if hasattr(faulthandler, "register"):
        # it stays open as long as the process lives
        faulthandler.register(signal.SIGUSR1, file=(folder / LINES).open("w"), all_threads=True)


def ask_where(process: int, folder: Path, own: Sequence[str]) -> str | None:
    """Ask a process that hangs where it stands.

    Args:
        process: Its number.
        folder: The folder of its job.
        own: Beginnings of the names of files that are the plugin's, as far as they are known.

    Returns:
        ``file:line in function`` of the plugin's innermost frame; without a frame of the plugin's, that of the
        innermost one that is neither promptdock's nor the standard library's. None when there is none, either.
    """
    told = folder / LINES
    if not told.exists() or not hasattr(faulthandler, "register"):
        return None  # it has not come so far that the signal would not end it
    os.kill(process, signal.SIGUSR1)
    end = time.monotonic() + _PATIENCE
    text = ""
    while time.monotonic() < end:
        before, text = text, told.read_text(encoding="utf-8", errors="replace")
        if text and text == before:
            break
        time.sleep(0.05)
    frames = [match.groupdict() for match in _FRAME.finditer(text)]
    found = [one for one in frames if own and one["file"].startswith(tuple(own))]
    found = found or [one for one in frames if not _is_nobodys(one["file"])]
    return "{file}:{line} in {function}".format_map(found[0]) if found else None


def _is_nobodys(file: str) -> bool:
    """Whether a file is no plugin's, but promptdock's or the standard library's."""
    library = file.startswith((sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")))
    return file.startswith(("<", _HOST)) or (library and "site-packages" not in file)
