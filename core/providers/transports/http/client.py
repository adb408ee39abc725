"""The client: a request in, the head of its reply out."""

from __future__ import annotations

import ssl
from collections.abc import Callable

from .addresses import Origin
from .destinations import Destination, Proxies
from .dialling import Dialler
from .pool import Pool
from .reply import Reply

__all__ = ["Client"]

_CONNECTIONS = 32_768  # as many as callers may have: who waits for a place hears nothing meanwhile
_KEEP_ALIVE = 30.0


class Client:
    """Sends requests over connections that it keeps. One instance serves one event loop.

    Args:
        timeout: Seconds without a byte until a request is given up.
        connect_timeout: Seconds to reach a server.
        trust: Gives the certificates to trust; called in a thread.
        proxies: The proxies to use; None takes the environment's.
        limit: The most connections at once.
        keep_alive: Seconds that a connection is kept without a request.
    """

    def __init__(
        self,
        *,
        timeout: float,
        connect_timeout: float,
        trust: Callable[[], ssl.SSLContext] = ssl.create_default_context,
        proxies: Proxies | None = None,
        limit: int = _CONNECTIONS,
        keep_alive: float = _KEEP_ALIVE,
    ) -> None:
        self._proxies = Proxies() if proxies is None else proxies
        self._dialler = Dialler(connect_timeout=connect_timeout, timeout=timeout, trust=trust)
        self._pool = Pool(self._dialler.dial, limit=limit, keep=keep_alive)

    @property
    def closed(self) -> bool:
        """Whether it sends no more."""
        return self._pool.closed

    def destination(self, origin: Origin, *, host: str | None = None) -> Destination:
        """A server and the way to it. Ask once: requests share connections only by the same object.

        Args:
            origin: The server.
            host: The ``Host`` to send, where that is not its name.
        """
        return Destination(origin, self._proxies.of(origin), host=host)

    async def load_trust(self) -> None:
        """Read the certificates before the first connection needs them."""
        await self._dialler.load_trust()

    async def send(self, to: Destination, method: str, target: str, headers: bytes, body: bytes | None) -> Reply:
        """Send a request, once, and wait for the head of the reply, whatever its status.

        Args:
            to: Where it goes.
            method: Its method.
            target: Path and query, percent-encoded.
            headers: Lines of :func:`header_block`, without ``Host`` and what frames the body.
            body: Its body; None for none.

        Returns:
            The reply. Close it, unless its body has been read to the end.

        Raises:
            HttpError: There is no reply.
            OSError: The server cannot be reached, or not in time.
        """
        head = to.head(method, target, headers, body)
        connection = self._pool.kept(to) or await self._pool.connection(to)
        reply = connection.ask(method, head, body)
        try:
            await reply.head()
        except BaseException:
            reply.close()
            raise
        return reply

    async def aclose(self) -> None:
        """Close every connection, in use or not."""
        await self._pool.aclose()
