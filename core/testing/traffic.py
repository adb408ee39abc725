"""Keeping tests off the network: everything that does not stay on this machine is refused."""

from __future__ import annotations

import errno
import logging
from contextlib import AbstractContextManager, nullcontext

from ..effect_watch import Observed, watching
from ..effects import Effect

__all__ = ["TrafficRefused", "network_guard"]


_log = logging.getLogger("promptdock.testing")


class TrafficRefused(OSError):
    """A plugin tried to reach another machine in a test."""


def network_guard(*, allowed: bool) -> AbstractContextManager[None]:
    """Make what is around everything that a test host runs.

    Args:
        allowed: Whether real traffic is wanted.
    """
    return nullcontext() if allowed else watching(_refuse)


def _refuse(observed: Observed) -> None:
    if observed.effect is Effect.NETWORK and not observed.loopback:
        told = (
            f"A test must not reach {observed.detail or 'another machine'} ({observed.event}): real traffic is off. "
            "Allow it with Host(…, network=True), @pytest.mark.promptdock(network=True) or pytest --promptdock-network."
        )
        # logged, too: on its way through a client and a tool the error loses its words
        _log.warning("%s", told)
        raise TrafficRefused(errno.ENETUNREACH, told)
