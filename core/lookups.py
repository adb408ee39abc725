"""Name lookups that nobody has to wait for.

asyncio looks names up in the event loop's own thread pool, whose threads are joined when the loop ends: where the name
service is out of reach, a process that has answered in time would still hang for many seconds before it exits.
"""

from __future__ import annotations

import socket
from typing import TypeAlias

from .threads import ThreadsExhausted, WorkerThreads

__all__ = ["Address", "NameLookups"]

_LOOKUPS = 32

Address: TypeAlias = tuple[
    socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]
]
"""One result of ``socket.getaddrinfo``."""


class NameLookups:
    """The system's name lookup, each in a daemon thread that is let go once nobody waits for it.

    Args:
        limit: The most lookups at once, and the most hanging ones that are put up with beside them.
    """

    def __init__(self, limit: int = _LOOKUPS) -> None:
        self._threads = WorkerThreads(limit)

    async def find(self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[Address]:
        """Look a name up.

        Args:
            host: The name.
            port: Given back in each address.
            family: IPv4, IPv6, or ``AF_UNSPEC`` for both.

        Returns:
            The addresses for streams, in the system's order of preference.

        Raises:
            OSError: The name is unknown or no name at all, or too many lookups hang.
        """
        # with AI_ADDRCONFIG a machine without any network does not even find itself
        flags = 0 if host == "localhost" or host.endswith(".localhost") else socket.AI_ADDRCONFIG
        try:
            return await self._threads.call(_found, host, port, family, flags)
        except (UnicodeError, ThreadsExhausted) as error:
            raise OSError(None, str(error)) from error


def _found(host: str, port: int, family: socket.AddressFamily, flags: int) -> list[Address]:
    return list(socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, 0, flags))
