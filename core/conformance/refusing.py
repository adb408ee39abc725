"""A world that refuses everything: while arguments are generated, no path and no URL among them may do harm."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from ..effect_watch import Observed, carried_into_threads, watching
from ..effects import Effect

__all__ = ["Refusal", "is_network", "process_kept", "refusal_behind", "refusing", "temporary_files_in"]


class Refusal(OSError):
    """What a refused effect fails with: what the system itself would raise, marked as our doing."""


class _NoNetwork(Refusal):
    pass


class _NoName(Refusal, socket.gaierror):
    pass


class _NoPermission(Refusal, PermissionError):
    pass


def refusal_behind(error: BaseException) -> Refusal | None:
    """Find the refusal of ours that an exception is, or that it comes from.

    Args:
        error: The exception.

    Returns:
        The refusal, or None when the exception has other causes. Where it has both, a refusal of the network.
    """
    found = [one for one in _causes(error) if isinstance(one, Refusal)]
    return next((one for one in found if is_network(one)), found[0] if found else None)


def is_network(refusal: Refusal) -> bool:
    """Whether it was the network that was refused, which is down in real life, too."""
    return not isinstance(refusal, _NoPermission)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An exception, and all that it was raised from or while."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = one.exceptions if isinstance(one, BaseExceptionGroup) else ()
        waiting += [other for other in (one.__cause__, one.__context__, *inner) if other is not None]


@contextlib.contextmanager
def refusing(scratch: Path, hear: Callable[[Observed], object] | None = None) -> Iterator[None]:
    """Refuse network, programs, and changes of files outside of a folder.

    What is refused fails as it does on a machine without network and with few rights. Native code is neither heard nor
    refused.

    Args:
        scratch: Where files may be changed.
        hear: Told of each effect before it is refused.
    """
    root = os.path.join(scratch.resolve(), "")  # noqa: PTH118  (a prefix)

    def refuse(observed: Observed) -> None:
        if hear is not None:
            hear(observed)
        if observed.effect is Effect.NETWORK:
            if observed.event in {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"}:
                raise _NoNetwork(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))
            raise _NoName(socket.EAI_AGAIN, "Temporary failure in name resolution")
        if observed.effect is Effect.SUBPROCESS:
            raise _NoPermission(errno.EACCES, os.strerror(errno.EACCES), observed.detail)
        # a link in the scratch folder must not lead out of it
        if (
            observed.effect is Effect.FILES
            and observed.writes
            and not os.path.join(os.path.realpath(observed.detail), "").startswith(root)  # noqa: PTH118
        ):
            raise _NoPermission(errno.EACCES, os.strerror(errno.EACCES), observed.detail)

    with watching(refuse):
        yield


@contextlib.contextmanager
def temporary_files_in(folder: Path) -> Iterator[None]:
    """Let temporary files of this process, and of those that it starts, lie in a folder.

    Args:
        folder: The folder; it must be there.
    """
    before, variable = tempfile.tempdir, os.environ.get("TMPDIR")
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder.resolve())
    try:
        yield
    finally:
        tempfile.tempdir = before
        if variable is None:
            os.environ.pop("TMPDIR", None)
        else:
            os.environ["TMPDIR"] = variable


@contextlib.contextmanager
def process_kept() -> Iterator[None]:
    """Let plain threads be watched, too, and undo afterwards what was done to the environment."""
    before = dict(os.environ)
    try:
        with carried_into_threads():
            yield
    finally:
        if dict(os.environ) != before:
            os.environ.clear()
            os.environ.update(before)
