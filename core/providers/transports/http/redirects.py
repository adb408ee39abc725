"""Following a server that says to ask elsewhere."""

from __future__ import annotations

from urllib.parse import urljoin

import msgspec

from .addresses import Address
from .client import Client
from .destinations import Destination
from .errors import InvalidReply
from .heads import header_block
from .reply import Reply

__all__ = ["Asked", "follow"]

_MOST = 10
_MOVED = frozenset({301, 302, 303, 307, 308})
_AS_GET = frozenset({301, 302, 303})


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request that may be asked again elsewhere.

    Attributes:
        url: Where it went.
        to: The server of the URL.
        method: Its method.
        target: Path and query, percent-encoded.
        headers: Lines of all its headers.
        public_headers: Lines of those that may be told to any other server: no key is among them.
        body: Its body.
    """

    url: str
    to: Destination
    method: str
    target: str
    headers: bytes
    public_headers: bytes
    body: bytes | None


async def follow(client: Client, asked: Asked, reply: Reply) -> Reply:
    """Give the reply that is none of "look elsewhere".

    As browsers and other clients do it: 301, 302 and 303 turn a ``POST`` into a ``GET``, 307 and 308 send the body
    again. Another server gets none of the headers that could hold a key.

    Args:
        client: Sends what is to be sent.
        asked: The request.
        reply: Its reply, which is closed if it says to look elsewhere.

    Raises:
        HttpError: Another request is not answered, or too many servers say to look elsewhere.
        OSError: Another server cannot be reached.
    """
    url, to, method, body, headers = asked.url, asked.to, asked.method, asked.body, asked.headers
    for _ in range(_MOST):
        place = reply.header(b"location") if reply.status in _MOVED else None
        if place is None:
            return reply
        if reply.status in _AS_GET and method != "HEAD":
            method, body = "GET", None
        reply.close()
        url, address = _elsewhere(url, place.decode("utf-8", "surrogateescape"))
        if address.origin != to.origin:
            to, headers = client.destination(address.origin), asked.public_headers
            if address.authorization is not None:
                headers += header_block([("Authorization", address.authorization)])
        reply = await client.send(to, method, address.target, headers, body)
    reply.close()
    raise InvalidReply("too many redirects")


def _elsewhere(url: str, place: str) -> tuple[str, Address]:
    try:
        there = urljoin(url, place)
        return there, Address.of(there)
    except ValueError:
        raise InvalidReply("a redirect to no address") from None
