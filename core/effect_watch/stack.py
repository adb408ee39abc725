"""Who caused an audit event: frames of the running thread."""

from __future__ import annotations

import functools
import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

__all__ = ["asker", "importing", "loading_code", "reader_is_stdlib", "stdlib_folder"]

_HERE = str(Path(__file__).parent) + os.sep


def importing() -> bool:
    """Tell whether Python itself reads code or what describes it; not so the code of an imported module.

    Returns:
        Whether the nearest frame is one of importlib's (its metadata included), of zipimport's, or of what reads
        source for a traceback.
    """
    folder = stdlib_folder()
    importers = (
        "<frozen importlib",
        "<frozen zipimport",
        f"{folder}importlib{os.sep}",
        f"{folder}tokenize.py",
        f"{folder}linecache.py",
    )
    nearest = next(_frames(), None)
    return nearest is not None and nearest.f_code.co_filename.startswith(importers)


def loading_code() -> bool:
    """Tell whether a module is being imported: what it reads then, to become code, is not what a call of it does.

    Returns:
        Whether the import system stands anywhere on the stack.
    """
    return any(frame.f_code.co_filename == "<frozen importlib._bootstrap>" for frame in _frames())


def asker() -> str:
    """Tell whose doing an event is.

    Returns:
        The file of the nearest frame outside of the standard library; empty when there is none.
    """
    names = (frame.f_code.co_filename for frame in _frames())
    return next((name for name in names if not name.startswith("<frozen ") and not _in_stdlib(name)), "")


def reader_is_stdlib() -> bool:
    """Tell whether the standard library reads an environment variable for a need of its own.

    Returns:
        Whether the nearest frame outside of ``os.environ`` is one of the standard library's.
    """
    carriers = {os.__file__, "<frozen os>", "<frozen _collections_abc>", f"{stdlib_folder()}_collections_abc.py"}
    for frame in _frames():
        name = frame.f_code.co_filename
        if name not in carriers:
            return name.startswith("<frozen ") or _in_stdlib(name)
    return False


@functools.cache
def stdlib_folder() -> str:
    """Give the folder of the standard library.

    Returns:
        Its path, with a separator at the end.
    """
    return os.path.join(sysconfig.get_path("stdlib"), "")  # noqa: PTH118  (a prefix of strings, in an audit hook)


def _in_stdlib(name: str) -> bool:
    return name.startswith(stdlib_folder()) and f"{os.sep}site-packages{os.sep}" not in name


def _frames() -> Iterator[FrameType]:
    """The frames of this thread, innermost first, without those of this package."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  (inspect.currentframe is the same, and slower)
    while frame is not None:
        if not frame.f_code.co_filename.startswith(_HERE):
            yield frame
        frame = frame.f_back
