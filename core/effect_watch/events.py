"""Which audit events are effects, and of which kind."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from ..effects import Effect
from .files import file_effect, tree_effect
from .network import connection, lookup, request
from .observed import Observed
from .stack import loading_code, reader_is_stdlib

__all__ = ["classify"]

Classifier: TypeAlias = Callable[[str, tuple[Any, ...]], Observed | None]


def classify(event: str, arguments: tuple[Any, ...]) -> Observed | None:
    """Tell what an audit event is.

    Args:
        event: Its name.
        arguments: Its arguments.

    Returns:
        The effect, or None for what is none: most events, importing, data of the Python installation, ``/dev/null``.
    """
    classifier = _CLASSIFIERS.get(event)
    return None if classifier is None else classifier(event, arguments)


def _program(event: str, arguments: tuple[Any, ...]) -> Observed:
    # os.fork has no argument; a shell's whole command may hold secrets, so its first word is all that is told
    program = arguments[0] if arguments else ""
    if isinstance(program, (list, tuple)):
        program = program[0] if program else ""
    words = os.fsdecode(program).split() if isinstance(program, (str, bytes, os.PathLike)) else []
    return Observed(effect=Effect.SUBPROCESS, event=event, detail=words[0][:200] if words else "")


def _signal(event: str, arguments: tuple[Any, ...]) -> Observed:
    return Observed(effect=Effect.SUBPROCESS, event=event, detail=f"process {arguments[0]}")


def _variable(event: str, arguments: tuple[Any, ...]) -> Observed | None:
    if event == "promptdock.environ.get" and (reader_is_stdlib() or loading_code()):
        return None  # tempfile looks for TMPDIR, subprocess for PATH: not the watched code's doing
    name = arguments[0] if arguments else ""
    text = os.fsdecode(name) if isinstance(name, (str, bytes)) else repr(name)
    return Observed(effect=Effect.ENVIRONMENT, event=event, detail=text[:200])


_CLASSIFIERS: Mapping[str, Classifier] = MappingProxyType(
    dict.fromkeys(("socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"), connection)
    | dict.fromkeys(
        ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"), lookup
    )
    | {"promptdock.http.request": request}
    | dict.fromkeys(("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"), _program)
    | dict.fromkeys(("os.fork", "os.forkpty", "pty.spawn"), _program)
    | dict.fromkeys(("os.kill", "os.killpg"), _signal)
    | dict.fromkeys(("os.putenv", "os.unsetenv", "promptdock.environ.get"), _variable)
    | dict.fromkeys(("open", "os.listdir", "os.scandir", "os.chdir", "os.getxattr", "os.listxattr"), file_effect)
    | dict.fromkeys(("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink"), file_effect)
    | dict.fromkeys(("os.chmod", "os.chown", "os.lchmod", "os.chflags", "os.utime", "os.truncate"), file_effect)
    | dict.fromkeys(("os.setxattr", "os.removexattr", "tempfile.mkstemp", "tempfile.mkdtemp"), file_effect)
    | dict.fromkeys(("sqlite3.connect",), file_effect)
    | dict.fromkeys(("shutil.copyfile", "shutil.copytree", "shutil.move", "shutil.unpack_archive"), tree_effect)
    | dict.fromkeys(("shutil.rmtree", "shutil.make_archive", "shutil.chown"), tree_effect)
)
