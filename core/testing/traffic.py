"""Keeping tests off the network: everything that does not stay on this machine is refused."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from ..effect_watch import Observed, watching, watching_stray_threads
from ..effects import Effect

__all__ = ["TrafficRefused", "network_guard"]


_log = logging.getLogger("promptdock.testing")


class TrafficRefused(OSError):
    """A plugin tried to reach another machine in a test."""


@contextmanager
def network_guard(*, allowed: bool) -> Iterator[None]:
    """Stand around everything that a test host runs.

    Threads that a plugin starts carry nothing of its host: while one is guarded, every thread but the main one is kept
    off the network. What programs do that a plugin starts is not seen.

    Args:
        allowed: Whether real traffic is wanted.
    """
    if allowed:
        with watching(_allow):  # so that no other host's guard takes it for a stray
            yield
        return
    with watching(_refuse), watching_stray_threads(_refuse):
        yield


def _allow(_: Observed) -> None:
    """Let it happen."""


def _refuse(observed: Observed) -> None:
    if observed.effect is Effect.NETWORK and not observed.loopback:
        told = (
            f"A test must not reach {observed.detail or 'another machine'} ({observed.event}): real traffic is off. "
            "Allow it with Host(…, network=True), @pytest.mark.promptdock(network=True) or pytest --promptdock-network."
        )
        # logged, too: on its way through a client and a tool the error loses its words
        _log.warning("%s", told)
        raise TrafficRefused(errno.ENETUNREACH, told)
