"""Name lookups that nobody has to wait for.

aiohttp looks names up in the event loop's own thread pool, whose threads are joined when the loop ends: where the name
service is out of reach, a process that has answered in time would still hang for many seconds before it exits.
"""

from __future__ import annotations

import socket

from aiohttp.abc import AbstractResolver, ResolveResult

from .threads import ThreadsExhausted, WorkerThreads

__all__ = ["DaemonResolver"]

_LOOKUPS = 32


class DaemonResolver(AbstractResolver):
    """The system's name lookup, each in a daemon thread that is let go once nobody waits for it.

    Args:
        limit: The most lookups at once, and the most hanging ones that are put up with beside them.
    """

    def __init__(self, limit: int = _LOOKUPS) -> None:
        self._threads = WorkerThreads(limit)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Look a name up.

        Args:
            host: The name.
            port: Given back in each result.
            family: IPv4, IPv6, or ``AF_UNSPEC`` for both.

        Returns:
            The addresses, in the system's order of preference.

        Raises:
            OSError: The name is unknown or no name at all, or too many lookups hang.
        """
        # with AI_ADDRCONFIG a machine without any network does not even find itself
        flags = 0 if host == "localhost" or host.endswith(".localhost") else socket.AI_ADDRCONFIG
        try:
            found = await self._threads.call(socket.getaddrinfo, host, port, family, socket.SOCK_STREAM, 0, flags)
        except (UnicodeError, ThreadsExhausted) as error:
            raise OSError(None, str(error)) from error
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=int(address[1]),
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, address in found
        ]

    async def close(self) -> None:
        """Nothing is kept open."""
