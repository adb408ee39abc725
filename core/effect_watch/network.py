"""Network effects: connections, datagrams, lookups of names, requests of the host's HTTP client."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

from ..effects import Effect
from .observed import Observed

__all__ = ["connection", "lookup", "request"]


def connection(event: str, arguments: tuple[Any, ...]) -> Observed | None:
    """``socket.connect`` and its kin, with socket and address; an event loop's own pair of sockets makes none of them.

    Args:
        event: Name of the event.
        arguments: Its arguments.

    Returns:
        The effect; addresses that are no internet ones stay on this machine. None for what has no address.
    """
    address = arguments[1] if len(arguments) > 1 else None
    if address is None:
        return None  # send() on what is connected already
    if isinstance(address, tuple) and len(address) >= 2 and isinstance(address[0], str):
        return _network(event, address[0], address[1], waits=_blocks(arguments[0]))
    return Observed(effect=Effect.NETWORK, event=event, detail="a local socket", loopback=True)


def lookup(event: str, arguments: tuple[Any, ...]) -> Observed | None:
    """``socket.getaddrinfo`` and its kin; an address that needs no lookup is no effect.

    Args:
        event: Name of the event.
        arguments: Its arguments.

    Returns:
        The effect, or None.
    """
    host = arguments[0] if arguments else None
    if isinstance(host, tuple):  # getnameinfo: looks an address up
        return _network(event, str(host[0]), None, waits=True)
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if not isinstance(host, str) or not host or (event != "socket.gethostbyaddr" and _address(host) is not None):
        return None
    return _network(event, host, None, waits=True)


def request(event: str, arguments: tuple[Any, ...]) -> Observed | None:
    """A request of the host's HTTP client, with host and port: an open connection may be used for it.

    Args:
        event: Name of the event.
        arguments: Its arguments.

    Returns:
        The effect.
    """
    host, port = arguments
    return _network(event, str(host), port)


def _network(event: str, host: str, port: object, *, waits: bool = False) -> Observed:
    detail = host if port is None else f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    loopback = _is_loopback(host)
    return Observed(effect=Effect.NETWORK, event=event, detail=detail[:200], loopback=loopback, waits=waits)


def _blocks(connecting: object) -> bool:
    """Whether a socket lets its thread wait; an event loop's own sockets never do."""
    return isinstance(connecting, socket.socket) and connecting.gettimeout() != 0


def _is_loopback(host: str) -> bool:
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    address = _address(host)
    if address is None:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
