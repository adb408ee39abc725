"""Name lookups that only lead to the public internet, for names that callers choose."""

from __future__ import annotations

import ipaddress
import socket
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult

__all__ = ["PublicAddresses", "is_public"]

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether an address lies in the public internet: not on this machine, not in a private network, not reserved.

    Args:
        address: IPv4 or IPv6. An IPv6 address that stands for an IPv4 one is judged by that.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = _embedded(ip)
        if inner is not None:
            ip = inner
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _embedded(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip.sixtofour is not None:
        return ip.sixtofour
    return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF) if ip in _NAT64 else None


class PublicAddresses(AbstractResolver):
    """Refuses names that lead anywhere but to the public internet.

    The addresses that are checked are those that are connected to, so a name that leads elsewhere a moment later gains
    nothing.

    Args:
        names: Looks names up.
    """

    def __init__(self, names: AbstractResolver) -> None:
        self._names = names

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Look a name up.

        Raises:
            OSError: The name is unknown, or one of its addresses is not public.
        """
        found = await self._names.resolve(host, port, family)
        if not all(is_public(result["host"]) for result in found):
            raise OSError(None, "it leads to an address that is not public")
        return found

    async def close(self) -> None:
        """Close the lookup."""
        await self._names.close()
