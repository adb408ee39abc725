"""A small HTTP/1.1 client for asyncio: the parser is llhttp, the rest is what a provider's calls need.

From below: :mod:`reply` is told by the parser what came and waited for by whoever asked, :mod:`connection` moves bytes,
:mod:`dialling` opens connections, :mod:`pool` keeps them, :mod:`client` sends requests. None of it knows providers.
"""

from __future__ import annotations

from .addresses import Address, Origin
from .client import Client
from .decoding import Body
from .destinations import Destination, Proxies
from .errors import ConnectionBroken, HttpError, InvalidReply, InvalidRequest, SilentTooLong
from .heads import header_block
from .redirects import Asked, follow
from .reply import Reply

__all__ = [
    "Address",
    "Asked",
    "Body",
    "Client",
    "ConnectionBroken",
    "Destination",
    "HttpError",
    "InvalidReply",
    "InvalidRequest",
    "Origin",
    "Proxies",
    "Reply",
    "SilentTooLong",
    "follow",
    "header_block",
]
