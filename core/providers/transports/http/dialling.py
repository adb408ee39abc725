"""Opening a connection: the name, the socket, a way through a proxy, and TLS."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable

from aiohappyeyeballs import start_connection

from ....lookups import Address, NameLookups
from .addresses import Origin
from .connection import Connection
from .destinations import Destination
from .errors import ConnectionBroken

__all__ = ["Dialler"]

_NEXT_ADDRESS = 0.25
"""Seconds until the next address of a name is tried beside the last one."""
_KNOWN = 10.0
"""Seconds that the addresses of a name stand."""


class Dialler:
    """Opens connections to any server.

    Args:
        connect_timeout: Seconds to reach a server, whatever it takes.
        timeout: Seconds that an open connection may be silent.
        trust: Gives the certificates to trust. It takes its time and is called in a thread, once.
    """

    def __init__(self, *, connect_timeout: float, timeout: float, trust: Callable[[], ssl.SSLContext]) -> None:
        self._connect_timeout = connect_timeout
        self._timeout = timeout
        self._trust = trust
        self._context: ssl.SSLContext | None = None
        self._names = _KnownNames()

    async def dial(self, destination: Destination) -> Connection:
        """Open a connection.

        Raises:
            OSError: The server, or the proxy before it, cannot be reached, or not in time.
            HttpError: The proxy opens no way.
        """
        proxy, origin = destination.proxy, destination.origin
        if origin.tls or (proxy is not None and proxy.origin.tls):
            await self.load_trust()
        async with asyncio.timeout(self._connect_timeout):
            connection = await self._connect(origin if proxy is None else proxy.origin)
            if proxy is not None and origin.tls:
                try:
                    await self._pass_through(connection, destination)
                except BaseException:
                    connection.abort(ConnectionBroken("the proxy opened no way"))
                    raise
            return connection

    async def load_trust(self) -> None:
        """Read the certificates, which the first encrypted connection waits for otherwise."""
        if self._context is None:
            context = await asyncio.to_thread(self._trust)
            context.set_alpn_protocols(["http/1.1"])
            self._context = context

    async def _connect(self, origin: Origin) -> Connection:
        loop = asyncio.get_running_loop()
        addresses = await self._names.of(origin.host, origin.port)
        try:
            sock = await start_connection(addresses, happy_eyeballs_delay=_NEXT_ADDRESS, interleave=1, loop=loop)
        except RuntimeError as error:  # of uvloop, for some sockets that the system refuses
            raise OSError(str(error)) from None
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(self._timeout),
                sock=sock,
                ssl=self._context if origin.tls else None,
                server_hostname=_name_of(origin) if origin.tls else None,
            )
        except BaseException:
            sock.close()
            raise
        return connection

    async def _pass_through(self, connection: Connection, destination: Destination) -> None:
        """Ask the proxy for a way through, and encrypt what goes over it."""
        reply = connection.ask("CONNECT", destination.connect_head(), None)
        connection.free = _keep_open
        await reply.head()
        if not 200 <= reply.status < 300:
            raise ConnectionBroken(f"the proxy opened no way: status {reply.status}")
        if not connection.usable:
            raise ConnectionBroken("the proxy closed the way")
        transport = await asyncio.get_running_loop().start_tls(
            connection.transport,
            connection,
            self._context or ssl.create_default_context(),
            server_hostname=_name_of(destination.origin),
        )
        if transport is None:
            raise ConnectionBroken("the server closed before it was greeted")
        connection.encrypt(transport)


class _KnownNames:
    """Addresses of names: looked up once for all who ask at the same time, and not again for a while."""

    def __init__(self) -> None:
        self._lookups = NameLookups()
        self._known: dict[tuple[str, int], asyncio.Task[list[Address]]] = {}

    async def of(self, host: str, port: int) -> list[Address]:
        try:
            return list(
                socket.getaddrinfo(
                    host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
                )
            )
        except (OSError, UnicodeError):  # no address, but a name, or what is none
            pass
        key = (host, port)
        task = self._known.get(key)
        if task is None:
            task = self._known[key] = asyncio.ensure_future(self._lookups.find(host, port))
            task.add_done_callback(lambda done: self._keep(key, done))
        return await asyncio.shield(task)

    def _keep(self, key: tuple[str, int], task: asyncio.Task[list[Address]]) -> None:
        if task.cancelled() or task.exception() is not None:
            self._known.pop(key, None)
        else:
            asyncio.get_running_loop().call_later(_KNOWN, self._known.pop, key, None)


def _name_of(origin: Origin) -> str:
    """The server's name, as its certificate has it; TLS has no error of its own for what is no name."""
    name = origin.host.rstrip(".")
    try:
        name.encode("idna")
    except UnicodeError:
        raise ConnectionBroken("the server's name is none") from None
    return name


def _keep_open(_: Connection) -> None:
    """A way through a proxy is not used by anybody else."""
