"""File effects, and which files do not count: code, the Python installation, an imported package's data, devices."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator
from typing import Any

from ..effects import Effect
from .observed import Observed
from .stack import importing, loading_code

__all__ = ["file_effect", "tree_effect"]

_DEVICES = frozenset({"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"})
_SYSTEM_DATA = ("/usr/share/zoneinfo/", "/usr/lib/zoneinfo/", "/usr/share/lib/zoneinfo/", "/etc/zoneinfo/")
_CODE = (".py", ".pyc", ".so", ".pyd")
_READING = frozenset({"os.listdir", "os.scandir", "os.chdir", "os.getxattr", "os.listxattr"})
_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_DIRECTORY_FLAG = getattr(os, "O_DIRECTORY", 0)
_FOLDER_AT = {"os.remove": 1, "os.rmdir": 1, "os.mkdir": 2, "os.chmod": 2, "os.utime": 3, "os.rename": 2}
"""Which argument of an event is the folder that a relative path is relative to."""


def file_effect(event: str, arguments: tuple[Any, ...]) -> Observed | None:
    """Tell the effect of an event about one path; of two, about the one that is changed.

    Args:
        event: Name of the event.
        arguments: Its arguments.

    Returns:
        The effect, or None for what does not count.
    """
    path = _path(event, arguments)
    if path is None or path in _DEVICES or importing():
        return None
    writes = _writes(event, arguments)
    if not writes and (_is_installed(path) or loading_code()):
        return None
    return Observed(effect=Effect.FILES, event=event, detail=_shown(path), writes=writes)


def tree_effect(event: str, arguments: tuple[Any, ...]) -> Observed | None:
    """Tell the effect of one of shutil's events, which come before those of the single steps.

    Args:
        event: Name of the event.
        arguments: Its arguments.

    Returns:
        The effect.
    """
    two = event in {"shutil.copyfile", "shutil.copytree", "shutil.move", "shutil.unpack_archive"}
    text = _text(arguments[1] if two and len(arguments) > 1 and arguments[1] is not None else arguments[0])
    return Observed(effect=Effect.FILES, event=event, detail=_shown(_absolute(text or "")), writes=True)


def _path(event: str, arguments: tuple[Any, ...]) -> str | None:
    """The absolute path, or None where an open file is meant, or a database in memory."""
    named = arguments[1] if event in {"os.link", "os.symlink", "os.rename"} else arguments[0]
    if named is None and event in {"os.listdir", "os.scandir"}:
        named = "."
    text = _text(named)
    if text is None or (event == "sqlite3.connect" and text in {"", ":memory:"}):
        return None
    at = _FOLDER_AT.get(event)
    folder = arguments[at] if at is not None and len(arguments) > at else -1
    return _absolute(os.path.join(_folder(folder), text))  # noqa: PTH118  (pathlib drops what is no path)


def _text(path: object) -> str | None:
    try:
        return os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else None
    except TypeError:
        return None


def _absolute(path: str) -> str:
    try:
        return os.path.abspath(path)  # noqa: PTH100
    except OSError:  # the working folder is gone
        return path


def _folder(descriptor: object) -> str:
    if not isinstance(descriptor, int) or descriptor < 0:
        return ""
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115
    except OSError:
        return ""


def _writes(event: str, arguments: tuple[Any, ...]) -> bool:
    if event != "open":
        return event not in _READING
    flags = arguments[2] if len(arguments) > 2 and isinstance(arguments[2], int) else 0
    temporary = getattr(os, "O_TMPFILE", 0) & ~_DIRECTORY_FLAG
    return bool(flags & (_WRITE_FLAGS | temporary))


def _is_installed(path: str) -> bool:
    """Whether reading the path reads code, or data that came with it."""
    if path.startswith(_SYSTEM_DATA) or any(_within(path, folder) for folder in _installation()):
        return True
    if path.endswith((*_CODE, ".zip")) and any(_within(path, _absolute(entry)) for entry in sys.path):
        return True
    return any(_within(path, folder) for folder in _package_folders())


def _installation() -> Iterator[str]:
    paths = sysconfig.get_paths()
    yield from {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}


def _package_folders() -> Iterator[str]:
    """The folders of imported packages: an editable install lies outside of the installation."""
    for module in list(sys.modules.values()):
        origin = getattr(getattr(module, "__spec__", None), "origin", None)
        if isinstance(origin, str) and os.path.basename(origin) == "__init__.py":  # noqa: PTH119
            yield os.path.dirname(origin)  # noqa: PTH120


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _shown(path: str) -> str:
    return path.encode("utf-8", "backslashreplace").decode()[:400]
