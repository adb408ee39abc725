"""A world that refuses everything: while arguments are generated, no path and no URL among them may do harm."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from ..effect_watch import Observed, carried_into_threads, watching
from ..effects import Effect

__all__ = ["process_kept", "refusing"]


@contextlib.contextmanager
def refusing(scratch: Path, hear: Callable[[Observed], object] | None = None) -> Iterator[None]:
    """Refuse network, programs, and changes of files outside of a folder.

    What is refused fails as it does on a machine without network and with few rights.

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
                raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        if observed.effect is Effect.SUBPROCESS:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), observed.detail)
        # a link in the scratch folder must not lead out of it
        if (
            observed.effect is Effect.FILES
            and observed.writes
            and not os.path.realpath(observed.detail).startswith(root)
        ):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), observed.detail)

    with watching(refuse):
        yield


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
