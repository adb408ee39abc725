"""A server and the way to it, and what the head of every request to it says."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from .addresses import Address, Origin
from .heads import header_block, request_head

__all__ = ["Destination", "Proxies"]

_log = logging.getLogger(__name__)


class Proxy(msgspec.Struct, frozen=True):
    """A proxy, and what it is told of who asks."""

    origin: Origin
    authorization: str | None = None


class Destination:
    """Where requests go: two of them are the same only if they are the same object.

    Args:
        origin: The server.
        proxy: Stands between; None for none.
        host: What the server is greeted with, where that is not its name.
    """

    __slots__ = ("_fixed", "_prefix", "origin", "proxy")

    def __init__(self, origin: Origin, proxy: Proxy | None = None, *, host: str | None = None) -> None:
        self.origin = origin
        self.proxy = proxy
        self._prefix = ""
        told = [("Host", origin.greeting if host is None else host)]
        if proxy is not None and not origin.tls:
            # what is not encrypted is asked of the proxy itself, by the whole address
            self._prefix = f"http://{origin.greeting}"
            told += _told(proxy)
        self._fixed = header_block(told)

    def head(self, method: str, target: str, headers: bytes, body: bytes | None) -> bytes:
        """The head of a request; see :func:`request_head`."""
        return request_head(method, self._prefix + target, self._fixed + headers, body)

    def connect_head(self) -> bytes:
        """The head that asks the proxy for a way through to the server."""
        assert self.proxy is not None
        told = [("Host", self.origin.authority), *_told(self.proxy)]
        return request_head("CONNECT", self.origin.authority, header_block(told), None)


class Proxies:
    """The proxies that the environment names, as it was when this was made.

    ``HTTP_PROXY``, ``HTTPS_PROXY`` and ``ALL_PROXY`` say which, ``NO_PROXY`` says where none is used.

    Args:
        named: Proxies by the scheme of what they are for; None looks into the environment.
    """

    def __init__(self, named: Mapping[str, str] | None = None) -> None:
        from urllib.request import getproxies

        self._named = dict(getproxies() if named is None else named)

    def of(self, origin: Origin) -> Proxy | None:
        """The proxy on the way to a server."""
        url = self._named.get(origin.scheme) or self._named.get("all")
        if not url or self._spared(origin):
            return None
        parts = urlsplit(url if "://" in url else f"http://{url}")
        try:
            address = Address.of(parts.geturl())
        except ValueError:
            _log.warning("The proxy for %s in the environment is no HTTP proxy; it is not used.", origin.scheme)
            return None
        return Proxy(address.origin, address.authorization)

    def _spared(self, origin: Origin) -> bool:
        from urllib.request import proxy_bypass

        return bool(proxy_bypass(origin.host) or proxy_bypass(origin.authority))


def _told(proxy: Proxy) -> list[tuple[str, str]]:
    return [] if proxy.authorization is None else [("Proxy-Authorization", proxy.authorization)]
