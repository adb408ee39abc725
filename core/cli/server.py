"""uvicorn, run from here: it stops in bounded time, and by itself says nothing on a good start."""

from __future__ import annotations

import logging
import math
import os
import signal
import time
from collections.abc import Callable
from functools import partial
from socket import socket
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, cast

import uvicorn
from uvicorn.supervisors import Multiprocess

from .collector import leave_alone_what_is_there, pause
from .crowded import BoundedProtocol, Crowd
from .graceful import ASGIApp, GracefulApp

if TYPE_CHECKING:
    from litestar import Litestar

__all__ = ["GRACE_VARIABLE", "Server", "Workers", "create_worker_app", "server_config"]

GRACE_VARIABLE: Final = "PROMPTDOCK_SERVE_GRACE"
"""Tells workers, which are processes of their own, for how many seconds requests may go on after the signal."""

_log = logging.getLogger("promptdock.workers")

_MARGIN = 2
_CLOSING = 15.0


def server_config(app: ASGIApp | str, *, grace: float, workers: int, log_config: dict[str, Any]) -> uvicorn.Config:
    """How uvicorn is to run.

    Args:
        app: The app, or for workers the import string of its factory.
        grace: Seconds that requests may go on after a signal; those that do not end then are cut off soon after.
        workers: How many processes serve.
        log_config: For ``logging.config.dictConfig``, here and in every worker.
    """
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        workers=workers,
        lifespan="on",
        http=cast("Any", partial(BoundedProtocol, crowd=Crowd())),
        log_config=log_config,
        access_log=False,  # ours knows more of a request, and writes its line at the end
        server_header=False,
        timeout_graceful_shutdown=math.ceil(grace) + _MARGIN,
    )


class Server(uvicorn.Server):
    """Serves in this process. Being told to stop is no failure: uvicorn would die of the signal in the end.

    Args:
        config: How to run.
        ready: Called once connections are answered.
    """

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self.interrupted = False

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Start the app, then say so."""
        await super().startup(sockets)
        if self.started and not self.should_exit:
            self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  (the signature is uvicorn's)
        """Stop gracefully; a second signal from the keyboard stops at once."""
        self.interrupted = sig == signal.SIGINT
        if self.should_exit and self.interrupted:
            self.force_exit = True
        self.should_exit = True


class Workers(Multiprocess):
    """Serves in several processes, which are replaced when they die and killed when they do not end.

    Args:
        config: How to run.
        sockets: Where to listen.
        gone: Told of each process that died.
    """

    def __init__(self, config: uvicorn.Config, sockets: list[socket], gone: Callable[[int], None]) -> None:
        super().__init__(config, sockets)
        self._gone = gone
        self.stopped_by: int | None = None

    def handle_int(self) -> None:
        """Stop: somebody pressed Ctrl-C."""
        self.stopped_by = signal.SIGINT
        super().handle_int()
        self._refuse()

    def handle_term(self) -> None:
        """Stop: the system asks for it."""
        self.stopped_by = signal.SIGTERM
        super().handle_term()
        self._refuse()

    def keep_subprocess_alive(self) -> None:
        """Replace workers that died, and say so: by itself uvicorn tells it among the steps of a good start."""
        before = list(self.processes)
        super().keep_subprocess_alive()
        for old, new in zip(before, self.processes, strict=False):
            if old is not new:
                self._gone(old.pid or 0)
                _log.warning(
                    "The worker process %s %s; another one takes its place", old.pid, _ending(old.process.exitcode)
                )

    def _refuse(self) -> None:
        """Let go of the sockets: while this process holds them, new connections wait for workers that take none."""
        for listening in self.sockets:
            listening.close()

    def join_all(self) -> None:
        """Wait for the workers to end; one whose event loop is stuck would never."""
        end = time.monotonic() + (self.config.timeout_graceful_shutdown or 0) + _CLOSING
        for worker in self.processes:
            worker.process.join(max(0.0, end - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()


def _ending(code: int | None) -> str:
    return f"was killed by signal {-code}" if code is not None and code < 0 else f"ended with status {code}"


def create_worker_app() -> ASGIApp:
    """Make the app of one worker, from the environment that its parent prepared."""
    pause()
    from ..web import create_app

    app: Litestar = create_app()
    return GracefulApp(app, float(os.environ.get(GRACE_VARIABLE, "10")), leave_alone_what_is_there)
