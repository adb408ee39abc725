"""The socket that the server listens on: opened first, so that what is wrong with it is told in one line."""

from __future__ import annotations

import errno
import ipaddress
import socket
from typing import Any

from .failures import CommandFailed

__all__ = ["is_loopback", "listen", "url_of"]

_BACKLOG = 2048


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a host name or address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket.

    Args:
        host: A name or an address of this machine.
        port: 0 takes a free one.

    Raises:
        CommandFailed: The port is taken, or the host is not this machine's.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        # of localhost's two addresses the one that clients try who know no IPv6
        family, _, _, _, address = min(found, key=lambda item: item[0] != socket.AF_INET)
        return _bound(family, address)
    except (OSError, UnicodeError) as error:
        raise _refusal(host, port, error) from None


def _bound(family: int, address: Any) -> socket.socket:
    # asyncio turns Nagle's algorithm off, which costs 40 ms a reply, only for sockets that say they are TCP
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
        listening.set_inheritable(True)
    except OSError:
        listening.close()
        raise
    return listening


def _refusal(host: str, port: int, error: Exception) -> CommandFailed:
    code = error.errno if isinstance(error, OSError) else None
    if code == errno.EADDRINUSE:
        return CommandFailed(
            f"Port {port} on {host} is in use by another program",
            hint=f"Take another: promptdock serve --port {port + 1 if port < 65_535 else 8000}",
        )
    if code == errno.EACCES:
        return CommandFailed(
            f"This user may not listen on port {port}", hint="Take one above 1023: promptdock serve --port 8000"
        )
    reason = getattr(error, "strerror", None) or str(error)
    return CommandFailed(
        f"Cannot listen on {host}: {reason}",
        hint="Take an address of this machine: promptdock serve --host 127.0.0.1",
    )


def url_of(host: str, listening: socket.socket) -> str:
    """Where a browser or client finds the server."""
    port = listening.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
