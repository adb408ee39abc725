"""Name lookups of aiohttp's clients, in threads that nobody has to wait for."""

from __future__ import annotations

import socket

from aiohttp.abc import AbstractResolver, ResolveResult

from .lookups import NameLookups

__all__ = ["DaemonResolver"]


class DaemonResolver(AbstractResolver):
    """Looks names up as :class:`NameLookups` does."""

    def __init__(self) -> None:
        self._lookups = NameLookups()

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
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=int(address[1]),
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, address in await self._lookups.find(host, port, family)
        ]

    async def close(self) -> None:
        """Nothing is kept open."""
